// Whole commands against scripted nameservers on a simulated network.

#include <doctest/doctest.h>

#include "tests/admin_cli/command_setup.h"

namespace waypost::admin {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;
using codec::FrameKind;
using nlohmann::json;
using testing::Setup;

model::ClusterView view_with(std::uint32_t brokers) {
  model::ClusterView view;
  view.server_name = "scripted";
  view.brokers = brokers;
  return view;
}

TEST_CASE("the first nameserver that answers is enough") {
  Setup setup;
  setup.a.answer(FrameKind::kClusterView, view_with(4));
  setup.b.answer(FrameKind::kClusterView, view_with(5));
  const json document = setup.run_json({"cluster", "show"});
  CHECK(setup.last.exit_status == 0);
  CHECK(setup.last.err.empty());
  REQUIRE(document["answers"].size() == 1);
  CHECK(document["answers"][0]["nameserver"] == "10.0.0.1:9876");
  CHECK(document["answers"][0]["view"]["brokers"] == 4);
  CHECK(setup.b.requests == 0);
  // The connection is closed when the command is over.
  CHECK(setup.a.connection_count() == 0);
}

TEST_CASE("a dead nameserver is named and the next one asked") {
  Setup setup;
  setup.a.node.crash();
  setup.b.answer(FrameKind::kClusterView, view_with(5));
  const json document = setup.run_json({"cluster", "show"});
  CHECK(setup.last.exit_status == 0);
  CHECK(setup.last.err.find("waypostctl: 10.0.0.1:9876 did not answer: "
                            "unavailable: ") == 0);
  REQUIRE(document["answers"].size() == 2);
  CHECK(document["answers"][0]["ok"] == false);
  CHECK(document["answers"][0]["error"]["code"] == "unavailable");
  CHECK(document["answers"][1]["view"]["brokers"] == 5);
}

TEST_CASE("a hung nameserver costs its timeout and no more") {
  Setup setup;
  setup.a.node.freeze();
  setup.b.answer(FrameKind::kClusterView, view_with(5));
  const json document = setup.run_json({"cluster", "show"});
  CHECK(setup.last.exit_status == 0);
  CHECK(document["answers"][0]["error"]["code"] == "timed-out");
  CHECK(setup.took >= 3s);
  CHECK(setup.took < 4s);
}

TEST_CASE("a nameserver that stops answering after hello times out") {
  Setup setup;  // hello is answered, nothing else
  setup.settings.timeout = 500ms;
  const json document = setup.run_json({"broker", "list"});
  CHECK(setup.last.exit_status == 1);
  CHECK(document["answers"].size() == 2);
  CHECK(document["answers"][1]["error"]["code"] == "timed-out");
  CHECK(setup.took >= 1s);
  CHECK(setup.took < 1500ms);
}

TEST_CASE("with --all everybody is asked at once and the dead one shows") {
  Setup setup;
  setup.settings.all = true;
  setup.settings.output = static_cast<std::size_t>(OutputForm::kTable);
  setup.a.node.freeze();
  setup.b.answer(FrameKind::kClusterView, view_with(5));
  const Outcome outcome = setup.run({"cluster", "show"});
  CHECK(outcome.exit_status == 3);
  CHECK(outcome.out.find("10.0.0.1:9876  -         unreachable") !=
        std::string::npos);
  CHECK(outcome.out.find("10.0.0.2:9876  scripted  serving") !=
        std::string::npos);
  CHECK(outcome.err.find("10.0.0.1:9876 did not answer: timed-out") !=
        std::string::npos);
  CHECK(setup.took < 4s);
}

TEST_CASE("with --all differing tables are pointed out") {
  Setup setup;
  setup.settings.all = true;
  setup.settings.output = static_cast<std::size_t>(OutputForm::kTable);
  setup.a.answer(FrameKind::kClusterView, view_with(4));
  setup.b.answer(FrameKind::kClusterView, view_with(5));
  const Outcome outcome = setup.run({"cluster", "show"});
  CHECK(outcome.exit_status == 0);
  CHECK(outcome.out.find("! the nameservers differ in brokers: 4 at "
                         "10.0.0.1:9876, 5 at 10.0.0.2:9876") !=
        std::string::npos);
}

TEST_CASE("nobody there: every reason is told") {
  Setup setup;
  setup.a.node.crash();
  setup.b.node.crash();
  const Outcome outcome = setup.run({"ping"});
  CHECK(outcome.exit_status == 1);
  CHECK(outcome.err.find("10.0.0.1:9876 did not answer") != std::string::npos);
  CHECK(outcome.err.find("10.0.0.2:9876 did not answer") != std::string::npos);
}

// Answers with `total` brokers, `per_page` at a time; the token is a number.
void script_pages(ScriptedNameserver& nameserver, std::size_t total,
                  std::size_t per_page, std::string& seen_prefix) {
  nameserver.on(FrameKind::kListBrokers, [=, &seen_prefix](
                                             rpc::ServerSession& session,
                                             const codec::FrameView& frame) {
    const auto request = codec::decode<model::PageRequest>(frame.payload);
    REQUIRE(request);
    seen_prefix = request->prefix;
    const std::size_t first =
        request->after.empty() ? 0 : std::stoul(request->after);
    model::BrokerPage page;
    for (std::size_t i = first; i < total && i < first + per_page; ++i) {
      model::BrokerListing broker;
      broker.cluster = model::ClusterName("shop");
      broker.broker.broker_name =
          model::BrokerName("broker-" + std::to_string(i));
      broker.address = {"10.0.1.1", 10911};
      page.brokers.push_back(broker);
    }
    if (first + per_page < total) {
      page.next = std::to_string(first + per_page);
    }
    session.reply(FrameKind::kListBrokers, codec::kFlagReply,
                  frame.header.correlation_id, codec::encode(page));
  });
}

TEST_CASE("listings are followed to their last page") {
  Setup setup;
  std::string prefix;
  script_pages(setup.a, 25, 10, prefix);
  setup.settings.prefix = "broker-";
  const json document = setup.run_json({"broker", "list"});
  CHECK(setup.last.exit_status == 0);
  const json& brokers = document["answers"][0]["brokers"];
  REQUIRE(brokers.size() == 25);
  CHECK(brokers[24]["broker_name"] == "broker-24");
  CHECK(setup.a.requests == 3);
  CHECK(prefix == "broker-");
}

TEST_CASE("a nameserver that fails between pages gives no partial list") {
  Setup setup;
  std::string prefix;
  script_pages(setup.b, 3, 10, prefix);
  model::BrokerPage first;
  first.brokers.resize(1);
  first.brokers[0].cluster = model::ClusterName("shop");
  first.brokers[0].broker.broker_name = model::BrokerName("x");
  first.brokers[0].address = {"10.0.1.1", 10911};
  first.next = "1";
  setup.a.on(FrameKind::kListBrokers,
             [&setup, first](rpc::ServerSession& session,
                             const codec::FrameView& frame) {
               if (setup.a.requests > 1) return session.close();
               session.reply(FrameKind::kListBrokers, codec::kFlagReply,
                             frame.header.correlation_id, codec::encode(first));
             });
  const json document = setup.run_json({"broker", "list"});
  CHECK(setup.last.exit_status == 0);
  CHECK(document["answers"][0]["error"]["code"] == "unavailable");
  CHECK(document["answers"][1]["brokers"].size() == 3);
}

TEST_CASE("a listing that does not advance is refused") {
  Setup setup;
  setup.settings.nameservers = {setup.a.endpoint};
  model::TopicPage page;
  SUBCASE("the same page again and again") {
    page.topics.push_back({model::TopicName("orders"), 1, 4, 4});
    page.next = "orders";
    setup.a.answer(FrameKind::kListTopics, page);
    const json document = setup.run_json({"topic", "list"});
    CHECK(document["answers"][0]["error"]["code"] == "malformed");
    CHECK(setup.a.requests == 2);
  }
  SUBCASE("empty pages with ever new tokens") {
    setup.a.on(FrameKind::kListTopics, [&setup](rpc::ServerSession& session,
                                                const codec::FrameView& frame) {
      model::TopicPage empty;
      empty.next = std::to_string(setup.a.requests);
      session.reply(FrameKind::kListTopics, codec::kFlagReply,
                    frame.header.correlation_id, codec::encode(empty));
    });
    const json document = setup.run_json({"topic", "list"});
    CHECK(document["answers"][0]["error"]["code"] == "malformed");
    CHECK(setup.a.requests == 1);
  }
  CHECK(setup.last.exit_status == 1);
}

model::VersionedRoute route_of(const std::string& topic) {
  model::RouteGroup group;
  group.cluster = model::ClusterName("shop");
  group.broker_name = model::BrokerName("broker-a");
  group.queues.read_queues = 4;
  group.queues.write_queues = 4;
  group.replicas = {{model::kMasterId, {"10.0.1.1", 10911}, {}, ""}};
  model::Route route{model::TopicName(topic), {group}};
  return {route, model::digest_route(route)};
}

void answer_route(ScriptedNameserver& nameserver,
                  std::vector<model::VersionedRoute> routes,
                  model::RouteQueryEnd end) {
  nameserver.on(
      FrameKind::kQueryRoutes,
      [routes = std::move(routes), end = std::move(end)](
          rpc::ServerSession& session, const codec::FrameView& frame) {
        const std::uint64_t id = frame.header.correlation_id;
        for (const model::VersionedRoute& route : routes) {
          session.reply(FrameKind::kRoute, codec::kFlagReply | codec::kFlagMore,
                        id, codec::encode(route));
        }
        session.reply(FrameKind::kQueryRoutes, codec::kFlagReply, id,
                      codec::encode(end));
      });
}

TEST_CASE("a topic's route is shown") {
  Setup setup;
  answer_route(setup.a, {route_of("orders")}, {});
  const json document = setup.run_json({"topic", "route", "orders"});
  CHECK(setup.last.exit_status == 0);
  CHECK(document["answers"][0]["route"]["groups"][0]["broker_name"] ==
        "broker-a");
}

model::RouteQueryEnd end_with(ErrorCode code, const std::string& message) {
  model::RouteQueryEnd end;
  end.errors.push_back({model::TopicName("orders"), {code, message, ""}});
  return end;
}

TEST_CASE("an unknown topic is an answer: nobody else is asked") {
  Setup setup;
  answer_route(setup.a, {}, end_with(ErrorCode::kNotFound, "no such topic"));
  answer_route(setup.b, {route_of("orders")}, {});
  const json document = setup.run_json({"topic", "route", "orders"});
  CHECK(setup.last.exit_status == 1);
  CHECK(document["answers"].size() == 1);
  CHECK(setup.last.err ==
        "waypostctl: 10.0.0.1:9876: not-found: no such topic\n");
  CHECK(setup.b.requests == 0);
}

TEST_CASE("a nameserver that is not ready is passed over") {
  Setup setup;
  SUBCASE("by an error frame") {
    setup.a.fail(FrameKind::kQueryRoutes,
                 {ErrorCode::kNotReady, "starting: waits for 1 broker", ""});
  }
  SUBCASE("by the end frame") {
    answer_route(
        setup.a, {},
        end_with(ErrorCode::kNotReady, "starting: waits for 1 broker"));
  }
  answer_route(setup.b, {route_of("orders")}, {});
  const json document = setup.run_json({"topic", "route", "orders"});
  CHECK(setup.last.exit_status == 0);
  CHECK(setup.last.err ==
        "waypostctl: 10.0.0.1:9876 is not ready: not-ready: starting: waits "
        "for 1 broker\n");
  CHECK(document["answers"][1]["ok"] == true);
}

TEST_CASE("answers that make no sense are malformed, and the next is asked") {
  Setup setup;
  answer_route(setup.b, {route_of("orders")}, {});
  SUBCASE("another topic's route") {
    answer_route(setup.a, {route_of("payments")}, {});
  }
  SUBCASE("the route twice") {
    answer_route(setup.a, {route_of("orders"), route_of("orders")}, {});
  }
  SUBCASE("neither route nor error") { answer_route(setup.a, {}, {}); }
  SUBCASE("a route without an end") {
    setup.a.on(FrameKind::kQueryRoutes,
               [](rpc::ServerSession& session, const codec::FrameView& frame) {
                 session.reply(FrameKind::kRoute, codec::kFlagReply,
                               frame.header.correlation_id,
                               codec::encode(route_of("orders")));
               });
  }
  SUBCASE("bytes that are no FlatBuffer") {
    setup.a.on(FrameKind::kQueryRoutes, [](rpc::ServerSession& session,
                                           const codec::FrameView& frame) {
      session.reply(FrameKind::kQueryRoutes, codec::kFlagReply,
                    frame.header.correlation_id, std::string(64, '\xff'));
    });
  }
  SUBCASE("the wrong kind") {
    setup.a.on(FrameKind::kQueryRoutes, [](rpc::ServerSession& session,
                                           const codec::FrameView& frame) {
      session.reply(FrameKind::kClusterView, codec::kFlagReply,
                    frame.header.correlation_id, codec::encode(view_with(1)));
    });
  }
  const json document = setup.run_json({"topic", "route", "orders"});
  CHECK(setup.last.exit_status == 0);
  REQUIRE(document["answers"].size() == 2);
  CHECK(document["answers"][0]["error"]["code"] == "malformed");
  CHECK(document["answers"][1]["ok"] == true);
}

TEST_CASE("a refusal is told in the words of the nameserver") {
  Setup setup;
  setup.settings.nameservers = {setup.a.endpoint};
  setup.a.on(FrameKind::kPing,
             [](rpc::ServerSession& session, const codec::FrameView& frame) {
               session.refuse(frame.header.correlation_id,
                              {ErrorCode::kDenied, "admins only", ""});
             });
  const json document = setup.run_json({"ping"});
  CHECK(setup.last.exit_status == 1);
  CHECK(document["answers"][0]["error"]["code"] == "denied");
  CHECK(setup.last.err.find("10.0.0.1:9876 refused: denied: ") !=
        std::string::npos);
}

TEST_CASE("ping measures connecting and one round trip") {
  Setup setup;
  setup.a.hello.state = model::ServerState::kRecovering;
  setup.a.hello.state_reason = "slept for 5s";
  setup.world.set_delay("operator", "ns-a", {10ms, 10ms});
  setup.a.on(FrameKind::kPing,
             [](rpc::ServerSession& session, const codec::FrameView& frame) {
               session.reply(FrameKind::kPing, codec::kFlagReply,
                             frame.header.correlation_id, "");
             });
  const json document = setup.run_json({"ping"});
  CHECK(setup.last.exit_status == 0);
  const json& ping = document["answers"][0]["ping"];
  CHECK(ping["name"] == "ns-a");
  CHECK(ping["state"] == "recovering");
  CHECK(ping["state_reason"] == "slept for 5s");
  CHECK(ping["incarnation"] == "0000000000000007");
  CHECK(ping["round_trip_ms"].get<double>() >= 20);
  CHECK(ping["round_trip_ms"].get<double>() < 30);
  CHECK(ping["connect_ms"].get<double>() >= 40);
  CHECK(ping["connect_ms"].get<double>() < 60);
}

TEST_CASE("a command that is given up leaves nothing behind") {
  Setup setup;
  bool called = false;
  {
    const auto running = run_command(setup.operator_node.executor(),
                                     setup.operator_node.network(),
                                     setup.settings, *parse_command({"ping"}),
                                     [&](const Outcome&) { called = true; });
    setup.world.run_for(50ms);
  }
  setup.world.run_for(10s);
  CHECK_FALSE(called);
  CHECK(setup.a.connection_count() == 0);
}

}  // namespace
}  // namespace waypost::admin
