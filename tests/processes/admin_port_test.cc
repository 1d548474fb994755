// The admin port of real nameservers, and what they remember of partitions.

#include <fstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/processes/system.h"
#include "tests/support/raw_client.h"

namespace waypost::processes {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using support::NameserverProcess;

base::Endpoint admin_address(const NameserverProcess& nameserver) {
  std::string text =
      support::read_file(nameserver.data_dir() / "admin-address");
  if (text.ends_with('\n')) text.pop_back();
  const auto address = base::parse_endpoint(text);
  REQUIRE(address.has_value());
  return *address;
}

// What curl would print: the head and the body.
std::string fetch(const NameserverProcess& nameserver, const std::string& path,
                  const std::string& header = "") {
  support::RawClient client(admin_address(nameserver));
  if (!client.connected()) return "";
  client.send("GET " + path + " HTTP/1.1\r\n" + header + "\r\n");
  return client.read_to_end();
}

bool answers(const std::string& response, int status) {
  return response.starts_with("HTTP/1.1 " + std::to_string(status));
}

Json body_of(const std::string& response) {
  const std::size_t head = response.find("\r\n\r\n");
  return Json::parse(head == std::string::npos ? "" : response.substr(head + 4),
                     nullptr,
                     /*allow_exceptions=*/false);
}

TEST_CASE("the admin port: probes for all, figures for those with the token") {
  support::TempDir dir;
  const std::string token_file = dir / "token";
  std::ofstream(token_file) << "0123456789abcdefXYZ\n";
  NameserverProcess nameserver(
      "fast", {"--admin-listen", "127.0.0.1:0", "--admin.token-file",
               token_file, "--name", "ns-a"});
  REQUIRE(nameserver.start());
  INFO(nameserver.process().transcript());
  CHECK(answers(fetch(nameserver, "/livez"), 200));
  CHECK(answers(fetch(nameserver, "/readyz"), 200));
  CHECK(answers(fetch(nameserver, "/metrics"), 401));
  CHECK(answers(fetch(nameserver, "/metrics",
                      "Authorization: Bearer 0123456789abcdef\r\n"),
                401));
  const std::string right = "Authorization: Bearer 0123456789abcdefXYZ\r\n";
  CHECK(fetch(nameserver, "/metrics", right)
            .find("\nwaypost_state{state=\"serving\"} 1\n") !=
        std::string::npos);
  CHECK(body_of(fetch(nameserver, "/v1/cluster", right))["view"]["name"] ==
        "ns-a");
  // A silent connection does not hold up the end.
  const support::RawClient silent(admin_address(nameserver));
  nameserver.process().terminate();
  const auto exit = nameserver.process().wait(scaled(5s));
  REQUIRE(exit.has_value());
  CHECK(exit->status == 0);
}

TEST_CASE("an admin port that anybody could reach needs a token") {
  const auto refused =
      support::run({support::our_executable("waypost-namesrv"), "--data-dir",
                    "/nowhere", "--admin-listen", "0.0.0.0:9878"});
  CHECK(refused.exit.status == 2);
  CHECK(refused.err.find("there is no admin.token-file") != std::string::npos);
}

struct Pair {
  Pair() {
    for (std::size_t i = 0; i < 2; ++i) {
      ports.push_back("127.0.0.1:" + std::to_string(support::unused_port()));
    }
    for (std::size_t i = 0; i < 2; ++i) {
      members.push_back(std::make_unique<NameserverProcess>(
          "fast", Names{"--name", i == 0 ? "ns-a" : "ns-b", "--cluster-listen",
                        ports[i], "--peers", ports[1 - i], "--admin-listen",
                        "127.0.0.1:0", "--cluster.heartbeat-interval", "100ms",
                        "--cluster.unreachable-after", "1500ms",
                        "--cluster.partition-handling", "pause-if-all-down",
                        "--cluster.pause-if-all-down.nodes", "ns-b",
                        "--cluster.pause-if-all-down.recover", "ignore"}));
    }
  }
  // The records of what goes on; there may be others, of a machine that stood
  // still for a while.
  Json open_partitions(std::size_t i) {
    Json open = Json::array();
    const Json all =
        body_of(fetch(*members[i], "/v1/cluster/partitions"))["partitions"];
    for (const Json& each : all) {
      if (each["until_ms"].is_null()) open.push_back(each);
    }
    return open;
  }
  // As an operator asks.
  Json ctl(std::size_t i, const Names& words) {
    Names line = {support::our_executable("waypostctl"),
                  "-o",
                  "json",
                  "--cluster-ports",
                  ports[i],
                  "cluster"};
    line.insert(line.end(), words.begin(), words.end());
    const support::Finished done = support::run(line);
    const Json said = Json::parse(done.out, nullptr, false);
    REQUIRE_MESSAGE(said.is_object(), done.transcript);
    return said["answers"][0];
  }

  Names ports;
  std::vector<std::unique_ptr<NameserverProcess>> members;
};

TEST_CASE("a paused nameserver says so, and its records outlive kill -9") {
  Pair pair;
  REQUIRE(pair.members[0]->start());
  REQUIRE(pair.members[1]->start());
  const auto both_ready = [&] {
    return answers(fetch(*pair.members[0], "/readyz"), 200) &&
           body_of(fetch(*pair.members[0], "/v1/cluster"))["peers"]["members"]
                   .size() == 2 &&
           body_of(fetch(*pair.members[0], "/v1/cluster"))["peers"]["ready"] ==
               true;
  };
  CHECK(support::wait_until(scaled(20s), both_ready));
  pair.members[1]->process().kill();
  // The service port is closed now; the admin port tells why.
  CHECK(support::wait_until(scaled(20s), [&] {
    return answers(fetch(*pair.members[0], "/readyz"), 503);
  }));
  const Json why = body_of(fetch(*pair.members[0], "/readyz"));
  CHECK(why["state"] == "paused");
  CHECK(why["reason"].get<std::string>().find("ns-b") != std::string::npos);
  CHECK(answers(fetch(*pair.members[0], "/livez"), 200));
  CHECK(fetch(*pair.members[0], "/metrics")
            .find("\nwaypost_partitions_open{kind=\"loss\"} 1\n") !=
        std::string::npos);
  CHECK(pair.open_partitions(0).size() == 1);
  // Clearing waits for the disk and leaves what goes on; after its answer the
  // record is there for sure.
  pair.ctl(0, {"clear-partitions"});
  CHECK(pair.open_partitions(0).size() == 1);

  pair.members[0]->process().kill();
  REQUIRE(pair.members[0]->start());
  INFO(pair.members[0]->process().transcript());
  Json record = pair.ctl(0, {"partitions"})["partitions"];
  REQUIRE(record.size() >= 1);
  CHECK(record[0]["peers"] == Json({"ns-b"}));
  CHECK(record[0]["end_unknown"] == true);
  CHECK(record[0]["until_ms"] >= record[0]["since_ms"]);
  CHECK(record[0]["actions"].size() == 1);
  CHECK(support::wait_until(scaled(10s), [&] {
    return pair.members[0]->process().transcript().find(
               "ended while it had lost sight of peers") != std::string::npos;
  }));
  CHECK(pair.ctl(0, {"clear-partitions"})["changed"] == true);
  pair.members[0]->process().kill();
  REQUIRE(pair.members[0]->start());
  CHECK(pair.ctl(0, {"partitions"})["partitions"] == Json::array());
}

}  // namespace
}  // namespace waypost::processes
