// waypostctl at the cluster ports of real nameservers, in virtual time.

#include <optional>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "admin_cli/run_command.h"
#include "tests/sim/peer_group.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using partition::Mode;

struct PeerOperators {
  explicit PeerOperators(Mode mode) : group(mode) {
    REQUIRE(group.system.settle());
    group.run(5s);
    settings.output = static_cast<std::size_t>(admin::OutputForm::kJson);
    settings.cluster_secret = group.ns(0).settings.cluster.secret;
    for (std::size_t i = 0; i < 3; ++i) {
      settings.nameservers.push_back(group.ns(i).endpoint());
      settings.cluster_ports.push_back(group.ns(i).cluster_endpoint());
    }
    node = &group.system.world.add_node("operator", "10.0.8.1");
  }

  admin::Outcome run(const std::vector<std::string>& words) {
    const auto command = admin::parse_command(words);
    REQUIRE(command);
    std::optional<admin::Outcome> outcome;
    const auto running = admin::run_command(
        node->executor(), node->network(), settings, *command,
        [&](admin::Outcome done) { outcome = std::move(done); });
    REQUIRE(group.system.world.run_until([&] { return outcome.has_value(); },
                                         1min));
    return *outcome;
  }
  json ask(const std::vector<std::string>& words) {
    last = run(words);
    return json::parse(last.out)["answers"];
  }
  // As the nameserver that answered last tells of it.
  json member(const std::string& name) {
    const json answers = ask({"cluster", "show"});
    for (const json& each : answers.back()["peers"]["members"]) {
      if (each["name"] == name) return each;
    }
    return {};
  }
  json refusal(const std::vector<std::string>& words) {
    const json answers = ask(words);
    CHECK(last.exit_status == admin::kExitFailed);
    return answers.back()["error"];
  }

  PeerGroup group;
  admin::Settings settings;
  SimNode* node = nullptr;
  admin::Outcome last;
};

TEST_CASE("members show at a cluster port, and what happens without it") {
  PeerOperators ops(Mode::kPauseMinority);
  json answers = ops.ask({"cluster", "show"});
  REQUIRE(answers.size() == 1);
  CHECK(answers[0]["view"]["state"] == "serving");
  const json& peers = answers[0]["peers"];
  CHECK(peers["partition_handling"] == "pause-minority");
  REQUIRE(peers["members"].size() == 3);
  CHECK(peers["members"][0]["self"] == true);
  for (const json& each : peers["members"]) {
    CHECK(each["reach"] == "reachable");
    CHECK(each["state"] == "serving");
    CHECK(each["status"] == "up");
    CHECK(each["brokers_heard"] == 2);
  }
  CHECK(peers["members"][1]["reached_by"] == json::array({"ns-2"}));

  // A service port says where it is.
  ops.settings.cluster_ports.clear();
  answers = ops.ask({"cluster", "show"});
  CHECK(ops.last.exit_status == admin::kExitOk);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0]["nameserver"] == ops.group.ns(0).endpoint().to_string());
  CHECK(answers[0]["view"]["brokers"] == 2);
  CHECK(answers[0]["peers"]["members"].size() == 3);
  CHECK(answers[0]["peers_error"].is_null());

  // Without the secret the view alone, and which option is missing.
  ops.settings.cluster_secret.clear();
  answers = ops.ask({"cluster", "show"});
  CHECK(ops.last.exit_status == admin::kExitOk);
  CHECK(answers[0]["view"]["brokers"] == 2);
  CHECK(answers[0]["peers"].is_null());
  CHECK(answers[0]["peers_error"]["code"] == "denied");
  CHECK(answers[0]["peers_error"]["advice"].get<std::string>().find(
            "--cluster.secret-file") != std::string::npos);
  CHECK(
      ops.refusal({"cluster", "partitions"})["advice"].get<std::string>().find(
          "--cluster.secret-file") != std::string::npos);
}

TEST_CASE("a paused nameserver is found by what another says of it") {
  PeerOperators ops(Mode::kPauseMinority);
  ops.settings.cluster_ports.clear();
  ops.group.cut_off({2});
  ops.group.run(30s);
  REQUIRE(ops.group.state(2) == model::ServerState::kPaused);
  ops.settings.all = true;
  json answers = ops.ask({"cluster", "show"});
  CHECK(ops.last.exit_status == admin::kExitOk);
  REQUIRE(answers.size() == 3);
  CHECK(answers[0]["view"]["state"] == "serving");
  CHECK(answers[2]["nameserver"] == ops.group.ns(2).endpoint().to_string());
  CHECK(answers[2]["view"]["name"] == "ns-2");
  CHECK(answers[2]["view"]["state"] == "paused");
  CHECK(answers[2]["view"]["state_reason"] != "");
  answers = ops.ask({"cluster", "partitions"});
  REQUIRE(answers.size() == 3);
  CHECK(answers[2]["partitions"][0]["peers"] == json::array({"ns-0", "ns-1"}));

  // In turn: it is the first, and answers.
  ops.settings.all = false;
  std::swap(ops.settings.nameservers[0], ops.settings.nameservers[2]);
  answers = ops.ask({"cluster", "show"});
  REQUIRE(answers.size() == 1);
  CHECK(answers[0]["view"]["state"] == "paused");

  // Nobody else to ask.
  ops.settings.nameservers.resize(1);
  const json refused = ops.refusal({"cluster", "show"});
  CHECK(refused["code"] == "unavailable");
  CHECK(refused["advice"] ==
        "is it paused? Then name its cluster port with --cluster-ports");
  ops.settings.cluster_ports = {ops.group.ns(2).cluster_endpoint()};
  CHECK(ops.ask({"cluster", "show"})[0]["view"]["state"] == "paused");
}

TEST_CASE("a paused nameserver tells its cluster port why") {
  PeerOperators ops(Mode::kPauseMinority);
  ops.group.cut_off({2});
  ops.group.run(30s);
  ops.settings.cluster_ports = {ops.group.ns(2).cluster_endpoint()};
  const json answers = ops.ask({"cluster", "show"});
  REQUIRE(answers[0]["ok"] == true);
  CHECK(answers[0]["view"]["state"] == "paused");
  CHECK(answers[0]["view"]["state_reason"] != "");
  CHECK(answers[0]["peers"]["members"][0]["reach"] == "unreachable");
  CHECK(answers[0]["peers"]["missing"] == json::array({"ns-0", "ns-1"}));

  json partitions = ops.ask({"cluster", "partitions"})[0]["partitions"];
  REQUIRE(partitions.size() == 1);
  CHECK(partitions[0]["peers"] == json::array({"ns-0", "ns-1"}));
  CHECK(partitions[0]["until_ms"].is_null());
  CHECK_FALSE(partitions[0]["actions"].empty());

  // What goes on is not cleared.
  CHECK(ops.ask({"cluster", "clear-partitions"})[0]["changed"] == false);
  ops.group.system.world.heal_all();
  ops.group.run(40s);
  partitions = ops.ask({"cluster", "partitions"})[0]["partitions"];
  REQUIRE(partitions.size() == 1);
  CHECK(partitions[0]["until_ms"] > partitions[0]["since_ms"]);
  CHECK(ops.ask({"cluster", "clear-partitions"})[0]["changed"] == true);
  CHECK(ops.ask({"cluster", "partitions"})[0]["partitions"].empty());
}

TEST_CASE("who is forgotten at one nameserver is so at all, until readmitted") {
  PeerOperators ops(Mode::kIgnore);
  ops.group.ns(0).kill();
  ops.group.run(20s);
  CHECK(ops.member("ns-0")["reach"] == "unreachable");
  // The dead one is asked first and does not keep the next from taking it.
  json answers = ops.ask({"cluster", "forget", "ns-0"});
  CHECK(ops.last.exit_status == admin::kExitOk);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0]["error"]["code"] == "unavailable");
  CHECK(answers[0]["error"]["advice"].get<std::string>().find(
            "--cluster-listen") != std::string::npos);
  CHECK(answers[1]["changed"] == true);
  CHECK(ops.ask({"cluster", "forget", "ns-0"})[1]["changed"] == false);
  ops.group.run(5s);
  ops.settings.cluster_ports.erase(ops.settings.cluster_ports.begin() + 1);
  CHECK(ops.member("ns-0")["forgotten"] == true);  // at ns-2

  CHECK(ops.ask({"cluster", "readmit", "ns-0"})[1]["changed"] == true);
  ops.group.ns(0).start();
  ops.group.run(30s);
  CHECK(ops.group.all_serve());
  ops.settings.cluster_ports = {ops.group.ns(1).cluster_endpoint()};
  CHECK(ops.member("ns-0")["forgotten"] == false);
  CHECK(ops.member("ns-0")["reach"] == "reachable");

  CHECK(ops.refusal({"cluster", "forget", "nobody"})["code"] == "not-found");
  CHECK(ops.refusal({"cluster", "forget", "ns-1"})["code"] == "conflict");
  // Who is asked to forget itself passes it on to the next.
  ops.settings.cluster_ports.push_back(ops.group.ns(2).cluster_endpoint());
  answers = ops.ask({"cluster", "forget", "ns-1"});
  CHECK(answers[1]["changed"] == true);
}

TEST_CASE("a wrong address and a wrong secret are told with what is right") {
  PeerOperators ops(Mode::kIgnore);
  const std::vector<std::string> words = {"cluster", "partitions"};
  const std::string secret = ops.settings.cluster_secret;
  ops.settings.cluster_ports = {ops.group.ns(0).cluster_endpoint()};

  ops.settings.cluster_secret = "another secret than theirs";
  json error = ops.refusal(words);
  CHECK(error["code"] == "denied");
  CHECK(error["message"] == "this nameserver has another cluster secret");
  CHECK(ops.refusal({"cluster", "show"})["code"] == "denied");
  CHECK(ops.last.err.find("refused: denied") != std::string::npos);

  ops.settings.cluster_secret.clear();
  error = ops.refusal(words);
  CHECK(error["code"] == "denied");
  CHECK(error["message"] == "this cluster port asks for the cluster secret");
  CHECK(ops.refusal({"cluster", "forget", "ns-1"}) == error);
  CHECK(ops.refusal({"cluster", "show"}) == error);

  // The service port, with a secret and without.
  for (const std::string& given : {secret, std::string()}) {
    ops.settings.cluster_secret = given;
    ops.settings.cluster_ports = {ops.group.ns(0).endpoint()};
    error = ops.refusal(words);
    CHECK(error["code"] == "unsupported");
    CHECK(error["message"] ==
          "no cluster port at this address, a service port answers");
    CHECK(error["advice"].get<std::string>().find("--cluster-listen") !=
          std::string::npos);
  }
}

}  // namespace
}  // namespace waypost::sim
