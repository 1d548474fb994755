// One real nameserver, brokers and clients of both protocols; and what a
// RocketMQ operator brings along.

#include <fstream>

#include <doctest/doctest.h>

#include "tests/processes/system.h"
#include "tests/support/raw_client.h"
#include "tests/support/remoting_requests.h"

namespace waypost::processes {
namespace {

using namespace std::chrono_literals;
using support::RawClient;
using support::RemotingAnswer;
using support::RemotingBroker;
namespace code = remoting::request_code;

RemotingAnswer ask(RawClient& client, const std::string& frame) {
  REQUIRE(client.send(frame));
  auto answer = client.read_answer(scaled(20s));
  REQUIRE(answer.has_value());
  return *answer;
}

Names stock_route(RawClient& client, const std::string& topic) {
  return ask(client, support::route_request(topic, 1)).brokers();
}

TEST_CASE("a broker of one protocol is seen through the other") {
  System system(1);
  const base::Endpoint nameserver = system.nameservers[0]->endpoint();
  system.add_agent("broker-native", {}, "127.0.0.1:1001");
  REQUIRE(system.all_have({"broker-native"}));

  RawClient client(nameserver);
  CHECK(stock_route(client, kTopic) == Names{"broker-native"});

  RawClient stock(nameserver);
  RemotingBroker broker;
  broker.name = "broker-stock";
  broker.topics = {kTopic, "stock-only"};
  CHECK(ask(stock, support::register_request(broker, 1)).command.code ==
        remoting::response_code::kSuccess);
  INFO(system.transcript());
  CHECK(support::wait_for_route(nameserver, kTopic,
                                {"broker-native", "broker-stock"}, scaled(5s)));
  CHECK(support::wait_for_route(nameserver, "stock-only", {"broker-stock"},
                                scaled(5s)));
  CHECK(stock_route(client, kTopic) == Names{"broker-native", "broker-stock"});
  const auto route = remoting::decode_route(
      ask(client, support::route_request(kTopic, 2)).body);
  REQUIRE(route.has_value());
  CHECK(route->brokers[0].addresses ==
        remoting::BrokerAddresses{{0, "127.0.0.1:1001"}});

  // An operator's wipe reaches clients of both.
  ask(client, support::remoting_request(code::kWipeWritePermOfBroker, 3,
                                        {{"brokerName", "broker-native"}}));
  auto created = Client::create(system.client_options());
  REQUIRE(created.has_value());
  const auto seen = created->route(kTopic, scaled(5s));
  REQUIRE(seen.has_value());
  CHECK_FALSE(seen->groups[0].writable);
  CHECK(seen->groups[1].writable);

  stock.close();
  CHECK(support::wait_for_route(nameserver, kTopic, {"broker-native"},
                                scaled(5s)));
  system.agents[0]->process().kill();
  CHECK(wait_until(scaled(5s),
                   [&] { return stock_route(client, kTopic).empty(); }));
}

TEST_CASE("RocketMQ's properties file and key-value file are taken over") {
  support::TempDir dir;
  const std::string properties = (dir.path() / "namesrv.properties").string();
  const std::string kv = (dir.path() / "kvConfig.json").string();
  std::ofstream(properties) << "orderMessageEnable=true\n"
                               "serverWorkerThreads=8\n"
                               "kvConfigPath="
                            << kv << "\nlistenPort=1\n";
  std::ofstream(kv)
      << R"({"configTable":{"ORDER_TOPIC_CONFIG":{"TopicTest":"broker-a:4"}}})";
  support::NameserverProcess nameserver("rocketmq-4", {"-c", properties});
  REQUIRE(nameserver.start());
  {
    RawClient broker(nameserver.endpoint());
    ask(broker, support::register_request(RemotingBroker{}, 1));
    const auto route = remoting::decode_route(
        ask(broker, support::route_request("TopicTest", 2)).body);
    REQUIRE(route.has_value());
    CHECK(route->order_topic_conf == "broker-a:4");
    ask(broker, support::remoting_request(
                    code::kPutKvConfig, 3,
                    {{"namespace", "NS"}, {"key", "k"}, {"value", "v"}}));
    ask(broker, support::remoting_request(code::kDeleteKvConfig, 4,
                                          {{"namespace", "ORDER_TOPIC_CONFIG"},
                                           {"key", "TopicTest"}}));
  }
  CHECK(nameserver.process().transcript().find("key=serverWorkerThreads") !=
        std::string::npos);

  // Killed as soon as the answers are there: all is kept, and what was deleted
  // does not come back from the file.
  nameserver.process().kill();
  REQUIRE(nameserver.process().wait(scaled(5s)).has_value());
  REQUIRE(nameserver.start());
  RawClient client(nameserver.endpoint());
  const auto kept = ask(
      client, support::remoting_request(code::kGetKvConfig, 1,
                                        {{"namespace", "NS"}, {"key", "k"}}));
  REQUIRE(kept.command.ext_field("value") != nullptr);
  CHECK(*kept.command.ext_field("value") == "v");
  CHECK(ask(client,
            support::remoting_request(
                code::kGetKvConfig, 2,
                {{"namespace", "ORDER_TOPIC_CONFIG"}, {"key", "TopicTest"}}))
            .command.code == remoting::response_code::kQueryNotFound);
}

TEST_CASE("a broker with 70 000 topics registers where the limit is raised") {
  RemotingBroker broker;
  broker.topics.clear();
  for (int i = 0; i < 70'000; ++i) {
    broker.topics.push_back("a-topic-with-a-rather-long-name-of-its-own-" +
                            std::to_string(100'000 + i));
  }
  // As 5.x writes each: a frame above 16 MiB.
  std::string frame = support::register_request(broker, 1);
  CAPTURE(frame.size());
  const std::size_t limit = frame.size() - 1;
  for (const bool raised : {false, true}) {
    CAPTURE(raised);
    support::NameserverProcess nameserver(
        "rocketmq-4", {"--remoting.frame-limit",
                       std::to_string(raised ? frame.size() : limit)});
    REQUIRE(nameserver.start());
    RawClient client(nameserver.endpoint());
    if (!raised) {
      client.send(frame);
      CHECK(client.wait_closed(scaled(5s)));
      CHECK(wait_until(scaled(5s), [&] {
        return nameserver.process().transcript().find(
                   "remoting.frame-limit is " + std::to_string(limit)) !=
               std::string::npos;
      }));
      continue;
    }
    CHECK(ask(client, frame).command.code == remoting::response_code::kSuccess);
    CHECK(stock_route(client, broker.topics.back()) == Names{"broker-a"});
    const auto list = remoting::decode_topic_list(
        ask(client, support::remoting_request(code::kGetAllTopicList, 2)).body);
    REQUIRE(list.has_value());
    CHECK(list->topics.size() == 70'000);
  }
}

}  // namespace
}  // namespace waypost::processes
