// REGISTER_BROKER: what is parsed, where, and in what order.

#include <string>

#include <doctest/doctest.h>

#include "tests/namesrv/handlers/remoting_harness.h"

namespace waypost::handlers {
namespace {

using support::RemotingAnswer;
using support::RemotingBroker;
using Names = std::vector<std::string>;
namespace code = remoting::response_code;

RemotingBroker large_broker(int topics = 2'000) {
  RemotingBroker broker;
  broker.topics.clear();
  for (int i = 0; i < topics; ++i) {
    broker.topics.push_back("topic-" + std::to_string(i));
  }
  return broker;
}

Names route(RemotingHarness& harness, const std::string& topic) {
  const auto answer = harness.ask(support::route_request(topic, 7));
  REQUIRE(answer.has_value());
  return answer->brokers();
}

TEST_CASE("a large body is parsed on a decode thread, a small one at once") {
  RemotingHarness harness({.decode_thread = true});
  const auto id = harness.connect();
  harness.say(id, support::register_request(RemotingBroker{}, 1));
  harness.settle();
  CHECK(harness.decodes.empty());
  CHECK(support::take_answer(harness.session(id).written)->command.code ==
        code::kSuccess);

  RemotingBroker large = large_broker();
  large.name = "broker-large";
  harness.say(id, support::register_request(large, 2));
  harness.settle();
  CHECK(harness.decodes.size() == 1);
  CHECK(harness.session(id).written.empty());
  CHECK(route(harness, "topic-0").empty());
}

TEST_CASE("who is answered is registered, and what follows has waited") {
  RemotingHarness harness({.decode_thread = true});
  const auto id = harness.connect();
  harness.say(id, support::register_request(large_broker(), 1));
  // The wire hands nothing out while a request is alone.
  CHECK(harness.session(id).expected == 1);
  CHECK(harness.session(id).alone);
  harness.settle();
  CHECK(harness.session(id).alone);
  harness.run_decode();
  CHECK(harness.session(id).expected == 0);
  CHECK(support::take_answer(harness.session(id).written)->command.code ==
        code::kSuccess);
  CHECK(route(harness, "topic-1999") == Names{"broker-a"});
}

TEST_CASE("an equal registration is not parsed again") {
  RemotingHarness harness({.decode_thread = true});
  const auto id = harness.connect();
  const RemotingBroker broker = large_broker();
  REQUIRE(harness.ask(id, support::register_request(broker, 1)));
  CHECK(harness.decodes_run == 1);
  for (int i = 0; i < 10; ++i) {
    const auto answer =
        harness.ask(id, support::register_request(broker, 2 + i));
    REQUIRE(answer.has_value());
    CHECK(answer->command.code == code::kSuccess);
    CHECK(answer->command.opaque == 2 + i);
  }
  CHECK(harness.decodes_run == 1);

  SUBCASE("another data version is another body") {
    RemotingBroker newer = broker;
    newer.version.counter = 2;
    REQUIRE(harness.ask(id, support::register_request(newer, 50)));
    CHECK(harness.decodes_run == 2);
  }
  SUBCASE("another ext field is another registration") {
    RemotingBroker elsewhere = broker;
    elsewhere.ha_address = "127.0.0.1:9";
    REQUIRE(harness.ask(id, support::register_request(elsewhere, 50)));
    CHECK(harness.decodes_run == 2);
  }
  SUBCASE("another connection takes the broker over without parsing") {
    const auto other = harness.connect();
    REQUIRE(harness.ask(other, support::register_request(broker, 50)));
    CHECK(harness.decodes_run == 1);
    harness.disconnect(id);
    CHECK(route(harness, "topic-0") == Names{"broker-a"});
    harness.disconnect(other);
    CHECK(route(harness, "topic-0").empty());
  }
  SUBCASE("a broker that went is parsed when it comes back") {
    REQUIRE(harness.ask(id, support::unregister_request(broker, 50)));
    CHECK(route(harness, "topic-0").empty());
    REQUIRE(harness.ask(id, support::register_request(broker, 51)));
    CHECK(harness.decodes_run == 2);
    CHECK(route(harness, "topic-0") == Names{"broker-a"});
  }
}

TEST_CASE(
    "a slave's unparsed registration is answered with the master of now") {
  RemotingHarness harness;
  const auto id = harness.connect();
  RemotingBroker slave;
  slave.id = 1;
  slave.address = "127.0.0.1:10921";
  auto answer = harness.ask(id, support::register_request(slave, 1));
  REQUIRE(answer.has_value());
  CHECK_FALSE(answer->command.ext_fields->contains("masterAddr"));
  REQUIRE(harness.ask(support::register_request(RemotingBroker{}, 2)));
  answer = harness.ask(id, support::register_request(slave, 3));
  REQUIRE(answer.has_value());
  CHECK(*answer->command.ext_field("masterAddr") == "127.0.0.1:10911");
  CHECK(*answer->command.ext_field("haServerAddr") == "127.0.0.1:10912");
}

TEST_CASE("a body on its way is charged to the budget, and given back") {
  RemotingHarness harness({.decode_thread = true, .decode_budget = 400'000});
  const auto first = harness.connect();
  const auto second = harness.connect();
  const std::string frame = support::register_request(large_broker(), 1);
  REQUIRE(frame.size() > 200'000);
  REQUIRE(frame.size() < 400'000);
  harness.say(first, frame);
  harness.settle();
  CHECK(harness.decode_budget.used() > 200'000);
  // There is no room for another: the broker hears it at once and comes again.
  harness.say(second, frame);
  harness.settle();
  const auto refused = support::take_answer(harness.session(second).written);
  REQUIRE(refused.has_value());
  CHECK(refused->command.code == code::kSystemBusy);
  CHECK(harness.session(second).expected == 0);

  harness.run_decode();
  CHECK(harness.decode_budget.used() == 0);
  REQUIRE(harness.ask(second, frame)->command.code == code::kSuccess);
  CHECK(harness.decode_budget.used() == 0);
}

TEST_CASE("a registration whose connection closed meanwhile is dropped") {
  for (const bool before_decode : {true, false}) {
    CAPTURE(before_decode);
    RemotingHarness harness({.decode_thread = true});
    const auto id = harness.connect();
    harness.say(id, support::register_request(large_broker(), 1));
    harness.settle();
    if (before_decode) harness.disconnect(id);
    auto task = std::move(harness.decodes.front());
    harness.decodes.clear();
    task();
    task = nullptr;
    if (!before_decode) harness.disconnect(id);
    harness.settle();
    CHECK(route(harness, "topic-0").empty());
    CHECK(harness.decode_budget.used() == 0);
  }
}

TEST_CASE("what cannot be parsed is refused, and nothing is registered") {
  RemotingHarness harness;
  RemotingBroker broker;
  const auto with_field = [&](const char* name, const std::string& value) {
    const std::string frame = support::register_request(broker, 1);
    const auto scan =
        remoting::scan_frame(std::as_bytes(std::span(frame)), 1'000'000);
    auto command = *remoting::decode_header(scan.frame);
    if (value.empty()) {
      command.ext_fields->erase(name);
    } else {
      command.ext_fields->set(name, value);
    }
    return harness.ask(
        remoting::encode_frame(command, std::string(scan.frame.body)));
  };
  for (const char* missing :
       {"brokerName", "brokerAddr", "clusterName", "brokerId"}) {
    CAPTURE(std::string(missing));
    const auto answer = with_field(missing, "");
    REQUIRE(answer.has_value());
    CHECK(answer->command.code == code::kSystemError);
    CHECK(answer->command.remark->find(missing) != std::string::npos);
  }
  CHECK(with_field("brokerId", "one")->command.code == code::kSystemError);
  CHECK(with_field("compressed", "true")->command.code == code::kSystemError);
  const auto crc = with_field("bodyCrc32", "12345");
  CHECK(crc->command.remark == "crc32 not match");
  CHECK(crc->command.ext_fields.has_value());
  CHECK(route(harness, "TopicTest").empty());
  // What Java does not look at is not looked at here.
  CHECK(with_field("haServerAddr", "")->command.code == code::kSuccess);
  CHECK(with_field("heartbeatTimeoutMillis", "soon")->command.code ==
        code::kSuccess);
  CHECK(route(harness, "TopicTest") == Names{"broker-a"});
}

TEST_CASE("a deflated body is inflated whatever the header says of it") {
  RemotingHarness harness({.decode_thread = true});
  RemotingBroker broker = large_broker(20'000);
  broker.deflated = true;
  const auto id = harness.connect();
  REQUIRE(harness.ask(id, support::register_request(broker, 1))->command.code ==
          code::kSuccess);
  CHECK(route(harness, "topic-19999") == Names{"broker-a"});
}

}  // namespace
}  // namespace waypost::handlers
