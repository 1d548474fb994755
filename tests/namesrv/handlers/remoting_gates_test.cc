// What a netsplit refuses over remoting, and what it lets through.

#include <string>

#include <doctest/doctest.h>

#include "tests/namesrv/handlers/remoting_harness.h"

namespace waypost::handlers {
namespace {

using partition::Operation;
using support::remoting_request;
using support::RemotingBroker;
namespace request = remoting::request_code;
namespace code = remoting::response_code;

partition::Readiness without(const std::string& name) {
  const model::PeerName self("ns-0");
  const model::PeerName gone(name);
  partition::Readiness readiness;
  readiness.check({self, gone}, {{self, {true, partition::Link::kUp}}});
  return readiness;
}

struct Split {
  explicit Split(std::initializer_list<Operation> allowed = {}) {
    harness.ask(broker_connection, support::register_request(broker, 1));
    partition::GateSettings gates{.all_members = true};
    for (const Operation each : allowed) {
      gates.allow[static_cast<std::size_t>(each)] = true;
    }
    harness.service->set_gates(gates, without("ns-9"));
  }
  // Whether it is refused with the words that say why.
  bool refused(const std::string& frame) {
    const auto answer = harness.ask(frame);
    REQUIRE(answer.has_value());
    const std::string remark = answer->command.remark.value_or("");
    const bool says_why =
        remark.find("not-ready: netsplit, missing peers ns-9") !=
        std::string::npos;
    CHECK(says_why == (answer->command.code == code::kSystemError));
    return says_why;
  }

  RemotingHarness harness;
  RemotingBroker broker;
  std::uint64_t broker_connection = harness.connect();
};

std::string put_kv() {
  return remoting_request(request::kPutKvConfig, 5,
                          {{"namespace", "a"}, {"key", "b"}, {"value", "c"}},
                          {});
}

TEST_CASE("a netsplit refuses each operation whose switch is off") {
  Split split;
  CHECK(split.refused(support::register_request(split.broker, 2)));
  CHECK(split.refused(support::unregister_request(split.broker, 3)));
  CHECK(split.refused(support::route_request("TopicTest", 4)));
  CHECK(split.refused(put_kv()));
  split.harness.service->set_gates({.all_members = true}, {});
  CHECK_FALSE(split.refused(support::route_request("TopicTest", 4)));
  CHECK_FALSE(split.refused(put_kv()));
}

TEST_CASE("what its switch allows goes on") {
  Split split(
      {Operation::kQuery, Operation::kRegister, Operation::kUnregister});
  CHECK_FALSE(split.refused(support::route_request("TopicTest", 4)));
  CHECK_FALSE(split.refused(support::register_request(split.broker, 2)));
  CHECK(split.refused(put_kv()));
  CHECK_FALSE(split.refused(support::unregister_request(split.broker, 3)));
}

TEST_CASE("a broker whose registrations are refused is not dropped for it") {
  Split split({Operation::kQuery});
  for (int i = 0; i < 20; ++i) {
    split.harness.world.run_for(std::chrono::seconds(30));
    split.harness.ask(split.broker_connection,
                      support::register_request(split.broker, 2));
  }
  const auto route = split.harness.ask(support::route_request("TopicTest", 4));
  REQUIRE(route.has_value());
  CHECK(route->command.code == code::kSuccess);
}

}  // namespace
}  // namespace waypost::handlers
