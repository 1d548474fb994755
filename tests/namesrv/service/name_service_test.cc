#include "namesrv/service/name_service.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/namesrv/service/service_harness.h"

namespace waypost::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Cause = registry::BindingClosed::Cause;

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

TEST_CASE("a close that a nap of seconds provoked is silence, too") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  harness.write(harness.registration("b", 2));
  harness.node().freeze();
  harness.world().run_for(seconds(12));
  harness.node().thaw();
  harness.world().run_for(milliseconds(300));
  CHECK(harness.service().state() == model::ServerState::kServing);
  harness.close(1, Cause::kPeer);
  CHECK(harness.groups_of_orders() == 2);
  // What was queued is processed by now: a close is a close again.
  harness.world().run_for(seconds(2));
  harness.close(2, Cause::kPeer);
  CHECK(harness.groups_of_orders() == 1);
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

TEST_CASE("whom we wait for is kept as it was, so that a second crash waits") {
  // The nameserver was down for an hour, which is longer than any expiry.
  const base::WallTime an_hour_ago = base::WallTime(minutes(1));
  ServiceHarness harness({{model::ClusterName("c"),
                           {model::BrokerName("a"), model::kMasterId},
                           an_hour_ago,
                           seconds(120),
                           seconds(7)}});
  CHECK(harness.service().state() == model::ServerState::kStarting);
  harness.world().run_for(seconds(31));  // the roster has been written
  CHECK(harness.service().state() == model::ServerState::kStarting);
  REQUIRE(harness.roster().size() == 1);
  CHECK(harness.roster()[0].silence == seconds(7));
  harness.write(harness.registration("a", 1));
  CHECK(harness.service().state() == model::ServerState::kServing);
}

TEST_CASE("a large broker is out of the routes at once, out of memory soon") {
  ServiceHarness harness;
  auto large = harness.registration("large", 1);
  for (int i = 0; i < 30'000; ++i) {
    large.request.topics.push_back(
        {model::TopicName("topic-" + std::to_string(i)), {1, 1, {}, 0}});
  }
  harness.write(large);
  harness.write(harness.registration("small", 2));
  CHECK(harness.topic_count() == 30'001);
  harness.service().write(
      registry::BindingClosed{model::BindingId(1), Cause::kPeer}, nullptr);
  REQUIRE(harness.world().run_until(
      [&] { return harness.groups_of_orders() == 1; }, milliseconds(1)));
  REQUIRE(harness.world().run_until([&] { return harness.topic_count() == 1; },
                                    seconds(1)));
  CHECK(harness.groups_of_orders() == 1);
}

void in_thread(ServiceHarness& harness, std::function<void()> work) {
  harness.node().executor().post(std::move(work));
  harness.world().run_for(milliseconds(1));
}

TEST_CASE("a paused nameserver is frozen: nobody comes, nobody goes") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  harness.write(harness.registration("b", 2));
  in_thread(harness, [&] { harness.service().pause("too few peers"); });
  CHECK(harness.service().state() == model::ServerState::kPaused);
  CHECK_FALSE(harness.service().answers_routes());
  // A close that the broker's side made at the same moment, and one of ours.
  harness.close(1, Cause::kPeer);
  harness.close(2, Cause::kOurs);
  const auto reply = harness.write(harness.registration("c", 3));
  const auto* error = std::get_if<base::Error>(&reply);
  REQUIRE(error != nullptr);
  CHECK(error->code == base::ErrorCode::kNotReady);
  CHECK(error->message.find("too few peers") != std::string::npos);
  harness.world().run_for(minutes(10));
  CHECK(harness.groups_of_orders() == 2);
  in_thread(harness, [&] { harness.service().resume(); });
  harness.world().run_for(seconds(2));
  CHECK(harness.service().state() == model::ServerState::kServing);
  // Their time goes on from there.
  harness.world().run_for(seconds(100));
  CHECK(harness.groups_of_orders() == 2);
  harness.world().run_for(seconds(40));
  CHECK(harness.groups_of_orders() == 0);
}

TEST_CASE("a restart in process refuses reads and keeps who speaks") {
  ServiceHarness harness;
  harness.write(harness.registration("a", 1));
  in_thread(harness, [&] { harness.service().restart("autoheal"); });
  CHECK_FALSE(harness.service().answers_routes());
  CHECK(std::holds_alternative<model::RegisterReply>(
      harness.write(harness.registration("b", 2))));
  in_thread(harness, [&] { harness.service().resume(); });
  CHECK(harness.service().answers_routes());
  CHECK(harness.groups_of_orders() == 2);
}

}  // namespace
}  // namespace waypost::service
