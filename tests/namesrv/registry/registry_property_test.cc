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
#include "tests/namesrv/registry/random_events.h"
#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;
using Routes = std::map<std::string, std::string>;

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

// Who is registered with an address that clients may know.
std::set<std::string> shown_brokers(const Registry& registry,
                                    base::Instant now) {
  std::set<std::string> shown;
  for (const auto& each : registry.list_brokers({}, now).brokers) {
    if (each.address.port == 0) continue;
    shown.insert(each.broker.to_string() + "@" + each.address.to_string());
  }
  return shown;
}

// Whoever is gone has a reason; who has a reason is gone, or unhealthy.
void check_departures(const RouteChanges& changes,
                      const std::set<std::string>& before,
                      const Registry& registry, base::Instant now) {
  std::set<std::string> explained;
  const auto after = shown_brokers(registry, now);
  for (const auto& [slot, departure] : changes.departures) {
    const model::BrokerKey key{departure.broker_name, departure.id};
    const std::string who =
        key.to_string() + "@" + departure.address.to_string();
    CAPTURE(who);
    explained.insert(who);
    REQUIRE(departure.reason != model::DepartureReason::kNotTold);
    REQUIRE(std::find(changes.groups.begin(), changes.groups.end(), slot) !=
            changes.groups.end());
    if (departure.reason == model::DepartureReason::kUnhealthy) continue;
    REQUIRE(before.contains(who));
    // A role change removes the same broker from one id while it enters
    // another.
    REQUIRE_FALSE(after.contains(who));
  }
  for (const auto& who : before) {
    CAPTURE(who);
    REQUIRE((after.contains(who) || explained.contains(who)));
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
  RandomEvents source(seed);
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
    const auto brokers_before = shown_brokers(registry, now);
    const Effects effects = registry.step(event, now);
    REQUIRE(reply_text(effects.reply, false) == naive.step(event, now));
    REQUIRE(change_texts(effects) == naive.changes());
    REQUIRE(notice_texts(effects) == naive.notices());
    seen.insert(reply_text(effects.reply, false));
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
    if (!effects.table_changed) {
      REQUIRE(route_changes.empty());
      REQUIRE(route_changes.departures.empty());
    }
    check_departures(route_changes, brokers_before, registry, now);
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
