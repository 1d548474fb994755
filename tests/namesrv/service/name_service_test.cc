#include "namesrv/service/name_service.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/sim/sim_world.h"

namespace waypost::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Cause = registry::BindingClosed::Cause;

// A nameserver service on a simulated machine, with the roster in memory.
class ServiceHarness {
 public:
  explicit ServiceHarness(std::vector<lifecycle::RosterEntry> roster = {}) {
    NameServiceSettings settings;
    settings.incarnation = model::Incarnation(77);
    settings.lifecycle.smallest_expiry = seconds(120);
    NameServiceShell shell;
    shell.executor = &node_.executor();
    shell.boot_time = [this] { return world_.now().time_since_epoch(); };
    shell.save_roster = [this](std::vector<lifecycle::RosterEntry> entries) {
      roster_ = std::move(entries);
    };
    service_ = std::make_unique<NameService>(settings, shell, table_, roster);
    node_.executor().post([this] { service_->start(); });
    node_.executor().set_turn_hook([this] { table_.quiesce(0); });
    world_.run_for(milliseconds(1));
  }
  ~ServiceHarness() {
    table_.quiesce(0);
    service_.reset();
  }

  registry::Register registration(std::string broker, int binding,
                                  std::uint64_t epoch = 1) {
    registry::Register event;
    event.binding = model::BindingId(static_cast<std::uint64_t>(binding));
    event.request.cluster = model::ClusterName("c");
    event.request.broker = {model::BrokerName(std::move(broker)),
                            model::kMasterId};
    event.request.address = {"10.0.0.1", 1883};
    event.request.epoch = model::Epoch(epoch);
    event.request.topics = {{model::TopicName("orders"), {4, 4, {}, 0}}};
    return event;
  }

  registry::Reply write(registry::Event event) {
    std::optional<registry::Reply> answered;
    service_->write(std::move(event), [&](registry::Reply reply) {
      answered = std::move(reply);
    });
    REQUIRE(world_.run_until([&] { return answered.has_value(); }, seconds(1)));
    return *answered;
  }

  void close(int binding, Cause cause) {
    service_->write(
        registry::BindingClosed{
            model::BindingId(static_cast<std::uint64_t>(binding)), cause},
        nullptr);
    world_.run_for(milliseconds(1));
  }

  std::size_t groups_of_orders() {
    const registry::RouteTable& table = table_.pin(0);
    const auto* topic = table.find_topic("orders", model::hash_bytes("orders"));
    const std::size_t groups =
        topic == nullptr ? 0 : table.route(*topic).groups.size();
    table_.quiesce(0);
    return groups;
  }

  sim::SimWorld& world() { return world_; }
  sim::SimNode& node() { return node_; }
  NameService& service() { return *service_; }
  const std::vector<lifecycle::RosterEntry>& roster() const { return roster_; }

 private:
  sim::SimWorld world_{{.seed = 1}};
  sim::SimNode& node_ = world_.add_node("ns", "10.0.0.100");
  PublishedTable table_{1};
  std::unique_ptr<NameService> service_;
  std::vector<lifecycle::RosterEntry> roster_;
};

TEST_CASE("who is told that a broker is registered finds it at once") {
  ServiceHarness harness;
  CHECK(harness.service().state() == model::ServerState::kServing);
  const auto reply = harness.write(harness.registration("a", 1));
  const auto* registered = std::get_if<model::RegisterReply>(&reply);
  REQUIRE(registered != nullptr);
  CHECK(registered->incarnation == model::Incarnation(77));
  CHECK(registered->changed);
  CHECK(harness.groups_of_orders() == 1);
}

TEST_CASE(
    "a registration that waits behind its own connection's close is dead") {
  ServiceHarness harness;
  bool replied = false;
  // Both are queued before the registry thread wakes; the close overtakes.
  harness.service().write(harness.registration("a", 1),
                          [&](registry::Reply) { replied = true; });
  harness.service().write(
      registry::BindingClosed{model::BindingId(1), Cause::kPeer}, nullptr);
  harness.world().run_for(seconds(1));
  CHECK_FALSE(replied);
  CHECK(harness.groups_of_orders() == 0);
  // The binding is not remembered for ever: another connection is served.
  harness.write(harness.registration("a", 2));
  CHECK(harness.groups_of_orders() == 1);
}

TEST_CASE("a broker's own close removes it at once, silence and ours do not") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  harness.write(harness.registration("b", 2));
  harness.write(harness.registration("c", 3));
  harness.close(1, Cause::kPeer);
  harness.close(2, Cause::kSilence);
  harness.close(3, Cause::kOurs);
  CHECK(harness.groups_of_orders() == 2);
}

TEST_CASE(
    "119 s of silence keep a broker, the first scan after 120 s drops it") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  harness.world().run_for(seconds(119));
  CHECK(harness.groups_of_orders() == 1);
  harness.world().run_for(seconds(12));
  CHECK(harness.groups_of_orders() == 0);
}

TEST_CASE("a frozen nameserver that wakes drops nobody who speaks again") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  harness.write(harness.registration("b", 2));
  harness.node().freeze();
  harness.world().run_for(minutes(10));
  harness.node().thaw();
  harness.world().run_for(milliseconds(300));
  CHECK(harness.service().state() == model::ServerState::kRecovering);
  // A close that waited in the socket is held back; the broker comes back over
  // a new connection before the hold ends.
  harness.close(1, Cause::kPeer);
  CHECK(harness.groups_of_orders() == 2);
  harness.write(harness.registration("a", 3));
  harness.world().run_for(seconds(30));
  CHECK(harness.service().state() == model::ServerState::kServing);
  CHECK(harness.groups_of_orders() == 2);
}

TEST_CASE("a close that a sleep provoked is silence: expiry decides") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  harness.node().freeze();
  harness.world().run_for(minutes(10));
  harness.node().thaw();
  harness.world().run_for(milliseconds(300));
  harness.close(1, Cause::kPeer);
  harness.world().run_for(seconds(100));
  CHECK(harness.groups_of_orders() == 1);
  harness.world().run_for(seconds(40));
  CHECK(harness.groups_of_orders() == 0);
}

TEST_CASE("a draining nameserver forgets nobody whose connection closes") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  harness.node().executor().post(
      [&] { harness.service().start_draining("stopped"); });
  harness.world().run_for(milliseconds(1));
  CHECK(harness.service().state() == model::ServerState::kDraining);
  harness.close(1, Cause::kPeer);
  CHECK(harness.groups_of_orders() == 1);
}

TEST_CASE(
    "a restarted nameserver answers no route until its brokers are back") {
  ServiceHarness before;
  before.write(before.registration("a", 1));
  before.write(before.registration("b", 2));
  before.world().run_for(seconds(1));
  REQUIRE(before.roster().size() == 2);

  ServiceHarness after(before.roster());
  CHECK_FALSE(after.service().answers_routes());
  CHECK(after.service().not_ready().code == base::ErrorCode::kNotReady);
  after.write(after.registration("a", 1));
  after.world().run_for(seconds(1));
  CHECK_FALSE(after.service().answers_routes());
  // A crash now must not make the next life forget broker b.
  CHECK(after.roster().size() == 2);
  after.write(after.registration("b", 2));
  after.world().run_for(seconds(1));
  CHECK(after.service().answers_routes());
  CHECK(after.roster().size() == 2);
}

TEST_CASE("a broker that never returns delays a restart by 45 s, no longer") {
  ServiceHarness before;
  before.write(before.registration("a", 1));
  before.world().run_for(seconds(1));
  ServiceHarness after(before.roster());
  after.world().run_for(seconds(44));
  CHECK_FALSE(after.service().answers_routes());
  after.world().run_for(seconds(2));
  CHECK(after.service().answers_routes());
}

TEST_CASE("when too much waits the answer is busy, at once") {
  ServiceHarness harness;
  harness.node().freeze();
  int busy = 0;
  for (int i = 0; i < 70'000; ++i) {
    harness.service().write(registry::Heartbeat{}, [&](registry::Reply reply) {
      const auto* error = std::get_if<base::Error>(&reply);
      if (error != nullptr && error->code == base::ErrorCode::kBusy) ++busy;
    });
  }
  CHECK(busy == 70'000 - 65'536);
  harness.node().thaw();
  harness.world().run_for(seconds(1));
}

}  // namespace
}  // namespace waypost::service
