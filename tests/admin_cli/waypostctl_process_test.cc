// The program itself, against real nameservers and an agent.

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace waypost::admin {
namespace {

using nlohmann::json;
using support::Finished;
using support::Process;
using support::scaled;

struct Nameserver {
  explicit Nameserver(const std::vector<std::string>& more = {})
      : process(command_line(more)) {
    REQUIRE(support::wait_until(scaled(std::chrono::seconds(20)), [this] {
      address = support::read_file(data / "ns/address");
      return !address.empty() || !process.running();
    }));
    REQUIRE_MESSAGE(process.running(), process.transcript());
    while (!address.empty() && address.back() == '\n') address.pop_back();
  }
  std::vector<std::string> command_line(const std::vector<std::string>& more) {
    std::vector<std::string> line = {support::our_executable("waypost-namesrv"),
                                     "--listen", "127.0.0.1:0", "--data-dir",
                                     data / "ns"};
    line.insert(line.end(), more.begin(), more.end());
    return line;
  }

  support::TempDir data;
  std::string address;
  Process process;
};

Finished ctl(std::vector<std::string> arguments,
             support::ProcessOptions options = {}) {
  arguments.insert(arguments.begin(), support::our_executable("waypostctl"));
  return support::run(std::move(arguments), std::move(options));
}

TEST_CASE("usage is wrong: status 2 and nothing on standard output") {
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"ping"},
        {"--nameservers", "127.0.0.1:1"},
        {"--nameservers", "127.0.0.1:1", "pong"},
        {"--nameservers", "127.0.0.1", "ping"},
        {"--nameservers", "127.0.0.1:1", "-o", "xml", "ping"},
        {"--nameservers", "127.0.0.1:1", "--tiemout", "1s", "ping"},
        {"--cluster-ports", "127.0.0.1:1", "ping"},
        {"--cluster-ports", "127.0.0.1:1", "--cluster.secret-file",
         "/does/not/exist", "cluster", "partitions"}}) {
    const Finished finished = ctl(wrong);
    CHECK_MESSAGE(finished.exit.status == 2, finished.transcript);
    CHECK(finished.out.empty());
    CHECK(finished.err.find("waypostctl: ") == 0);
  }
}

TEST_CASE("help documents commands and exit statuses") {
  const Finished finished = ctl({"--help"});
  CHECK(finished.exit.status == 0);
  for (const char* expected :
       {"cluster show", "broker list", "topic list", "topic route TOPIC",
        "ping", "WAYPOST_NAMESERVERS", "--all", "Exit status"}) {
    CAPTURE(expected);
    CHECK(finished.out.find(expected) != std::string::npos);
  }
}

TEST_CASE("an agent's broker shows at both nameservers, and a death shows") {
  Nameserver a;
  auto b = std::make_unique<Nameserver>();
  const std::string both = a.address + "," + b->address;
  support::TempDir files;
  support::write_file(files / "topics.json",
                      R"({"topics":[{"name":"orders","read_queues":4,)"
                      R"("write_queues":2,"permission":"rw"}]})");
  const Process agent({support::our_executable("waypost-agent"),
                       "--nameservers", both, "--cluster", "shop",
                       "--broker-name", "broker-a", "--broker-id", "0",
                       "--broker-address", "127.0.0.1:10911", "--topics",
                       files / "topics.json", "--zone", "z1"});
  support::ProcessOptions environment;
  environment.environment["WAYPOST_NAMESERVERS"] = both;

  // Until both have heard of the broker.
  Finished finished;
  CHECK_MESSAGE(
      support::wait_until(
          scaled(std::chrono::seconds(20)),
          [&] {
            finished = ctl({"--all", "topic", "route", "orders"}, environment);
            return finished.exit.status == 0;
          }),
      finished.transcript << agent.transcript());
  // One route, because both tell the same.
  CHECK(finished.out.find("orders at " + a.address + ", " + b->address) == 0);
  CHECK(finished.out.find("127.0.0.1:10911") != std::string::npos);

  const json brokers =
      json::parse(ctl({"-o", "json", "broker", "list"}, environment).out);
  REQUIRE(brokers["answers"].size() == 1);
  REQUIRE(brokers["answers"][0]["brokers"].size() == 1);
  CHECK(brokers["answers"][0]["brokers"][0]["broker_name"] == "broker-a");
  CHECK(brokers["answers"][0]["brokers"][0]["zone"] == "z1");

  const json topics = json::parse(
      ctl({"-o", "json", "--prefix", "ord", "topic", "list"}, environment).out);
  CHECK(topics["answers"][0]["topics"][0]["topic"] == "orders");
  CHECK(json::parse(
            ctl({"-o", "json", "--prefix", "x", "topic", "list"}, environment)
                .out)["answers"][0]["topics"]
            .empty());

  finished = ctl({"--all", "-o", "json", "cluster", "show"}, environment);
  CHECK(finished.exit.status == 0);
  const json shown = json::parse(finished.out);
  for (const json& answer : shown["answers"]) {
    CHECK(answer["view"]["state"] == "serving");
    CHECK(answer["view"]["brokers"] == 1);
  }

  finished = ctl({"topic", "route", "nothing"}, environment);
  CHECK(finished.exit.status == 1);
  CHECK(finished.err.find("not-found") != std::string::npos);

  const std::string gone = b->address;
  b.reset();
  finished = ctl({"--all", "cluster", "show"}, environment);
  CHECK_MESSAGE(finished.exit.status == 3, finished.transcript);
  CHECK(finished.out.find(gone + "  -") != std::string::npos);
  CHECK(finished.out.find("unreachable") != std::string::npos);
  CHECK(finished.err.find(gone + " did not answer") != std::string::npos);

  // Still one that answers, whichever is asked first.
  environment.environment["WAYPOST_NAMESERVERS"] = gone + "," + a.address;
  finished = ctl({"ping"}, environment);
  CHECK_MESSAGE(finished.exit.status == 0, finished.transcript);
}

TEST_CASE("a peer dies, is recorded, and is forgotten with the secret's file") {
  support::TempDir files;
  support::write_file(files / "secret", "a secret of the tests\n");
  support::write_file(files / "other", "quite another secret\n");
  const auto port = [] {
    return "127.0.0.1:" + std::to_string(support::unused_port());
  };
  const std::string port_a = port();
  const std::string port_b = port();
  const auto peer = [&](const std::string& name, const std::string& listen) {
    return std::vector<std::string>{"--name",
                                    name,
                                    "--cluster-listen",
                                    listen,
                                    "--peers",
                                    port_a + "," + port_b,
                                    "--cluster.secret-file",
                                    files / "secret"};
  };
  Nameserver a(peer("ns-a", port_a));
  auto b = std::make_unique<Nameserver>(peer("ns-b", port_b));
  support::ProcessOptions environment;
  environment.environment["WAYPOST_CLUSTER_PORTS"] = port_a;
  environment.environment["WAYPOST_CLUSTER_SECRET_FILE"] = files / "secret";
  environment.environment["WAYPOST_OUTPUT"] = "json";
  Finished finished;
  // Until ns-a says `expected` of ns-b.
  const auto shows = [&](const std::string& key, const json& expected) {
    return support::wait_until(scaled(std::chrono::seconds(30)), [&] {
      finished = ctl({"cluster", "show"}, environment);
      if (finished.exit.status != 0) return false;
      const json shown = json::parse(finished.out)["answers"][0];
      for (const json& member : shown["peers"]["members"]) {
        if (member["name"] == "ns-b") return member[key] == expected;
      }
      return false;
    });
  };
  CHECK_MESSAGE(shows("reach", "reachable"), finished.transcript);
  b->process.kill();
  CHECK_MESSAGE(shows("reach", "unreachable"), finished.transcript);
  finished = ctl({"cluster", "partitions"}, environment);
  const json recorded = json::parse(finished.out)["answers"][0]["partitions"];
  REQUIRE_MESSAGE(!recorded.empty(), finished.transcript);
  CHECK(recorded[0]["peers"] == json::array({"ns-b"}));

  finished = ctl(
      {"--cluster.secret-file", files / "other", "cluster", "forget", "ns-b"},
      environment);
  CHECK_MESSAGE(finished.exit.status == 1, finished.transcript);
  CHECK(finished.err.find("another cluster secret") != std::string::npos);
  finished =
      ctl({"--output", "table", "cluster", "forget", "ns-b"}, environment);
  CHECK_MESSAGE(finished.exit.status == 0, finished.transcript);
  CHECK(finished.out.find("ns-b is no peer any more") != std::string::npos);
  CHECK_MESSAGE(shows("forgotten", true), finished.transcript);

  // The dead one's port, and a service port.
  finished =
      ctl({"--cluster-ports", port_b, "cluster", "partitions"}, environment);
  CHECK_MESSAGE(finished.exit.status == 1, finished.transcript);
  CHECK(finished.err.find("--cluster-listen") != std::string::npos);
  finished =
      ctl({"--cluster-ports", a.address, "cluster", "partitions"}, environment);
  CHECK_MESSAGE(finished.exit.status == 1, finished.transcript);
  CHECK(finished.err.find("no cluster port at this address") !=
        std::string::npos);
}

TEST_CASE("a secret that a nameserver on loopback does not have is told") {
  support::TempDir files;
  support::write_file(files / "secret", "a secret of the tests\n");
  const std::string port =
      "127.0.0.1:" + std::to_string(support::unused_port());
  const Nameserver alone({"--name", "ns-a", "--cluster-listen", port});
  std::vector<std::string> words = {"--cluster-ports", port, "cluster",
                                    "partitions"};
  Finished finished = ctl(words);
  CHECK_MESSAGE(finished.exit.status == 0, finished.transcript);
  CHECK(finished.out == "0 records at " + port + "\n");
  words.insert(words.begin(), {"--cluster.secret-file", files / "secret"});
  finished = ctl(words);
  CHECK_MESSAGE(finished.exit.status == 1, finished.transcript);
  CHECK(finished.err.find("this nameserver has no cluster secret") !=
        std::string::npos);
}

TEST_CASE("a stopped nameserver costs the timeout and the next one answers") {
  Nameserver a;
  const Nameserver b;
  a.process.stop();
  const Finished finished = ctl({"--nameservers", a.address + "," + b.address,
                                 "--timeout", "2s", "-o", "json", "ping"});
  a.process.resume();
  CHECK_MESSAGE(finished.exit.status == 0, finished.transcript);
  const json document = json::parse(finished.out);
  REQUIRE(document["answers"].size() == 2);
  CHECK(document["answers"][0]["error"]["code"] == "timed-out");
  CHECK(document["answers"][1]["ping"]["state"] == "serving");
}

}  // namespace
}  // namespace waypost::admin
