// Probes against servers that answer, refuse, hang, drip, lie and babble, on
// the simulated network.

#include <optional>

#include <doctest/doctest.h>

#include "broker_agent/runtime/probe_loop.h"
#include "tests/broker_agent/runtime/scripted_broker.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::agent {
namespace {

using namespace std::chrono_literals;
using testing::mqtt_answer;
using testing::rocketmq_answer;
using testing::rocketmq_request_bytes;
using testing::ScriptedBroker;

const base::Endpoint kBroker{"10.0.0.1", 1883};

// A broker's node, an agent's node, and the results of one probe.
struct ProbeWorld {
  explicit ProbeWorld(const std::string& probe) {
    spec = *parse_probe(probe, kBroker);
    broker.emplace(broker_node.executor(), broker_node.network(), kBroker);
    if (spec.kind == ProbeKind::kRocketmq) {
      broker->set_requests(rocketmq_request_bytes);
    }
  }
  void start() {
    ProbeSurroundings around{agent_node.executor(), agent_node.network(), {}};
    loop.emplace(agent_node.executor(), make_prober(around, spec, 1),
                 ProbeTiming{}, [this](ProbeResult result) {
                   times.push_back(world.elapsed());
                   results.push_back(std::move(result));
                 });
    loop->start();
  }
  // Runs until `count` more results are there.
  void run_results(std::size_t count) {
    const std::size_t until = results.size() + count;
    REQUIRE(world.run_until([&] { return results.size() >= until; },
                            10s * static_cast<int>(count)));
  }
  const ProbeResult& last() const { return results.back(); }
  std::size_t passes() const {
    std::size_t count = 0;
    for (const auto& each : results) count += each.passed ? 1U : 0U;
    return count;
  }

  sim::SimWorld world;
  sim::SimNode& broker_node = world.add_node("broker", "10.0.0.1");
  sim::SimNode& agent_node = world.add_node("agent", "10.0.0.2");
  ProbeSpec spec;
  std::optional<ScriptedBroker> broker;
  std::vector<ProbeResult> results;
  std::vector<base::Duration> times;
  std::optional<ProbeLoop> loop;
};

std::string ok_http(std::string_view) {
  return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
}
std::string pong(std::string_view) { return "+PONG\r\n"; }

TEST_CASE("a healthy broker passes every kind, once each interval") {
  std::string kind;
  ScriptedBroker::Answer answer;
  SUBCASE("tcp") { kind = "tcp"; }
  SUBCASE("tcp-exchange") {
    kind = "tcp-exchange:PING\\r\\n/+PONG";
    answer = pong;
  }
  SUBCASE("http") {
    kind = "http:/ready";
    answer = ok_http;
  }
  SUBCASE("mqtt") {
    kind = "mqtt";
    answer = mqtt_answer();
  }
  SUBCASE("rocketmq") {
    kind = "rocketmq";
    answer = rocketmq_answer();
  }
  CAPTURE(kind);
  const bool keeps = kind == "mqtt" || kind == "rocketmq";
  ProbeWorld w(kind);
  w.broker->set_answer(answer);
  w.start();
  w.run_results(10);
  CHECK(w.passes() == 10);
  CHECK(w.times.back() - w.times.front() >= 8900ms);
  CHECK(w.times.back() - w.times.front() <= 9100ms);
  // Some keep their connection, the others leave none behind.
  w.world.run_for(500ms);
  CHECK(w.broker->accepted() == (keeps ? 1 : 10));
  CHECK(w.broker->open_connections() == (keeps ? 1 : 0));
}

TEST_CASE("what is sent and asked for is what the operator wrote") {
  std::string seen;
  SUBCASE("tcp-exchange") {
    ProbeWorld w("tcp-exchange:PING\\r\\n/+PONG");
    w.broker->set_answer([&](std::string_view bytes) {
      seen += bytes;
      return "+PONG\r\n";
    });
    w.start();
    w.run_results(1);
    CHECK(seen == "PING\r\n");
  }
  SUBCASE("http") {
    ProbeWorld w("http://10.0.0.1:1883/a?b=c");
    w.broker->set_answer([&](std::string_view bytes) {
      seen += bytes;
      return ok_http(bytes);
    });
    w.start();
    w.run_results(1);
    CHECK(seen.starts_with("GET /a?b=c HTTP/1.1\r\nHost: 10.0.0.1:1883\r\n"));
    CHECK(seen.ends_with("\r\n\r\n"));
  }
  SUBCASE("a server that speaks first") {
    ProbeWorld w("tcp-exchange:/SSH-");
    w.broker->set_greeting("SSH-2.0-x\r\n");
    w.start();
    w.run_results(1);
    CHECK(w.last().passed);
  }
}

TEST_CASE("a refused connection fails at once and says so") {
  for (const char* kind :
       {"tcp", "tcp-exchange:a/b", "http:/", "mqtt", "rocketmq"}) {
    CAPTURE(kind);
    ProbeWorld w(kind);
    w.broker->stop_listening();
    w.start();
    w.run_results(1);
    CHECK_FALSE(w.last().passed);
    CHECK(w.times.back() < 100ms);
    CAPTURE(w.last().detail);
    CHECK(w.last().detail.find("10.0.0.1:1883") != std::string::npos);
  }
}

TEST_CASE("a machine that is gone fails every kind after the timeout") {
  for (const char* kind :
       {"tcp", "tcp-exchange:a/b", "http:/", "mqtt", "rocketmq"}) {
    CAPTURE(kind);
    ProbeWorld w(kind);
    w.world.isolate("broker");
    w.start();
    w.run_results(2);
    CHECK(w.passes() == 0);
    CHECK(w.times[0] >= 1000ms);
    CHECK(w.times[1] <= 2010ms);
  }
}

TEST_CASE("a hung broker fails every kind but tcp within two timeouts") {
  const std::vector<
      std::tuple<const char*, ScriptedBroker::Answer, const char*, const char*>>
      cases = {{"tcp-exchange:PING/+PONG", pong, "'+PONG'", "'+PONG'"},
               {"http:/", ok_http, "an HTTP response", "an HTTP response"},
               {"mqtt", mqtt_answer(), "PINGRESP", "CONNACK"},
               {"rocketmq", rocketmq_answer(), "an answer", "an answer"}};
  for (const auto& [kind, answer, first, second] : cases) {
    CAPTURE(kind);
    ProbeWorld w(kind);
    w.broker->set_answer(answer);
    w.start();
    w.run_results(3);
    CHECK(w.passes() == 3);
    const base::Duration hung_at = w.world.elapsed();
    w.broker_node.freeze();
    w.run_results(2);
    CHECK(w.passes() == 3);
    CHECK(w.times.back() - hung_at <= 3010ms);
    CHECK(w.results[3].detail.find(first) != std::string::npos);
    CHECK(w.results[4].detail.find(second) != std::string::npos);
    // And it passes again as soon as the broker runs.
    w.broker_node.thaw();
    w.run_results(3);
    CHECK(w.last().passed);
  }
}

TEST_CASE("tcp cannot see a hang: the kernel still accepts") {
  ProbeWorld w("tcp");
  w.start();
  w.broker_node.freeze();
  w.run_results(5);
  CHECK(w.passes() == 5);
}

TEST_CASE("an answer that drips too slowly is no answer") {
  for (const char* kind : {"tcp-exchange:a/+PONG", "http:/", "mqtt"}) {
    CAPTURE(kind);
    ProbeWorld w(kind);
    w.broker->set_drip(400ms);
    w.broker->set_answer(std::string_view(kind) == "mqtt"     ? mqtt_answer()
                         : std::string_view(kind) == "http:/" ? ok_http
                                                              : pong);
    w.start();
    w.run_results(3);
    CHECK(w.passes() == 0);
    CHECK(w.times[0] >= 1000ms);
    w.world.run_for(100ms);
    CHECK(w.broker->open_connections() <= 1);  // the attempt under way
  }
}

TEST_CASE("an answer in single bytes within the timeout passes") {
  ProbeWorld w("http:/");
  w.broker->set_drip(5ms);
  w.broker->set_answer(ok_http);
  w.start();
  w.run_results(2);
  CHECK(w.passes() == 2);
}

TEST_CASE("wrong answers fail at once with what was seen") {
  const std::vector<std::tuple<const char*, std::string, const char*>> cases = {
      {"http:/", "HTTP/1.1 500 Oops\r\n\r\n", "status 500"},
      {"http:/", "220 smtp ready\r\n", "not HTTP: '220 smtp ready"},
      {"mqtt", std::string("\x20\x02\0\x03", 4), "server unavailable"},
      {"mqtt", "HTTP/1.1 400 Bad Request\r\n", "not MQTT: 'HTTP"},
      {"mqtt", std::string("\xd0\0", 2), "unexpected packet of type 13"},
      {"rocketmq", "220 smtp ready\r\n", "not RocketMQ: '220 smtp"},
      {"rocketmq", std::string("\0\0\0\x0c\0\0\0\x08{\"code\"", 16),
       "not RocketMQ: '"},
      {"tcp-exchange:a/b", std::string(100000, '\xff'), "16 KiB without 'b'"},
  };
  for (const auto& [kind, answer, why] : cases) {
    CAPTURE(kind);
    CAPTURE(why);
    ProbeWorld w(kind);
    w.broker->set_answer(
        [answer = answer](std::string_view) { return answer; });
    w.start();
    w.run_results(2);
    CHECK(w.passes() == 0);
    CHECK(w.times[0] < 200ms);
    CAPTURE(w.last().detail);
    CHECK(w.last().detail.find(why) != std::string::npos);
  }
}

TEST_CASE("a peer that closes instead of answering fails with that") {
  ProbeWorld w("tcp-exchange:PING/+PONG");
  w.broker->set_closes(true);
  w.broker->set_answer([](std::string_view) { return "-ERR"; });
  w.start();
  w.run_results(1);
  CHECK_FALSE(w.last().passed);
  CHECK(w.last().detail == "closed by the peer (waiting for '+PONG')");
}

TEST_CASE("mqtt connects again when its kept connection was closed") {
  ProbeWorld w("mqtt");
  w.broker->set_answer(mqtt_answer());
  w.start();
  w.run_results(2);
  w.broker->close_all();
  w.run_results(2);
  CHECK(w.passes() == 4);
  CHECK(w.broker->accepted() == 2);
}

TEST_CASE(
    "an mqtt broker that wants a login passes, connection by connection") {
  ProbeWorld w("mqtt");
  w.broker->set_answer(mqtt_answer('\x05'));
  w.start();
  w.run_results(3);
  CHECK(w.passes() == 3);
  CHECK(w.broker->accepted() == 3);
}

TEST_CASE("a RocketMQ broker that can refuse is alive") {
  // Success, busy, not supported, no permission.
  for (const std::int32_t code : {0, 2, 3, 16}) {
    CAPTURE(code);
    ProbeWorld w("rocketmq");
    w.broker->set_answer(rocketmq_answer(code));
    w.start();
    w.run_results(3);
    CHECK(w.passes() == 3);
    CHECK(w.broker->accepted() == 1);
  }
}

TEST_CASE("rocketmq asks what changes nothing, without ext fields") {
  ProbeWorld w("rocketmq");
  std::string seen;
  w.broker->set_answer([&](std::string_view bytes) {
    seen = bytes;
    return rocketmq_answer()(bytes);
  });
  w.start();
  w.run_results(2);
  const auto scan = remoting::scan_frame(std::as_bytes(std::span(seen)), 4096);
  REQUIRE(scan.outcome == remoting::FrameScan::Outcome::kFrame);
  const auto command = remoting::decode_header(scan.frame);
  REQUIRE(command.has_value());
  CHECK(command->code == 46);
  CHECK(command->opaque == 2);
  CHECK_FALSE(command->is_oneway());
  CHECK_FALSE(command->ext_fields.has_value());
  CHECK(scan.frame.body == "{}");
}

TEST_CASE("rocketmq takes no answer to something else for its own") {
  ProbeWorld w("rocketmq");
  w.broker->set_answer([](std::string_view) {
    remoting::Command other;
    other.opaque = 77;
    other.flag = remoting::kFlagResponse;
    remoting::Command asks_us;  // a broker's own request
    asks_us.code = 40;
    asks_us.opaque = 1;
    return remoting::encode_frame(other) + remoting::encode_frame(asks_us);
  });
  w.start();
  w.run_results(2);
  CHECK(w.passes() == 0);
  CHECK(w.last().detail == "no answer within 1s (waiting for an answer)");
}

TEST_CASE("rocketmq connects again when its kept connection was closed") {
  ProbeWorld w("rocketmq");
  w.broker->set_answer(rocketmq_answer());
  w.start();
  w.run_results(2);
  w.broker->close_all();
  w.run_results(2);
  CHECK(w.passes() == 4);
  CHECK(w.broker->accepted() == 2);
}

TEST_CASE("a probe is destroyed in any state without a word") {
  for (const char* kind :
       {"tcp", "tcp-exchange:a/+PONG", "http:/", "mqtt", "rocketmq"}) {
    for (int steps = 0; steps < 12; ++steps) {
      ProbeWorld w(kind);
      w.broker->set_answer(mqtt_answer());
      w.start();
      w.world.run_for(steps * 700us);
      w.loop.reset();
      const std::size_t before = w.results.size();
      w.world.run_for(3s);
      CHECK(w.results.size() == before);
      CHECK(w.broker->open_connections() == 0);
    }
  }
}

// --- Commands, with a spawner of the test's ---

struct FakeProcesses {
  using OnExit =
      std::function<void(base::Result<transport::Loop::ProcessResult>)>;
  struct Running : transport::Operation {
    explicit Running(FakeProcesses& owner) : processes(owner) {}
    ~Running() override { ++processes.ended; }
    FakeProcesses& processes;
  };
  std::unique_ptr<transport::Operation> spawn(
      const std::vector<std::string>& arguments, OnExit exit) {
    command = arguments;
    ++started;
    on_exit = std::move(exit);
    return std::make_unique<Running>(*this);
  }
  std::vector<std::string> command;
  OnExit on_exit;
  int started = 0;
  int ended = 0;
};

TEST_CASE("a command passes with status 0, fails otherwise, is killed late") {
  ProbeWorld w("command:check 'a b'");
  FakeProcesses processes;
  ProbeSurroundings around{w.agent_node.executor(), w.agent_node.network(),
                           [&](const auto& arguments, auto on_exit) {
                             return processes.spawn(arguments,
                                                    std::move(on_exit));
                           }};
  w.loop.emplace(w.agent_node.executor(), make_prober(around, w.spec, 1),
                 ProbeTiming{},
                 [&](ProbeResult result) { w.results.push_back(result); });
  w.loop->start();
  CHECK(processes.command == std::vector<std::string>{"check", "a b"});
  processes.on_exit(transport::Loop::ProcessResult{0, 0});
  CHECK(w.last().passed);

  w.world.run_for(1001ms);
  processes.on_exit(transport::Loop::ProcessResult{3, 0});
  CHECK(w.last().detail == "check exited with status 3");

  w.world.run_for(1001ms);
  processes.on_exit(transport::Loop::ProcessResult{-1, 9});
  CHECK(w.last().detail == "check was ended by signal 9");

  w.world.run_for(1001ms);
  processes.on_exit(base::fail(base::ErrorCode::kNotFound, "no such program"));
  CHECK(w.last().detail == "no such program");

  w.world.run_for(1001ms);
  CHECK(processes.started == 5);
  CHECK(processes.ended == 4);
  w.world.run_for(1001ms);  // it still runs at the timeout
  CHECK(processes.ended >= 5);
  CHECK(w.last().detail.find("waiting for check to exit") != std::string::npos);
}

}  // namespace
}  // namespace waypost::agent
