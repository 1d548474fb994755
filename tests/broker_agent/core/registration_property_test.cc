// Whatever the order of replies and failures: once the failures end, each
// reachable nameserver holds the current topics, verdict and epoch.

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/broker_agent/core/transcript.h"

namespace waypost::agent {
namespace {

using base::Duration;
using base::ErrorCode;
using base::Instant;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A nameserver as an agent sees it, with the rules of binding and epoch.
struct ModelNameserver {
  struct Entry {
    std::uint64_t connection = 0;   // the binding; 0: another process holds it
    std::uint64_t rival_after = 0;  // ... since this connection of ours
    model::Epoch epoch;
    std::map<std::string, model::TopicConfig> topics;
    model::Digest digest;
    bool healthy = true;
  };
  bool up = true;
  bool hung = false;
  model::Incarnation incarnation;
  std::optional<Entry> entry;
  std::set<std::uint64_t> connections;

  model::Digest content_digest() const {
    std::vector<model::TopicConfig> topics;
    for (const auto& [name, config] : entry->topics) topics.push_back(config);
    return model::digest_topics(topics);
  }

  base::Result<model::RegisterReply> on_register(
      std::uint64_t connection, const model::RegisterRequest& request) {
    if (entry && entry->epoch > request.epoch) {
      return base::fail(ErrorCode::kStale, "newer epoch");
    }
    if (entry && entry->epoch == request.epoch && entry->connection == 0 &&
        connection <= entry->rival_after) {
      return base::fail(ErrorCode::kStale, "same epoch, newer connection");
    }
    if (request.mode == model::RegisterMode::kIncremental) {
      const bool known = entry && entry->connection == connection &&
                         entry->epoch == request.epoch;
      if (!known) return base::fail(ErrorCode::kNotFound, "not registered");
      for (const auto& name : request.removed) {
        entry->topics.erase(name.value());
      }
    } else {
      entry.emplace();
    }
    for (const auto& topic : request.topics) {
      entry->topics[topic.name.value()] = topic;
    }
    entry->connection = connection;
    entry->epoch = request.epoch;
    entry->digest = request.topics_digest;
    entry->healthy = request.healthy;
    // What makes an incremental registration safe.
    CHECK(content_digest() == request.topics_digest);
    return model::RegisterReply{incarnation, {}, true};
  }
  bool knows(std::uint64_t connection, model::Epoch epoch) const {
    return entry && entry->connection == connection && entry->epoch == epoch;
  }
  void on_close(std::uint64_t connection) {
    connections.erase(connection);
    if (entry && entry->connection == connection) entry.reset();
  }
};

// Runs a Registration against model nameservers over a network that delays,
// loses and breaks as a seed says.
class World {
 public:
  World(std::size_t nameservers, std::uint64_t seed)
      : random_(seed), core_(settings(nameservers, seed), topics_) {
    for (std::size_t i = 0; i < nameservers; ++i) {
      servers_.push_back({});
      servers_.back().incarnation = model::Incarnation(++incarnations_);
    }
    send(Tick{});
  }

  void set_chaos(bool on) { chaos_ = on; }

  void run_for(Duration duration) {
    const Instant until = now_ + duration;
    for (;;) {
      Instant next = core_.next_wakeup();
      if (!queue_.empty()) next = std::min(next, queue_.begin()->first);
      if (next > until) break;
      now_ = std::max(now_, next);
      if (!queue_.empty() && queue_.begin()->first <= now_) {
        const auto task = std::move(queue_.begin()->second);
        queue_.erase(queue_.begin());
        task();
      } else {
        send(Tick{});
      }
      REQUIRE(++steps_ < 2'000'000);
    }
    now_ = until;
  }

  // One thing that goes wrong, or changes.
  void misfortune() {
    const std::size_t ns = random_.below(servers_.size());
    ModelNameserver& server = servers_[ns];
    switch (random_.below(9)) {
      case 0:  // restart
        server.entry.reset();
        server.incarnation = model::Incarnation(++incarnations_);
        break_connections(ns);
        break;
      case 1:
        server.up = false;
        server.entry.reset();
        break_connections(ns);
        break;
      case 2:
        server.up = true;
        break;
      case 3:
        server.hung = !server.hung;
        break;
      case 4:
        break_connections(ns);
        break;
      case 5:  // another process takes over here
        server.entry = ModelNameserver::Entry{};
        server.entry->epoch =
            model::Epoch(core_.epoch().value() + random_.below(3));
        if (!server.connections.empty()) {
          server.entry->rival_after = *server.connections.rbegin();
        }
        break;
      case 6:  // ... and leaves
        if (server.entry && server.entry->connection == 0) server.entry.reset();
        break;
      case 7:
        send(HealthChanged{{random_.chance(0.5), "said so"}});
        break;
      default:
        change_topics();
    }
  }

  void heal() {
    chaos_ = false;
    for (ModelNameserver& server : servers_) {
      server.up = true;
      server.hung = false;
      if (server.entry && server.entry->connection == 0) server.entry.reset();
    }
  }

  void check_whole() {
    CHECK(core_.registered_count() == servers_.size());
    for (const ModelNameserver& server : servers_) {
      REQUIRE(server.entry.has_value());
      CHECK(server.entry->epoch == core_.epoch());
      CHECK(server.content_digest() == core_.topics()->digest());
      CHECK(server.entry->healthy == core_.health().healthy);
    }
  }

  void change_topics() {
    std::vector<model::TopicConfig> topics = topics_->topics();
    if (random_.chance(0.5) && !topics.empty()) {
      topics.erase(topics.begin() +
                   static_cast<std::ptrdiff_t>(random_.below(topics.size())));
    } else {
      topics.push_back(testing::topic("n" + std::to_string(++names_)));
    }
    if (!topics.empty()) topics.front().queues.read_queues++;
    topics_ = testing::topic_list(std::move(topics));
    send(TopicsChanged{topics_});
  }

 private:
  static RegistrationSettings settings(std::size_t nameservers,
                                       std::uint64_t seed) {
    RegistrationSettings made = testing::make_settings(nameservers);
    made.seed = seed;
    return made;
  }

  void send(const Event& event) {
    for (const Effect& effect : core_.step(event, now_)) {
      std::visit([this](const auto& each) { perform(each); }, effect);
    }
  }
  void later(Duration delay, std::function<void()> task) {
    queue_.emplace(now_ + delay, std::move(task));
  }
  Duration delay() {
    return milliseconds(1 + random_.below(chaos_ ? 400 : 20));
  }
  ModelNameserver& server(const Link& link) {
    return servers_[link.nameserver.value()];
  }
  bool is_open(const Link& link) {
    return server(link).connections.contains(link.connection.value());
  }

  void break_connections(std::size_t ns) {
    ModelNameserver& broken = servers_[ns];
    for (const std::uint64_t connection : broken.connections) {
      const Link link{NameserverIndex(ns), ConnectionNumber(connection)};
      if (broken.entry && broken.entry->connection == connection) {
        broken.entry.reset();
      }
      later(delay(), [this, link] {
        send(Disconnected{link, {ErrorCode::kUnavailable, "reset", {}}});
      });
    }
    broken.connections.clear();
  }

  void perform(const Connect& effect) {
    const Link link = effect.link;
    later(delay(), [this, link] {
      ModelNameserver& to = server(link);
      if (!to.up || to.hung || (chaos_ && random_.chance(0.1))) {
        later(seconds(1), [this, link] {
          send(Disconnected{link, {ErrorCode::kTimedOut, "connect", {}}});
        });
        return;
      }
      to.connections.insert(link.connection.value());
      model::HelloReply hello;
      hello.incarnation = to.incarnation;
      hello.largest_epoch = to.entry ? to.entry->epoch : model::Epoch(0);
      later(delay(), [this, link, hello] { send(Connected{link, hello}); });
    });
  }
  void perform(const Disconnect& effect) {
    if (effect.keep_open_until_replaced) {
      kept_[effect.link.nameserver.value()] = effect.link;
      return;
    }
    server(effect.link).on_close(effect.link.connection.value());
  }
  void perform(const DropReplaced& effect) {
    const auto kept = kept_.find(effect.nameserver.value());
    REQUIRE(kept != kept_.end());
    server(kept->second).on_close(kept->second.connection.value());
    kept_.erase(kept);
  }

  // Carries a request to the nameserver and its answer back, or lets the
  // deadline pass.
  template <typename Done>
  void call(const Link& link, Duration deadline,
            std::function<decltype(Done::reply)(ModelNameserver&)> serve) {
    const Instant expires = now_ + deadline;
    later(delay(), [this, link, expires, serve = std::move(serve)] {
      ModelNameserver& to = server(link);
      const bool lost = to.hung || (chaos_ && random_.chance(0.05));
      if (!is_open(link)) return;  // Disconnected is on its way
      auto reply = serve(to);      // a lost answer's request took effect
      if (lost) {
        later(expires - now_, [this, link] {
          send(Done{link, base::fail(ErrorCode::kTimedOut, "no answer")});
        });
        return;
      }
      later(delay(), [this, link, reply = std::move(reply)] {
        if (is_open(link)) send(Done{link, reply});
      });
    });
  }
  void perform(const SendRegister& effect) {
    const auto link = effect.link;
    call<RegisterDone>(link, effect.deadline,
                       [link, request = effect.request](ModelNameserver& to) {
                         return to.on_register(link.connection.value(),
                                               request);
                       });
  }
  void perform(const SendHeartbeat& effect) {
    const auto link = effect.link;
    call<HeartbeatDone>(
        link, effect.deadline,
        [link, request = effect.request](ModelNameserver& to) {
          const bool known = to.knows(link.connection.value(), request.epoch) &&
                             to.entry->digest == request.topics_digest;
          return model::HeartbeatReply{to.incarnation, {}, known};
        });
  }
  void perform(const SendObserve&) { FAIL("a registration observes nobody"); }
  void perform(const SendVerdict& effect) {
    const auto link = effect.link;
    call<VerdictDone>(link, effect.deadline,
                      [link, request = effect.request](ModelNameserver& to) {
                        const bool known =
                            to.knows(link.connection.value(), request.epoch);
                        if (known) to.entry->healthy = request.healthy;
                        return model::VerdictReply{known, known};
                      });
  }
  void perform(const SendUnregister&) { FAIL("nobody stops here"); }
  void perform(const SendHandover&) { FAIL("nobody stops here"); }
  void perform(const Note&) {}
  void perform(const Finished&) { FAIL("nobody stops here"); }

  base::Random random_;
  TopicListPtr topics_ = testing::many_topics(20);
  Registration core_;
  Instant now_{};
  std::vector<ModelNameserver> servers_;
  std::multimap<Instant, std::function<void()>> queue_;
  std::map<std::size_t, Link> kept_;
  std::uint64_t incarnations_ = 1000;
  bool chaos_ = false;
  int names_ = 0;
  int steps_ = 0;
};

TEST_CASE("after any failures each reachable nameserver ends up whole") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    World world(1 + seed % 4, seed);
    base::Random random(seed * 7919);
    world.set_chaos(seed % 3 != 0);
    for (int i = 0; i < 60; ++i) {
      world.run_for(milliseconds(random.below(3000)));
      world.misfortune();
    }
    world.heal();
    // The longest delay of all: a superseded agent tries again after 66 s.
    world.run_for(seconds(75));
    world.check_whole();
    world.change_topics();
    world.run_for(seconds(1));
    world.check_whole();
  }
}

TEST_CASE("without rivals they are whole within seconds") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    World world(3, seed);
    world.run_for(seconds(1));
    world.check_whole();
    world.set_chaos(true);
    world.run_for(seconds(20));
    world.heal();
    world.run_for(seconds(6));
    world.check_whole();
  }
}

}  // namespace
}  // namespace waypost::agent
