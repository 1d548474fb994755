#include "broker_agent/core/registration.h"

#include <regex>

#include <doctest/doctest.h>

#include "tests/broker_agent/core/transcript.h"

namespace waypost::agent {
namespace {

using base::ErrorCode;
using testing::make_settings;
using testing::many_topics;
using testing::topic;
using testing::topic_list;
using testing::Transcript;

const auto kTwoTopics = topic_list({topic("orders"), topic("payments")});

// Registered with one nameserver at time 0, epoch 1.
Transcript registered_once(RegistrationSettings settings = make_settings(1)) {
  return Transcript(std::move(settings), kTwoTopics);
}
void settle(Transcript& t) {
  t.connected(0);
  t.registered(0);
  t.take();
}

TEST_CASE("it registers everywhere as soon as a nameserver answers hello") {
  Transcript t(make_settings(2), kTwoTopics);
  CHECK(t.take() == "0 ns0 connect\n0 ns1 connect\n");
  t.run_until_ms(20);
  t.connected(1, 100, 6);
  CHECK(t.take() == "20 ns1 register full epoch 7 +orders +payments\n");
  t.registered(1);
  t.run_until_ms(500);
  t.connected(0, 100, 3);
  CHECK(t.take() == "500 ns0 register full epoch 7 +orders +payments\n");
  CHECK(t.core().registered_count() == 1);
  t.registered(0);
  CHECK(t.core().registered_count() == 2);
}

TEST_CASE("a nameserver that hung remembers an earlier process, not a newer") {
  auto settings = make_settings(2);
  settings.epoch_min = model::Epoch(1000);
  Transcript t(settings, kTwoTopics);
  t.take();
  // The others have forgotten the broker.
  t.connected(0, 100, 0);
  CHECK(t.take() == "0 ns0 register full epoch 1000 +orders +payments\n");
  t.registered(0);
  t.run_until_ms(60'000);
  t.take();
  t.connected(1, 100, 999);
  CHECK(t.take() == "60000 ns1 register full epoch 1000 +orders +payments\n");
  t.registered(1);
  CHECK(t.core().registered_count() == 2);
}

TEST_CASE("a clock that went back makes no older epoch than is known") {
  auto settings = make_settings(1);
  settings.epoch_min = model::Epoch(1000);
  Transcript t(settings, kTwoTopics);
  t.take();
  t.connected(0, 100, 2000);
  CHECK(t.take() == "0 ns0 register full epoch 2001 +orders +payments\n");
}

TEST_CASE("a registration carries who, where, what and its digest") {
  auto settings = make_settings(1);
  settings.identity.zone = "z1";
  settings.expiry = std::chrono::seconds(9);
  settings.unhealthy_action = model::VerdictAction::kDropWritePermission;
  Transcript t(settings, kTwoTopics);
  t.connected(0);
  const model::RegisterRequest& request = t.last_register();
  CHECK(request.cluster.value() == "c");
  CHECK(request.broker.to_string() == "broker-a/0");
  CHECK(request.address.to_string() == "10.0.0.1:1883");
  CHECK(request.zone == "z1");
  CHECK(request.expiry == std::chrono::seconds(9));
  CHECK(request.verdict_action == model::VerdictAction::kDropWritePermission);
  CHECK(request.topics_digest == kTwoTopics->digest());
  CHECK(request.healthy);
}

TEST_CASE("a nameserver met later in start-up raises the epoch everywhere") {
  Transcript t(make_settings(2), kTwoTopics);
  t.connected(0, 100, 2);
  t.registered(0);
  t.take();
  t.run_until_ms(900);
  t.connected(1, 100, 3);  // the same as ours is not ours
  CHECK(t.take() ==
        "900 ns0 register full epoch 4 +orders +payments\n"
        "900 ns1 register full epoch 4 +orders +payments\n");
}

TEST_CASE("after start-up a larger epoch is a newer process, not a reason") {
  Transcript t(make_settings(2), kTwoTopics);
  t.connected(0);
  t.registered(0);
  t.disconnected(1);
  t.run_until_ms(11000);
  t.take();
  t.connected(1, 100, 40);
  CHECK(t.take() == "11000 ns1 register full epoch 1 +orders +payments\n");
  t.failed<RegisterDone>(1, ErrorCode::kStale);
  CHECK(t.take() == "11000 ! superseded\n");
}

TEST_CASE("only the first hello of a nameserver is asked for the epoch") {
  Transcript t = registered_once();
  settle(t);
  t.disconnected(0);
  t.run_until_ms(60);
  t.connected(0, 100, 1);  // it reports our own
  CHECK(t.take().find("register full epoch 1 ") != std::string::npos);
}

TEST_CASE("an epoch without a successor is used as it is") {
  Transcript t = registered_once();
  t.connected(0, 100, std::numeric_limits<std::uint64_t>::max());
  CHECK(t.last_register().epoch.value() ==
        std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("heartbeats go out each second, registrations each thirty") {
  Transcript t = registered_once();
  settle(t);
  t.show_heartbeats(true);
  std::int64_t previous = 0;
  for (int i = 0; i < 25; ++i) {
    REQUIRE(t.run_until_line("heartbeat", 60000));
    CHECK(t.now_ms() - previous >= 950);
    CHECK(t.now_ms() - previous <= 1050);
    previous = t.now_ms();
    t.heartbeat_answered(0, true);
    CHECK(t.take() == std::to_string(previous) + " ns0 heartbeat\n");
  }
  t.show_heartbeats(false);
  while (!t.run_until_line("register", t.now_ms())) {
    t.run_until_ms(t.now_ms() + 10);
    t.heartbeat_answered(0, true);
    REQUIRE(t.now_ms() < 40000);
  }
  CHECK(t.now_ms() >= 27000);
  CHECK(t.now_ms() <= 33010);
  CHECK(t.take().find("register full epoch 1 +orders +payments") !=
        std::string::npos);
}

TEST_CASE("one heartbeat is under way at a time") {
  Transcript t = registered_once();
  settle(t);
  t.run_until_ms(20000);
  CHECK(t.heartbeats() == 1);
}

TEST_CASE("a nameserver that does not know us gets everything at once") {
  Transcript t = registered_once();
  settle(t);
  t.run_until_ms(1100);
  t.heartbeat_answered(0, false);
  CHECK(t.take() == "1100 ns0 register full epoch 1 +orders +payments\n");
}

TEST_CASE("an answer to a heartbeat from before a registration is old news") {
  Transcript t = registered_once();
  settle(t);
  t.run_until_ms(1100);  // a heartbeat is under way
  REQUIRE(t.heartbeats() == 1);
  t.send(TopicsChanged{topic_list({topic("orders")})});
  CHECK(t.take() == "1100 ns0 register full epoch 1 +orders\n");
  t.registered(0);
  t.heartbeat_answered(0, false);  // it saw the old digest
  CHECK(t.take() == "");
}

TEST_CASE("a new incarnation is registered with again at once") {
  Transcript t = registered_once();
  settle(t);
  SUBCASE("seen in a heartbeat's reply") {
    t.run_until_ms(1100);
    t.heartbeat_answered(0, false, 777);
    CHECK(t.take() ==
          "1100 ! restarted\n1100 ns0 register full epoch 1 +orders "
          "+payments\n");
  }
  SUBCASE("seen after a reconnect, within 50 ms of the loss") {
    t.run_until_ms(500);
    t.disconnected(0);
    REQUIRE(t.run_until_line("ns0 connect", 550));
    t.take();
    t.connected(0, 777);
    CHECK(t.take().find("! restarted") != std::string::npos);
    CHECK(t.last_register().mode == model::RegisterMode::kFull);
  }
}

TEST_CASE("few changed topics travel alone, many as a whole") {
  Transcript t(make_settings(1), many_topics(100));
  t.connected(0);
  t.registered(0);
  t.take();
  auto topics = many_topics(100)->topics();
  topics.pop_back();
  topics.push_back(topic("new"));
  t.send(TopicsChanged{topic_list(topics)});
  CHECK(t.take() == "0 ns0 register incremental epoch 1 +new -t99\n");
  CHECK(t.last_register().topics_digest == topic_list(topics)->digest());
  t.registered(0);
  t.send(TopicsChanged{many_topics(100, 8)});
  CHECK(t.take() == "0 ns0 register full epoch 1\n");
}

TEST_CASE("changes during a registration are sent against what it confirmed") {
  Transcript t(make_settings(1), many_topics(100));
  t.connected(0);
  t.take();
  t.send(TopicsChanged{many_topics(101)});
  t.send(TopicsChanged{many_topics(102)});
  CHECK(t.take() == "");  // one at a time
  t.registered(0);
  CHECK(t.take() == "0 ns0 register incremental epoch 1 +t100 +t101\n");
}

TEST_CASE("an incremental registration that is refused is followed by a full") {
  Transcript t(make_settings(1), many_topics(100));
  t.connected(0);
  t.registered(0);
  t.send(TopicsChanged{many_topics(101)});
  t.take();
  t.failed<RegisterDone>(0, ErrorCode::kConflict);
  CHECK(t.take() == "0 ns0 register full epoch 1\n");
}

TEST_CASE("a verdict goes to all nameservers at once") {
  Transcript t(make_settings(2), kTwoTopics);
  for (const std::size_t ns : {0U, 1U}) {
    t.connected(ns);
    t.registered(ns);
  }
  t.run_until_ms(400);
  t.take();
  t.send(HealthChanged{{false, "mqtt: no answer"}});
  CHECK(t.take() == "400 ns0 verdict unhealthy\n400 ns1 verdict unhealthy\n");
  t.verdict_answered(0);
  t.send(HealthChanged{{true, ""}});
  CHECK(t.take() == "400 ns0 verdict healthy\n");  // ns1 has not answered yet
  t.verdict_answered(1);
  CHECK(t.take() == "400 ns1 verdict healthy\n");
}

TEST_CASE("a verdict does not overtake a registration that says otherwise") {
  Transcript t = registered_once();
  t.connected(0);
  t.take();
  t.send(HealthChanged{{false, "x"}});
  CHECK(t.take() == "");
  t.registered(0);
  CHECK(t.take() == "0 ns0 verdict unhealthy\n");
}

TEST_CASE("a verdict to a nameserver that forgot us becomes a registration") {
  Transcript t = registered_once();
  settle(t);
  t.send(HealthChanged{{false, "x"}});
  t.take();
  t.verdict_answered(0, false);
  CHECK(t.take() ==
        "0 ns0 register full epoch 1 +orders +payments unhealthy\n");
}

TEST_CASE("the first registration waits for the first verdict, a while") {
  auto settings = make_settings(1);
  settings.first_verdict_wait = std::chrono::milliseconds(1500);
  SUBCASE("and says unhealthy when the broker is dead") {
    Transcript t(settings, kTwoTopics);
    t.connected(0);
    t.run_until_ms(1000);
    CHECK(t.take() == "0 ns0 connect\n");
    t.send(HealthChanged{{false, "tcp: refused"}});
    CHECK(t.take() ==
          "1000 ns0 register full epoch 1 +orders +payments unhealthy\n");
    CHECK(t.last_register().health_reason == "tcp: refused");
  }
  SUBCASE("and goes ahead when no verdict comes") {
    Transcript t(settings, kTwoTopics);
    t.connected(0);
    t.run_until_ms(2000);
    CHECK(t.take() ==
          "0 ns0 connect\n1500 ns0 register full epoch 1 +orders "
          "+payments\n");
  }
}

TEST_CASE("a dead and a hung nameserver do not delay the third") {
  Transcript t(make_settings(3), kTwoTopics);
  t.disconnected(0, "refused");
  // ns1 accepts and never answers; only its own deadline will tell.
  t.connected(2);
  t.registered(2);
  t.take();
  t.run_until_ms(700);
  t.send(HealthChanged{{false, "x"}});
  CHECK(t.take().find("700 ns2 verdict unhealthy") != std::string::npos);
}

TEST_CASE(
    "a hung nameserver is left at once, its old socket kept for a while") {
  Transcript t = registered_once();
  settle(t);
  t.run_until_ms(4000);
  t.failed<HeartbeatDone>(0, ErrorCode::kTimedOut);
  CHECK(t.take() == "4000 ns0 disconnect, keep open\n4000 ! hung\n");
  REQUIRE(t.run_until_line("ns0 connect", 4051));
  t.take();
  // Hello is not answered either: that connection registered nothing.
  t.disconnected(0, "hello timed out");
  REQUIRE(t.run_until_line("ns0 connect", 5000));
  t.take();
  t.connected(0);
  CHECK(t.take().find("register full") != std::string::npos);
  t.registered(0);
  CHECK(t.take().find("ns0 drop replaced") != std::string::npos);
}

TEST_CASE("a nameserver out of reach is tried for ever, never in a rush") {
  Transcript t = registered_once();
  settle(t);
  t.disconnected(0);
  int attempts = 0;
  std::int64_t longest = 0;
  std::int64_t previous = t.now_ms();
  while (t.now_ms() < 60000) {
    REQUIRE(t.run_until_line("connect", 120000));
    t.take();
    ++attempts;
    longest = std::max(longest, t.now_ms() - previous);
    previous = t.now_ms();
    t.disconnected(0, "refused");
    t.take();
  }
  CHECK(attempts > 60);
  CHECK(attempts < 600);
  CHECK(longest <= 750);
  CHECK(longest > 400);  // it does grow
}

TEST_CASE("a nameserver that accepts and closes is not hammered") {
  Transcript t = registered_once();
  int attempts = 0;
  while (t.now_ms() < 60000) {
    t.run_until_line("connect", 120000);
    t.connected(0);
    t.disconnected(0);
    t.take();
    ++attempts;
  }
  CHECK(attempts < 600);
}

TEST_CASE("answers of an old connection are ignored") {
  Transcript t = registered_once();
  t.connected(0);
  const Link old = t.link(0);
  t.disconnected(0);
  REQUIRE(t.run_until_line("60 ns0 connect", 1) == false);
  t.run_until_ms(1000);
  REQUIRE(t.link(0) != old);
  t.take();
  t.send(RegisterDone{old, model::RegisterReply{}});
  t.send(Disconnected{old, base::Error{}});
  t.send(Connected{old, model::HelloReply{}});
  CHECK(t.take() == "");
  CHECK(t.core().registered_count() == 0);
}

TEST_CASE("a newer process takes over: said once, retried rarely") {
  Transcript t = registered_once();
  settle(t);
  t.run_until_ms(1100);
  t.heartbeat_answered(0, false);
  t.failed<RegisterDone>(0, ErrorCode::kStale, "epoch 2 is registered");
  CHECK(t.take() ==
        "1100 ns0 register full epoch 1 +orders +payments\n"
        "1100 ! superseded\n");
  CHECK(t.core().registered_count() == 0);
  const int heartbeats = t.heartbeats();
  t.send(HealthChanged{{false, "x"}});
  t.send(TopicsChanged{many_topics(2)});
  t.run_until_ms(50000);
  CHECK(t.take() == "");
  CHECK(t.heartbeats() == heartbeats);
  // It looks again on a new connection, whose hello tells the largest epoch.
  REQUIRE(t.run_until_line("disconnect", 70000));
  t.take();
  t.connected(0, 100, 2);
  CHECK(t.take().find("register full epoch 1") != std::string::npos);
  t.failed<RegisterDone>(0, ErrorCode::kStale, "epoch 2 is registered");
  CHECK(t.take() == "");
  // The newer one is gone: we are back.
  REQUIRE(t.run_until_line("disconnect", 140000));
  t.connected(0, 100, 2);
  t.registered(0);
  CHECK(t.core().registered_count() == 1);
  t.take();
  t.run_until_ms(t.now_ms() + 1100);
  CHECK(t.heartbeats() == heartbeats + 1);
}

TEST_CASE("who was superseded stays back when the nameserver is restarted") {
  Transcript t = registered_once();
  t.connected(0);
  t.failed<RegisterDone>(0, ErrorCode::kStale);
  t.run_until_ms(5000);
  t.take();
  t.disconnected(0);
  REQUIRE(t.run_until_line("ns0 connect", 6000));
  t.take();
  t.connected(0, 777);
  CHECK(t.take().find("register") == std::string::npos);
  // But it looks again, also when that needs several attempts to connect.
  REQUIRE(t.run_until_line("disconnect", 70000));
  t.disconnected(0);
  t.take();
  REQUIRE(t.run_until_line("connect", 75000));
  t.connected(0, 777);
  CHECK(t.take().find("register full epoch 1") != std::string::npos);
}

TEST_CASE("a refusal is tried again rarely, and at once when topics change") {
  Transcript t = registered_once();
  t.connected(0);
  t.take();
  t.failed<RegisterDone>(0, ErrorCode::kConflict, "name of another cluster");
  CHECK(t.take() == "0 ! refused\n");
  t.run_until_ms(26000);
  CHECK(t.take() == "");
  t.send(TopicsChanged{topic_list({topic("orders")})});
  CHECK(t.take() == "26000 ns0 register full epoch 1 +orders\n");
  t.failed<RegisterDone>(0, ErrorCode::kConflict, "name of another cluster");
  CHECK(t.take() == "");  // the same words again are not news
  CHECK(t.run_until_line("register full", 26000 + 33000));
}

TEST_CASE("a busy nameserver is asked again soon, with growing delays") {
  Transcript t = registered_once();
  t.connected(0);
  for (int i = 0; i < 5; ++i) {
    t.take();
    t.failed<RegisterDone>(0, ErrorCode::kBusy, "queue full");
    REQUIRE(t.run_until_line("register full", t.now_ms() + 5000));
  }
  t.registered(0);
  CHECK(t.core().registered_count() == 1);
}

TEST_CASE("a busy verdict that became void does not wake the core for ever") {
  Transcript t = registered_once();
  settle(t);
  t.send(HealthChanged{{false, "x"}});
  t.failed<VerdictDone>(0, ErrorCode::kBusy);
  t.send(HealthChanged{{true, ""}});
  t.run_until_ms(10000);  // would not return
  CHECK(t.core().next_wakeup() > base::Instant(std::chrono::seconds(10)));
}

TEST_CASE("of two processes with one epoch one becomes the newer one") {
  Transcript t(make_settings(2), kTwoTopics);
  for (const std::size_t ns : {0U, 1U}) {
    t.connected(ns);
    t.registered(ns);
  }
  // The other one registered with ns0 over a newer connection.
  t.run_until_ms(1100);
  t.heartbeat_answered(0, false);
  t.failed<RegisterDone>(0, ErrorCode::kStale, "newer connection, same epoch");
  t.heartbeat_answered(1, true);
  t.take();
  while (!t.run_until_line("ns0 disconnect", t.now_ms() + 20000)) {
    REQUIRE(t.now_ms() < 70000);
    t.heartbeat_answered(1, true);
    t.registered(1);
  }
  t.take();
  t.connected(0, 100, 1);
  const std::string now = std::to_string(t.now_ms());
  const std::string text = t.take();
  CAPTURE(text);
  CHECK(text.find(now + " ! contested\n") == 0);
  CHECK(text.find("ns0 register full epoch 2 ") != std::string::npos);
  CHECK(t.core().epoch().value() == 2);
  t.registered(0);
  CHECK(t.core().registered_count() >= 1);
}

TEST_CASE("stopping unregisters everywhere and then is finished") {
  Transcript t(make_settings(3), kTwoTopics);
  t.connected(0);
  t.registered(0);
  t.connected(1);  // registration under way
  t.take();
  t.send(Stop{Leave::kUnregister});  // ns2 still connects
  CHECK(t.take() == "0 ns2 disconnect\n0 ns0 unregister epoch 1\n");
  t.registered(1);
  CHECK(t.take() == "0 ns1 unregister epoch 1\n");
  t.send(UnregisterDone{t.link(0), model::UnregisterReply{true}});
  CHECK(t.take() == "0 ns0 disconnect\n");
  t.send(UnregisterDone{t.link(1), model::UnregisterReply{true}});
  CHECK(t.take() == "0 ns1 disconnect\n0 finished\n");
  CHECK(t.core().next_wakeup() == base::Instant::max());
}

TEST_CASE("stopping with keep announces a handover") {
  Transcript t = registered_once();
  settle(t);
  t.send(Stop{Leave::kKeep});
  CHECK(t.take() == "0 ns0 handover\n");
  t.send(HandoverDone{t.link(0), model::HandoverReply{true}});
  CHECK(t.take() == "0 ns0 disconnect\n0 finished\n");
}

TEST_CASE("stopping takes no longer than its timeout") {
  Transcript t = registered_once();
  settle(t);
  t.send(Stop{Leave::kUnregister});
  t.take();
  t.run_until_ms(10000);
  CHECK(t.take() ==
        "2000 ! left without goodbye\n2000 ns0 disconnect\n2000 finished\n");
}

TEST_CASE("an agent that never met a nameserver stops at once") {
  Transcript t = registered_once();
  t.take();
  t.send(Stop{});
  CHECK(t.take() == "0 ns0 disconnect\n0 finished\n");
}

TEST_CASE("a big registration gets more time than a small one") {
  Transcript small(make_settings(1), many_topics(1));
  small.connected(0);
  Transcript big(make_settings(1), many_topics(10000));
  big.connected(0);
  CHECK(small.last_deadline() < std::chrono::milliseconds(3001));
  CHECK(big.last_deadline() == std::chrono::seconds(8));
}

}  // namespace
}  // namespace waypost::agent
