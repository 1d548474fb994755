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
  Nameserver()
      : process({support::our_executable("waypost-namesrv"), "--listen",
                 "127.0.0.1:0", "--data-dir", data / "ns"}) {
    REQUIRE(support::wait_until(scaled(std::chrono::seconds(20)), [this] {
      address = support::read_file(data / "ns/address");
      return !address.empty() || !process.running();
    }));
    REQUIRE_MESSAGE(process.running(), process.transcript());
    while (!address.empty() && address.back() == '\n') address.pop_back();
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
        {"--nameservers", "127.0.0.1:1", "--tiemout", "1s", "ping"}}) {
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

TEST_CASE("a stopped nameserver costs the timeout and the next one answers") {
  Nameserver a;
  const Nameserver b;
  a.process.stop();
  const Finished finished = ctl({"--nameservers", a.address + "," + b.address,
                                 "--timeout", "300ms", "-o", "json", "ping"});
  a.process.resume();
  CHECK_MESSAGE(finished.exit.status == 0, finished.transcript);
  const json document = json::parse(finished.out);
  REQUIRE(document["answers"].size() == 2);
  CHECK(document["answers"][0]["error"]["code"] == "timed-out");
  CHECK(document["answers"][1]["ping"]["state"] == "serving");
}

}  // namespace
}  // namespace waypost::admin
