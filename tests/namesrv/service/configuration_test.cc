// What operators configure while a nameserver runs, what it remembers of that,
// and what silent connections come to.

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "tests/namesrv/service/service_harness.h"

namespace waypost::service {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

model::PermissionOverride hold_readable(const std::string& broker) {
  model::PermissionOverride set;
  set.broker_name = model::BrokerName(broker);
  set.permission = {model::Permission::kRead};
  set.owner = "alice";
  return set;
}

std::string permission_of_orders(ServiceHarness& harness) {
  const model::Route route = harness.orders();
  return route.groups.empty() ? "no route"
                              : route.groups[0].queues.permission.to_string();
}

TEST_CASE("who is told that an entry is kept finds it at once") {
  ServiceHarness harness;
  const auto before = harness.view().settings_version;
  REQUIRE(harness.change(model::KvChange{"NS", "k", "v", true}).has_value());
  const PublishedView seen = harness.view();
  REQUIRE(seen.state->kv.find("NS", "k") != nullptr);
  CHECK(*seen.state->kv.find("NS", "k") == "v");
  CHECK(seen.settings_version > before);
  // Routes that come and go are not settings.
  harness.write(harness.registration("a", 1));
  CHECK(harness.view().settings_version == seen.settings_version);
  CHECK(harness.view().state == seen.state);
}

TEST_CASE("who asks first finds what was stored before the restart") {
  store::HardState stored;
  store::apply(stored, model::KvChange{"NS", "k", "v", true});
  const ServiceHarness harness({}, std::move(stored));
  REQUIRE(harness.view_at_start.state != nullptr);
  REQUIRE(harness.view_at_start.state->kv.find("NS", "k") != nullptr);
  CHECK(*harness.view_at_start.state->kv.find("NS", "k") == "v");
}

TEST_CASE("what the limits refuse is told and not seen") {
  NameServiceSettings settings;
  settings.hard_state.value_bytes_max = 3;
  ServiceHarness harness({}, {}, settings);
  const auto refused = harness.change(model::KvChange{"N", "k", "long", true});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == base::ErrorCode::kTooLarge);
  CHECK(harness.view().state->kv.find("N") == nullptr);
}

TEST_CASE("a held permission counts before, during and after registrations") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  CHECK(permission_of_orders(harness) == "rw");
  REQUIRE(harness.change(hold_readable("a")).has_value());
  CHECK(permission_of_orders(harness) == "r");
  harness.write(harness.registration("a", 1, 2));
  CHECK(permission_of_orders(harness) == "r");
  harness.close(1, registry::BindingClosed::Cause::kPeer);
  harness.write(harness.registration("a", 2, 3));
  CHECK(permission_of_orders(harness) == "r");
  REQUIRE(
      harness.change(store::ClearOverride{model::BrokerName("a")}).has_value());
  CHECK(permission_of_orders(harness) == "rw");
}

TEST_CASE("a held permission survives a restart") {
  store::HardState kept;
  store::apply(kept, hold_readable("a"));
  ServiceHarness harness({}, kept);
  harness.write(harness.registration("a", 1));
  CHECK(permission_of_orders(harness) == "r");
  CHECK(harness.view().state->overrides.at(model::BrokerName("a")).owner ==
        "alice");
}

TEST_CASE("a held permission lapses at its time, also when nobody asks") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  auto set = hold_readable("a");
  set.lapses_at = harness.node().executor().wall_now() + seconds(60);
  REQUIRE(harness.change(set).has_value());
  harness.world().run_for(seconds(59));
  CHECK(permission_of_orders(harness) == "r");
  harness.world().run_for(seconds(2));
  CHECK(permission_of_orders(harness) == "rw");
  CHECK(harness.view().state->overrides.empty());
}

TEST_CASE("settings are in force, and seen, when it is told so") {
  ServiceHarness harness;
  CHECK_FALSE(harness.view().remoting.order_message_enable);
  harness.write(harness.remoting("a", 0, model::BindingId(1)));
  RemotingSettings settings;
  settings.order_message_enable = true;
  settings.delete_topic_with_broker_registration = true;
  bool done = false;
  harness.service().change_remoting_settings(
      [&](RemotingSettings& now) { now = settings; },
      [&](base::Status status) { done = status.has_value(); });
  REQUIRE(harness.world().run_until([&] { return done; }, seconds(1)));
  CHECK(harness.view().remoting == settings);
  // The registry knows it, too: what is not listed any more goes.
  auto without = harness.remoting("a", 0, model::BindingId(1));
  without.request.topics.clear();
  harness.write(without);
  CHECK(harness.groups_of_orders() == 0);
}

TEST_CASE("a leased table stays as it was, and is given back") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  NameService::TableLease lease;
  REQUIRE(harness.service()
              .lease_table([&](NameService::TableLease given) {
                lease = std::move(given);
              })
              .has_value());
  harness.world().run_for(seconds(1));
  REQUIRE(lease != nullptr);
  harness.close(1, registry::BindingClosed::Cause::kPeer);
  CHECK(harness.groups_of_orders() == 0);
  CHECK(lease->topic_count() == 1);
  lease.reset();
  harness.world().run_for(seconds(1));
}

TEST_CASE("a connection whose brokers have all expired is closed, once") {
  ServiceHarness harness;
  int closed = 0;
  const auto silent = harness.service().new_binding([&] { ++closed; });
  harness.write(harness.remoting("a", 0, silent));
  harness.write(harness.remoting("b", 0, silent));
  harness.world().run_for(minutes(1));
  // One of the two goes on.
  const auto again = harness.remoting("b", 0, silent);
  const auto reply = harness.write(
      registry::RegisterUnchanged{again.request.broker, again.remoting.address,
                                  again.remoting.body, silent});
  REQUIRE(std::get<registry::RegisterUnchangedReply>(reply).known);
  harness.world().run_for(seconds(75));
  CHECK(harness.groups_of_orders() == 1);
  CHECK(closed == 0);
  harness.world().run_for(minutes(2));
  CHECK(harness.groups_of_orders() == 0);
  CHECK(closed == 1);
}

TEST_CASE("a connection that has closed is not asked to close") {
  ServiceHarness harness;
  int closed = 0;
  const auto binding = harness.service().new_binding([&] { ++closed; });
  harness.write(harness.remoting("a", 0, binding));
  harness.service().write(
      registry::BindingClosed{binding, registry::BindingClosed::Cause::kOurs},
      nullptr);
  harness.world().run_for(minutes(3));
  CHECK(harness.groups_of_orders() == 0);
  CHECK(closed == 0);
}

TEST_CASE("members are told of a new smallest id where that is on") {
  for (const bool on : {false, true}) {
    NameServiceSettings settings;
    settings.remoting.notify_min_broker_id_changed = on;
    ServiceHarness harness({}, {}, settings);
    harness.write(harness.remoting("a", 1, model::BindingId(1)));
    harness.write(harness.remoting("a", 0, model::BindingId(2)));
    REQUIRE(harness.min_id_changes.size() == (on ? 1 : 0));
    if (!on) continue;
    CHECK(harness.min_id_changes[0].min_address == "a/0:10911");
    CHECK(harness.min_id_changes[0].notify ==
          std::vector<std::string>{"a/1:10911"});
  }
}

TEST_CASE("an unchanged registration behind its connection's close is dead") {
  ServiceHarness harness;
  const auto event = harness.remoting("a", 0, model::BindingId(1));
  harness.write(event);
  bool replied = false;
  harness.service().write(
      registry::RegisterUnchanged{event.request.broker, event.remoting.address,
                                  event.remoting.body, model::BindingId(1)},
      [&](registry::Reply) { replied = true; });
  harness.service().write(
      registry::BindingClosed{model::BindingId(1),
                              registry::BindingClosed::Cause::kPeer},
      nullptr);
  harness.world().run_for(seconds(1));
  CHECK_FALSE(replied);
  CHECK(harness.groups_of_orders() == 0);
}

TEST_CASE("who watches hears which order configurations change") {
  ServiceHarness harness;
  RouteFeed& feed = harness.service().route_feed();
  const auto me = feed.subscribe([] {});
  const auto put = [&](const char* topic, const char* order) {
    REQUIRE(harness.change(model::KvChange{model::kOrderTopicConfigNamespace,
                                           topic, order, true}));
  };
  put("orders", "a:4");
  CHECK(feed.take(me).empty());  // not enabled
  harness.service().change_remoting_settings(
      [](RemotingSettings& settings) { settings.order_message_enable = true; },
      nullptr);
  put("payments", "a:4");
  CHECK(feed.take(me).everything);
  put("orders", "a:8");
  CHECK(feed.take(me).topics ==
        std::vector<std::uint64_t>{model::hash_bytes("orders")});
  put("orders", "a:8");
  REQUIRE(harness.change(model::KvChange{"NS", "orders", "v", true}));
  CHECK(feed.take(me).empty());
  REQUIRE(harness.change(model::KvChange{model::kOrderTopicConfigNamespace,
                                         "payments", std::nullopt}));
  CHECK(feed.take(me).topics ==
        std::vector<std::uint64_t>{model::hash_bytes("payments")});
}

}  // namespace
}  // namespace waypost::service
