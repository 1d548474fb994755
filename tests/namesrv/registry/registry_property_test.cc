// The registry against the plainest form of its rules, over random events: few
// names and numbers, so that they collide; time in steps that sometimes jump
// over every limit.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/namesrv/registry/naive_registry.h"
#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;
using Routes = std::map<std::string, std::string>;

class EventSource {
 public:
  explicit EventSource(std::uint64_t seed) : random_(seed) {}

  base::Duration pause() {
    if (random_.chance(0.02)) return 1ms * random_.below(40'000);
    return 1ms * random_.below(700);
  }

  Event next() {
    // Most of it keeps brokers alive, or nothing would ever be there.
    const auto draw = random_.below(100);
    if (draw < 3) return Sweep{random_.below(4)};
    if (draw < 5) return BindingIdle{binding()};
    if (draw < 14) return over_remoting();
    if (draw < 30) return registration();
    if (draw < 60) return heartbeat();
    if (draw < 67) return verdict();
    if (draw < 70) return observation();
    if (draw < 73) return Unregister{{key(), epoch(), "stopped"}, binding()};
    if (draw < 77) {
      return Handover{{key(), epoch(), 1ms * random_.below(9000)}, binding()};
    }
    if (draw < 82) {
      return BindingClosed{binding(),
                           static_cast<BindingClosed::Cause>(random_.below(3))};
    }
    if (draw < 98) return Scan{random_.chance(0.3)};
    return ClockGap{1ms * random_.below(20'000)};
  }

  // A chance for events to meet: the most recent names of a broker are likely
  // to be drawn again.
  void remember(const Register& event) { recent_ = event; }

 private:
  model::BrokerKey key() {
    if (random_.chance(0.5)) return recent_.request.broker;
    return {model::BrokerName(
                std::string(1, static_cast<char>('a' + random_.below(5)))),
            model::BrokerId(static_cast<std::int64_t>(random_.below(3)))};
  }
  model::Epoch epoch() {
    if (random_.chance(0.7)) return recent_.request.epoch;
    return model::Epoch(1 + random_.below(3));
  }
  model::BindingId binding() {
    if (random_.chance(0.7)) return recent_.binding;
    return model::BindingId(1 + random_.below(8));
  }
  std::vector<model::TopicConfig> topics(std::uint64_t most) {
    std::map<std::string, model::TopicConfig> drawn;
    for (std::uint64_t n = random_.below(most + 1); n > 0; --n) {
      auto topic = topic_config("t" + std::to_string(random_.below(12)));
      topic.queues.read_queues = static_cast<std::uint32_t>(random_.below(3));
      drawn[topic.name.value()] = topic;
    }
    std::vector<model::TopicConfig> all;
    for (const auto& [name, topic] : drawn) all.push_back(topic);
    return all;
  }

  Register registration() {
    if (random_.chance(0.2)) return recent_;
    Register event = register_event({});
    model::RegisterRequest& request = event.request;
    request.broker = key();
    request.epoch = epoch();
    event.binding = binding();
    request.cluster = model::ClusterName(random_.chance(0.05) ? "other" : "c");
    request.address.port = static_cast<std::uint16_t>(1 + random_.below(2));
    request.zone = random_.chance(0.3) ? "z" : "";
    request.topics = topics(9);
    request.topics_digest = model::digest_topics(request.topics);
    if (random_.chance(0.3)) request.expiry = 1ms * random_.below(15'000);
    if (random_.chance(0.1)) {
      request.healthy = false;
      request.health_reason = "told at registration";
      request.verdict_action = action();
    }
    if (random_.chance(0.3)) {
      speak_remoting(event);
    } else if (random_.chance(0.3)) {
      request.mode = model::RegisterMode::kIncremental;
      event.topics = TopicsPolicy::kMerge;
      request.topics = topics(2);
      if (random_.chance(0.7)) {
        request.removed.emplace_back("t" + std::to_string(random_.below(12)));
        std::erase_if(request.topics, [&](const auto& topic) {
          return topic.name == request.removed[0];
        });
      }
    }
    std::reverse(request.topics.begin(), request.topics.end());
    return event;
  }

  void speak_remoting(Register& event) {
    event.origin = Origin::kRemoting;
    event.apply_if = ApplyIf::kDifferent;
    event.topics = event.request.broker.broker_id == model::kMasterId
                       ? TopicsPolicy::kMerge
                       : TopicsPolicy::kIgnore;
    event.on_address_conflict =
        static_cast<OnAddressConflict>(random_.below(2));
    RemotingRegistration& told = event.remoting;
    told.address = address();
    event.request.address = {
        told.address.substr(0, told.address.size() - 2),
        told.address.back() == '1' ? std::uint16_t{1} : std::uint16_t{2}};
    told.ha_address = random_.chance(0.5) ? "ha" : "";
    told.version = version();
    if (random_.chance(0.5)) told.acting_master = random_.chance(0.5);
    told.body = body();
  }
  // Some of a broker, some of its group, which changes of role meet.
  std::string address() {
    const model::BrokerKey at = key();
    const std::string host =
        random_.chance(0.5) ? at.to_string() : at.broker_name.value();
    return host + (random_.chance(0.5) ? ":1" : ":2");
  }
  model::DataVersion version() {
    model::DataVersion drawn;
    drawn.counter = static_cast<std::int64_t>(random_.below(3));
    drawn.state_version = static_cast<std::int64_t>(random_.below(2));
    return drawn;
  }
  model::Digest body() {
    return {random_.below(3), 0};  // sometimes none
  }
  model::Permission permission() {
    return {static_cast<std::uint32_t>(random_.below(8))};
  }
  model::TopicName topic() {
    return model::TopicName("t" + std::to_string(random_.below(12)));
  }

  Event over_remoting() {
    const RemotingRegistration& last = recent_.remoting;
    const auto where = [&] {
      return random_.chance(0.7) ? last.address : address();
    };
    switch (random_.below(9)) {
      case 0:
        return RegisterUnchanged{recent_.request.broker, where(),
                                 random_.chance(0.8) ? last.body : body(),
                                 binding()};
      case 1:
        return BrokerHeartbeat{where()};
      case 2:
        return QueryDataVersion{where(),
                                random_.chance(0.7) ? last.version : version()};
      case 3:
        return RemotingUnregister{key(), where()};
      case 4:
        return ChangeWritePermission{
            key().broker_name,
            static_cast<ChangeWritePermission::Change>(random_.below(2))};
      case 5:
        return OverridePermission{
            key().broker_name,
            random_.chance(0.5) ? std::optional(permission()) : std::nullopt};
      case 6: {
        DeleteTopic event{topic(), std::nullopt};
        if (random_.chance(0.5)) event.cluster = recent_.request.cluster;
        return event;
      }
      case 7: {
        RegisterTopic event{topic(), {}};
        event.groups.push_back({key().broker_name, {1, 2, permission(), 0}});
        return event;
      }
      default:
        return Retune{random_.chance(0.3)};
    }
  }

  Event heartbeat() {
    const auto digest = random_.chance(0.9) ? recent_.request.topics_digest
                                            : model::digest_bytes("other");
    return Heartbeat{{key(), epoch(), digest}, binding()};
  }

  Event verdict() {
    Verdict event;
    event.request.broker = key();
    event.request.epoch = epoch();
    event.request.healthy = random_.chance(0.4);
    event.request.action = action();
    event.request.reason = "reason " + std::to_string(random_.below(2));
    event.request.observer = random_.chance(0.4);
    event.request.lapses_after = 1ms * random_.below(5000);
    event.binding = binding();
    return event;
  }

  Event observation() {
    Observe event;
    event.request.address = recent_.request.address;
    event.request.address.port =
        static_cast<std::uint16_t>(1 + random_.below(2));
    event.request.healthy = random_.chance(0.4);
    event.request.action = action();
    event.request.reason = "reason " + std::to_string(random_.below(2));
    event.request.lapses_after = 1ms * random_.below(5000);
    event.binding = binding();
    return event;
  }

  model::VerdictAction action() {
    return static_cast<model::VerdictAction>(random_.below(2));
  }

  base::Random random_;
  Register recent_ = register_event({});
};

struct ReplyName {
  std::string operator()(const std::monostate&) const { return "-"; }
  std::string operator()(const model::RegisterReply&) const {
    return "registered";
  }
  std::string operator()(const model::HeartbeatReply& reply) const {
    return reply.known ? "known" : "unknown";
  }
  std::string operator()(const model::VerdictReply& reply) const {
    return reply.known ? "known" : "unknown";
  }
  std::string operator()(const model::ObserveReply& reply) const {
    std::string text = "observed";
    for (const auto& each : reply.brokers) {
      text += " " + each.broker.to_string();
    }
    return text;
  }
  std::string operator()(const model::UnregisterReply& reply) const {
    return reply.removed ? "removed" : "kept";
  }
  std::string operator()(const model::HandoverReply& reply) const {
    return reply.known ? "known" : "unknown";
  }
  std::string operator()(const RemotingRegisterReply& reply) const {
    if (!reply.accepted) return "ignored";
    std::string text = "registered";
    if (reply.master_address) text += " master " + *reply.master_address;
    if (reply.ha_address) text += " ha " + *reply.ha_address;
    return text;
  }
  std::string operator()(const RegisterUnchangedReply& reply) const {
    return reply.known ? "known " + (*this)(reply.reply) : "unknown";
  }
  std::string operator()(const BrokerHeartbeatReply& reply) const {
    return reply.known ? "known" : "unknown";
  }
  std::string operator()(const DataVersionReply& reply) const {
    const std::string text = reply.changed ? "other" : "same";
    return reply.held ? text + " v" + std::to_string(reply.held->counter)
                      : text;
  }
  std::string operator()(const WritePermissionReply& reply) const {
    return std::to_string(reply.topic_count) + " topics";
  }
  std::string operator()(const TopicReply& reply) const {
    return std::to_string(reply.group_count) + " groups";
  }
  std::string operator()(const base::Error& error) const {
    return base::error_code_name(error.code);
  }
};

std::vector<std::string> change_texts(const Effects& effects) {
  std::vector<std::string> texts;
  for (const BrokerChange& change : effects.changes) {
    std::string text(broker_change_name(change.what));
    if (change.broker != model::BrokerKey{}) {
      text += " " + change.broker.to_string();
    }
    texts.push_back(text);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<std::string> notice_texts(const Effects& effects) {
  std::vector<std::string> texts;
  for (const model::BindingId binding : effects.expired_bindings) {
    texts.push_back("close " + std::to_string(binding.value()));
  }
  for (const MinBrokerIdChange& change : effects.min_id_changes) {
    const model::BrokerKey smallest{change.broker_name, change.min_id};
    std::string text = "min " + smallest.to_string() + " at " +
                       change.min_address + " offline " +
                       change.offline_address.value_or("") + " ha " +
                       change.ha_address.value_or("") + " to";
    for (const std::string& address : change.notify) text += " " + address;
    texts.push_back(text);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

// Everything that a table shows, through the listing's names.
Routes routes_of(const RouteTable& table, const Routes& names) {
  Routes routes;
  for (const auto& [name, ignored] : names) {
    const auto* entry = table.find_topic(name, model::hash_bytes(name));
    if (entry != nullptr) routes[name] = to_text(table.route(*entry));
  }
  return routes;
}

std::map<std::string, std::uint64_t> stamps_of(const RouteTable& table,
                                               const Routes& names) {
  std::map<std::string, std::uint64_t> stamps;
  for (const auto& [name, ignored] : names) {
    const auto* entry = table.find_topic(name, model::hash_bytes(name));
    if (entry != nullptr) stamps[name] = table.stamp(*entry);
  }
  return stamps;
}

// The slots that a watcher of the topic has noted.
std::vector<GroupSlot> groups_of(const RouteTable& table,
                                 const std::string& topic) {
  std::vector<GroupSlot> slots;
  const auto* entry = table.find_topic(topic, model::hash_bytes(topic));
  if (entry == nullptr) return slots;
  for (const auto& member : entry->members) slots.push_back(member.group);
  return slots;
}

// Every route that is another one now is named, by its topic or one of the
// groups that it had.
void check_changes(const RouteChanges& changes, const RouteTable& old,
                   const Routes& before, const Routes& now) {
  Routes all = before;
  all.insert(now.begin(), now.end());
  for (const auto& [topic, ignored] : all) {
    const auto was = before.find(topic);
    const auto is = now.find(topic);
    const bool same =
        was != before.end() && is != now.end() && was->second == is->second;
    if (same) continue;
    CAPTURE(topic);
    bool named = changes.everything ||
                 std::find(changes.topics.begin(), changes.topics.end(),
                           model::hash_bytes(topic)) != changes.topics.end();
    for (const GroupSlot slot : groups_of(old, topic)) {
      named |= std::find(changes.groups.begin(), changes.groups.end(), slot) !=
               changes.groups.end();
    }
    REQUIRE(named);
  }
}

std::vector<std::string> broker_texts(const Registry& registry,
                                      base::Instant now) {
  std::vector<std::string> texts;
  for (const auto& b : registry.list_brokers({}, now).brokers) {
    texts.push_back(b.cluster.value() + " " + b.broker.to_string() + " " +
                    b.address.to_string() + " " +
                    std::string(model::broker_health_name(b.health)) + " " +
                    std::to_string(b.epoch.value()) + " " +
                    std::to_string(b.topic_count) + " " +
                    std::to_string(b.silent_for.count()) + " " +
                    std::to_string(b.expiry.count()));
  }
  return texts;
}

// `sweeping`: topics that nobody serves may still be counted.
void check_state(const Registry& registry, const NaiveRegistry& naive,
                 const Routes& wanted, bool sweeping, base::Instant now) {
  for (const auto& [topic, route] : routes_of(registry.table(), wanted)) {
    CAPTURE(topic);
    REQUIRE(route == wanted.at(topic));
  }
  REQUIRE(routes_of(registry.table(), wanted).size() == wanted.size());
  if (!sweeping) REQUIRE(registry.table().topic_count() == wanted.size());
  std::size_t visited = 0;
  registry.table().for_each_topic([&](const TopicEntry& topic) {
    ++visited;
    REQUIRE(wanted.contains(topic.name.value()));
  });
  REQUIRE(visited == wanted.size());
  REQUIRE(broker_texts(registry, now) == naive.brokers());
  const auto topics = registry.list_topics({}).topics;
  REQUIRE(topics.size() == wanted.size());
  REQUIRE(std::equal(topics.begin(), topics.end(), wanted.begin(),
                     [](const auto& listing, const auto& route) {
                       return listing.topic.value() == route.first;
                     }));
  model::ClusterView view;
  registry.fill(view, now);
  const auto wanted_view = naive.view();
  REQUIRE(view.clusters == wanted_view.clusters);
  REQUIRE(view.brokers == wanted_view.brokers);
  if (!sweeping) REQUIRE(view.topics == wanted_view.topics);
  REQUIRE(view.suspects == wanted_view.suspects);
  REQUIRE(view.unhealthy == wanted_view.unhealthy);
}

// Adds each kind of reply and change that happened to `seen`.
void run(std::uint64_t seed, int events, std::set<std::string>& seen) {
  RegistrySettings settings;
  settings.broker_expiry = 12s;
  settings.agent_expiry = 9s;
  settings.expiry_min = 2s;
  settings.expiry_max = 14s;
  settings.suspect_after = 2s;
  settings.handover_grace_max = 5s;
  settings.brokers_max = 6;
  settings.expiry_brake = seed % 4 != 0;
  settings.swept_above = seed % 2 == 0 ? 512 : 1;
  Registry registry(settings);
  NaiveRegistry naive(settings);
  EventSource source(seed);
  base::Instant now = Script::kStart;
  registry.step(Scan{}, now);
  naive.step(Scan{}, now);

  struct Kept {
    RouteTable table;
    Routes routes;
    bool sweeping;
  };
  bool swept_late = false;
  std::vector<Kept> kept;
  Routes before;
  std::map<std::string, std::uint64_t> stamps;
  std::size_t most_brokers = 0;
  for (int i = 0; i < events; ++i) {
    CAPTURE(i);
    now += source.pause();
    const Event event = source.next();
    CAPTURE(event.index());
    const auto version = registry.table().version();
    const RouteTable table_before = registry.table();
    const Effects effects = registry.step(event, now);
    REQUIRE(std::visit(ReplyName{}, effects.reply) == naive.step(event, now));
    REQUIRE(change_texts(effects) == naive.changes());
    REQUIRE(notice_texts(effects) == naive.notices());
    seen.insert(std::visit(ReplyName{}, effects.reply));
    for (const auto& notice : naive.notices()) {
      seen.insert(notice.substr(0, notice.find(' ')));
    }
    for (const auto& change : effects.changes) {
      seen.insert(std::string(broker_change_name(change.what)));
    }
    const Routes routes = naive.routes();
    check_state(registry, naive, routes, effects.sweep_wanted, now);
    swept_late |= effects.sweep_wanted;

    const RouteChanges route_changes = registry.take_changes();
    if (!effects.table_changed) REQUIRE(route_changes.empty());
    check_changes(route_changes, table_before, before, routes);

    // What says that nothing changed is right about it.
    REQUIRE(effects.table_changed == (registry.table().version() != version));
    if (!effects.table_changed) REQUIRE(routes == before);
    const auto new_stamps = stamps_of(registry.table(), routes);
    for (const auto& [topic, stamp] : new_stamps) {
      const auto old = stamps.find(topic);
      if (old == stamps.end() || old->second != stamp) continue;
      REQUIRE(routes.at(topic) == before.at(topic));
    }
    before = routes;
    stamps = new_stamps;
    most_brokers = std::max(most_brokers, naive.brokers().size());
    if (const auto* registration = std::get_if<Register>(&event)) {
      source.remember(*registration);
      REQUIRE(registry.largest_epoch(registration->request.broker) ==
              naive.largest_epoch(registration->request.broker));
    }
    if (i % 37 == 0) {
      kept.push_back({registry.table(), routes, effects.sweep_wanted});
    }
    if (kept.size() > 30) kept.erase(kept.begin() + i % 30);
  }
  // The run was about something.
  CHECK(most_brokers >= 4);
  CHECK(swept_late == (seed % 2 != 0));
  for (const Kept& old : kept) {
    REQUIRE(routes_of(old.table, old.routes) == old.routes);
    if (old.sweeping) continue;
    REQUIRE(old.table.topic_count() == old.routes.size());
  }
}

TEST_CASE("the registry agrees with its plain model, event by event") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    run(seed, 1200, seen);
  }
  // The runs were about all of it.
  for (const std::string kind : {"registered",
                                 "known",
                                 "unknown",
                                 "removed",
                                 "kept",
                                 "stale",
                                 "conflict",
                                 "not-found",
                                 "too-large",
                                 "unregistered",
                                 "connection-closed",
                                 "expired",
                                 "suspect",
                                 "no-longer-suspect",
                                 "unhealthy",
                                 "healthy",
                                 "address-changed",
                                 "topics-changed",
                                 "replaced",
                                 "permission-changed",
                                 "ignored",
                                 "close",
                                 "min",
                                 "brake-engaged",
                                 "brake-released"}) {
    CAPTURE(kind);
    CHECK(seen.contains(kind));
  }
}

}  // namespace
}  // namespace waypost::registry
