// Several nameservers with tables of the plainest kind, brokers that come, go
// and change at some of them, messages that are lost, late or doubled.

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "namesrv/holdings/holdings.h"

namespace waypost::holdings {
namespace {

using namespace std::chrono_literals;

struct Entry {
  std::uint64_t epoch = 0;
  std::uint64_t content = 0;
  bool direct = false;
  friend bool operator==(const Entry&, const Entry&) = default;
};
using Table = std::map<std::string, Entry>;

model::BrokerKey key_of(const std::string& name) {
  return {model::BrokerName(name), model::kMasterId};
}

model::Holding holding_of(const std::string& name, const Entry& entry) {
  model::Holding holding;
  holding.broker = key_of(name);
  holding.epoch = model::Epoch(entry.epoch);
  holding.content = {entry.content, 1};
  return holding;
}

class World {
 public:
  World(std::uint64_t seed, std::size_t size) : random_(seed) {
    for (std::size_t i = 0; i < size; ++i) {
      servers_.emplace(name_of(i),
                       Server{Holdings{HoldingsSettings{}}, {}, {}});
    }
  }

  // --- Brokers ---

  void registers(const std::string& broker, const std::string& at,
                 std::uint64_t epoch, std::uint64_t content) {
    Server& server = servers_.at(at);
    const auto known = server.table.find(broker);
    if (known != server.table.end() && known->second.epoch > epoch) return;
    server.table[broker] = {epoch, content, true};
    perform(at, server.holdings.on_held(
                    holding_of(broker, server.table[broker]), now_));
  }
  void closes(const std::string& broker, const std::string& at) {
    Server& server = servers_.at(at);
    const auto known = server.table.find(broker);
    if (known == server.table.end() || !known->second.direct) return;
    known->second.direct = false;
    if (!server.vouched.contains(broker)) server.table.erase(known);
    perform(at, server.holdings.on_released(key_of(broker), now_));
  }
  void unregisters(const std::string& broker, const std::string& at) {
    Server& server = servers_.at(at);
    const auto known = server.table.find(broker);
    if (known == server.table.end() || !known->second.direct) return;
    model::Holding tombstone = holding_of(broker, known->second);
    tombstone.unregistered = true;
    tombstone.content = {};
    server.table.erase(known);
    perform(at, server.holdings.on_unregistered(tombstone, now_));
  }

  // --- Time and messages ---

  void cut(const std::string& one, const std::string& other) {
    if (!cut_.insert({one, other}).second) return;
    cut_.insert({other, one});
    perform(one,
            servers_.at(one).holdings.on_lost(model::PeerName(other), now_));
    perform(other,
            servers_.at(other).holdings.on_lost(model::PeerName(one), now_));
  }
  void heal() { cut_.clear(); }

  void run(int seconds, double loss) {
    for (int i = 0; i < seconds; ++i) {
      now_ += 1s;
      for (auto& [name, server] : servers_) {
        perform(name, server.holdings.on_tick(now_));
        for (auto& [other, ignored] : servers_) {
          if (other == name || cut_.contains({name, other})) continue;
          const auto digest = server.holdings.own().digest();
          send(name, other, [=](World& world) {
            world.perform(other,
                          world.servers_.at(other).holdings.on_digest(
                              model::PeerName(name), digest, world.now_));
          });
        }
      }
      deliver(loss);
    }
  }

  const Table& table(const std::string& at) { return servers_.at(at).table; }
  const Holdings& holdings(const std::string& at) {
    return servers_.at(at).holdings;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, server] : servers_) names.push_back(name);
    return names;
  }
  static std::string name_of(std::size_t i) { return "ns" + std::to_string(i); }
  base::Random& random() { return random_; }

 private:
  struct Server {
    Holdings holdings;
    Table table;
    std::set<std::string> vouched;
  };
  using Delivery = std::function<void(World&)>;
  struct Message {
    std::string from;
    std::string to;
    Delivery deliver;
  };

  void send(const std::string& from, const std::string& to, Delivery deliver) {
    queue_.push_back({from, to, std::move(deliver)});
  }

  void deliver(double loss) {
    // A connection delivers in order; connections among each other do not.
    while (!queue_.empty()) {
      const std::size_t draw = random_.below(queue_.size());
      auto chosen = queue_.begin() + static_cast<std::ptrdiff_t>(draw);
      for (auto each = queue_.begin(); each != chosen; ++each) {
        if (each->from == chosen->from && each->to == chosen->to) {
          chosen = each;
          break;
        }
      }
      const Message message = *chosen;
      queue_.erase(chosen);
      if (cut_.contains({message.from, message.to})) continue;
      if (random_.chance(loss)) continue;
      message.deliver(*this);
    }
  }

  void perform(const std::string& at, const Effects& effects) {
    for (const Effect& effect : effects) {
      if (const auto* ask = std::get_if<AskHoldings>(&effect)) {
        answer_holdings(at, ask->peer.value(), ask->query);
      } else if (const auto* want = std::get_if<AskContent>(&effect)) {
        answer_content(at, want->peer.value(), want->brokers);
      } else if (const auto* push = std::get_if<PushChange>(&effect)) {
        tell_all(at, push->change);
      } else if (const auto* vouch = std::get_if<Vouch>(&effect)) {
        on_vouch(at, *vouch);
      } else if (const auto* bury = std::get_if<Bury>(&effect)) {
        on_bury(at, bury->tombstone);
      }
    }
  }

  void answer_holdings(const std::string& at, const std::string& peer,
                       const model::HoldingsQuery& query) {
    send(at, peer, [=](World& world) {
      for (const auto& page :
           world.servers_.at(peer).holdings.answer(query, 3)) {
        world.send(peer, at, [=](World& back) {
          back.perform(at, back.servers_.at(at).holdings.on_page(
                               model::PeerName(peer), page, back.now_));
        });
      }
    });
  }

  void answer_content(const std::string& at, const std::string& peer,
                      const std::vector<model::BrokerKey>& brokers) {
    send(at, peer, [=](World& world) {
      const Table& theirs = world.servers_.at(peer).table;
      for (const auto& broker : brokers) {
        const std::string name = broker.broker_name.value();
        const auto found = theirs.find(name);
        std::optional<Entry> entry;
        if (found != theirs.end() && found->second.direct) {
          entry = found->second;
        }
        world.send(peer, at, [=](World& back) {
          back.on_content(at, peer, name, entry);
        });
      }
    });
  }

  void on_content(const std::string& at, const std::string& peer,
                  const std::string& name, const std::optional<Entry>& entry) {
    Server& server = servers_.at(at);
    if (!entry) {
      perform(at, server.holdings.on_content_failed(model::PeerName(peer),
                                                    {key_of(name)}, now_));
      return;
    }
    const auto known = server.table.find(name);
    const bool takes =
        server.vouched.contains(name) &&
        (known == server.table.end() ||
         (known->second.direct ? entry->epoch > known->second.epoch
                               : entry->epoch >= known->second.epoch));
    if (takes) {
      const bool was_direct =
          known != server.table.end() && known->second.direct;
      server.table[name] = {entry->epoch, entry->content, false};
      if (was_direct) {
        perform(at, server.holdings.on_released(key_of(name), now_));
      }
    }
    perform(at, server.holdings.on_content(model::PeerName(peer), key_of(name),
                                           {entry->content, 1}, takes, now_));
  }

  void tell_all(const std::string& at, const model::HoldingsChange& change) {
    for (const auto& [other, server] : servers_) {
      if (other == at || cut_.contains({at, other})) continue;
      const std::string to = other;
      send(at, to, [=](World& world) {
        world.perform(to, world.servers_.at(to).holdings.on_change(
                              model::PeerName(at), change, world.now_));
      });
    }
  }

  void on_vouch(const std::string& at, const Vouch& vouch) {
    Server& server = servers_.at(at);
    const std::string name = vouch.broker.broker_name.value();
    if (vouch.vouched) {
      server.vouched.insert(name);
      return;
    }
    server.vouched.erase(name);
    const auto known = server.table.find(name);
    // Out of reach is given its expiry; here that is none at all.
    if (known != server.table.end() && !known->second.direct) {
      server.table.erase(known);
      perform(at, server.holdings.on_released(vouch.broker, now_));
    }
  }

  void on_bury(const std::string& at, const model::Holding& tombstone) {
    Server& server = servers_.at(at);
    const std::string name = tombstone.broker.broker_name.value();
    const auto known = server.table.find(name);
    if (known == server.table.end()) return;
    if (known->second.epoch > tombstone.epoch.value()) return;
    server.table.erase(known);
    perform(at, server.holdings.on_released(tombstone.broker, now_));
  }

  base::Random random_;
  std::map<std::string, Server> servers_;
  std::set<std::pair<std::string, std::string>> cut_;
  std::deque<Message> queue_;
  base::Instant now_{1000h};
};

TEST_CASE("whatever happened, in the end all know what somebody hears") {
  std::size_t indirect = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    CAPTURE(seed);
    World world(seed, 2 + seed % 3);
    base::Random& random = world.random();
    // The life of each broker: epochs grow, contents are never the same again.
    std::map<std::string, std::uint64_t> epochs;
    std::uint64_t contents = 0;
    std::map<std::string, std::uint64_t> gone;  // unregistered epochs
    const auto servers = world.names();
    const auto any = [&] { return servers[random.below(servers.size())]; };
    for (int i = 0; i < 60; ++i) {
      const std::string broker(1, static_cast<char>('a' + random.below(4)));
      switch (random.below(7)) {
        case 0:  // starts anew, at some of the nameservers
        case 1: {
          const std::uint64_t epoch = ++epochs[broker];
          const std::uint64_t content = ++contents;
          for (const auto& at : servers) {
            world.closes(broker, at);
            if (random.chance(0.6)) {
              world.registers(broker, at, epoch, content);
            }
          }
          break;
        }
        case 2: {  // changes its topics, where it is registered
          const std::uint64_t content = ++contents;
          for (const auto& at : servers) {
            const auto& table = world.table(at);
            const auto held = table.find(broker);
            if (held != table.end() && held->second.direct &&
                held->second.epoch == epochs[broker]) {
              world.registers(broker, at, epochs[broker], content);
            }
          }
          break;
        }
        case 3:
          world.closes(broker, any());
          break;
        case 4:  // in order, everywhere but where the message is lost
          gone[broker] = epochs[broker];
          for (const auto& at : servers) {
            if (random.chance(0.8)) {
              world.unregisters(broker, at);
            } else {
              world.closes(broker, at);
            }
          }
          break;
        case 5: {
          const auto one = any();
          const auto other = any();
          if (one != other) world.cut(one, other);
          break;
        }
        case 6:
          world.heal();
          break;
      }
      world.run(static_cast<int>(random.below(4)), 0.1);
    }
    world.heal();
    world.run(20, 0.1);
    world.run(10, 0);
    // What should be known: whatever some nameserver hears, as it hears it.
    using Known = std::pair<std::uint64_t, std::uint64_t>;  // epoch, content
    std::map<std::string, Known> expected;
    for (const auto& at : servers) {
      for (const auto& [name, entry] : world.table(at)) {
        if (!entry.direct) continue;
        expected[name] =
            std::max(expected[name], Known(entry.epoch, entry.content));
      }
    }
    for (const auto& at : servers) {
      CAPTURE(at);
      std::map<std::string, Known> known;
      std::string text;
      for (const auto& [name, entry] : world.table(at)) {
        known[name] = {entry.epoch, entry.content};
        text += name + " of epoch " + std::to_string(entry.epoch) +
                (entry.direct ? " direct; " : " indirect; ");
        if (!entry.direct) ++indirect;
      }
      CAPTURE(text);
      REQUIRE(known == expected);
      for (const auto& other : servers) {
        if (other == at) continue;
        REQUIRE(world.holdings(at).complete(model::PeerName(other)));
      }
    }
  }
  CHECK(indirect > 300);
}

}  // namespace
}  // namespace waypost::holdings
