// waypostctl's commands against real nameservers, in virtual time: what
// operators change is there for clients, survives what it shall survive, and
// lapses when it shall.

#include <optional>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "admin_cli/run_command.h"
#include "tests/sim/deployment.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

struct Operators {
  Operators() : deployment(options()) {
    settings.output = static_cast<std::size_t>(admin::OutputForm::kJson);
    for (auto& each : deployment.nameservers) {
      settings.nameservers.push_back(each->endpoint());
    }
    node = &deployment.world.add_node("operator", "10.0.9.1");
  }
  static Deployment::Options options() {
    Deployment::Options made;
    made.clients = 0;
    return made;
  }
  void settle() { REQUIRE(deployment.settle()); }

  json run(const std::vector<std::string>& words) {
    auto command = admin::parse_command(words);
    REQUIRE(command);
    command->entries = imports;
    std::optional<admin::Outcome> outcome;
    const auto running = admin::run_command(
        node->executor(), node->network(), settings, *command,
        [&](admin::Outcome done) { outcome = std::move(done); });
    REQUIRE(
        deployment.world.run_until([&] { return outcome.has_value(); }, 1min));
    exit_status = outcome->exit_status;
    return json::parse(outcome->out)["answers"];
  }
  // Of broker-0's group at each nameserver, as clients are told.
  std::vector<std::string> permissions() {
    settings.all = true;
    std::vector<std::string> all;
    for (const json& answer : run({"topic", "route", "orders"})) {
      REQUIRE(answer["ok"] == true);
      for (const json& group : answer["route"]["groups"]) {
        if (group["broker_name"] == "broker-0") {
          all.push_back(group["permission"]);
        }
      }
    }
    settings.all = false;
    return all;
  }

  Deployment deployment;
  admin::Settings settings;
  std::vector<model::KvEntry> imports;  // as read from the file of kv import
  SimNode* node = nullptr;
  int exit_status = -1;
};
using Permissions = std::vector<std::string>;

TEST_CASE("an entry is put, read, listed and taken away at all nameservers") {
  Operators ops;
  ops.settle();
  CHECK(ops.run({"kv", "put", "N", "k", "v"})[1]["changed"] == true);
  CHECK(ops.run({"kv", "put", "N", "k", "v"})[1]["changed"] == false);
  CHECK(ops.run({"kv", "put", "N", "k", "w"})[0]["changed"] == true);
  ops.settings.all = true;
  const json values = ops.run({"kv", "get", "N", "k"});
  CHECK(values[0]["value"] == "w");
  CHECK(values[1]["value"] == "w");
  CHECK(ops.run({"kv", "list", "N"})[1]["entries"].size() == 1);
  CHECK(ops.run({"kv", "list", "other"})[1]["entries"].empty());
  CHECK(ops.run({"kv", "delete", "N", "k"})[0]["changed"] == true);
  CHECK(ops.run({"kv", "delete", "N", "k"})[0]["changed"] == false);
  CHECK(ops.run({"kv", "get", "N", "k"})[0]["error"]["code"] == "not-found");
  CHECK(ops.exit_status == admin::kExitFailed);
}

TEST_CASE("a listing of many entries is walked page by page") {
  Operators ops;
  ops.settle();
  for (int i = 0; i < 1200; ++i) {
    ops.imports.push_back(
        {"N" + std::to_string(i % 7), std::to_string(i), "v"});
  }
  const json imported = ops.run({"kv", "import", "kvConfig.json"});
  CHECK(imported[0]["detail"] == "1200 set, 0 as before");
  CHECK(imported[1]["detail"] == "1200 set, 0 as before");
  CHECK(ops.run({"kv", "list"})[0]["entries"].size() == 1200);
  CHECK(ops.run({"kv", "list", "N3"})[0]["entries"].size() == 171);
}

TEST_CASE("write permission is wiped for as long as the operator said") {
  Operators ops;
  ops.settle();
  CHECK(ops.permissions() == Permissions{"rw", "rw"});
  ops.settings.reason = "new disk";
  ops.settings.owner = "ops";
  ops.settings.lapses_after = 10min;
  ops.run({"broker", "wipe-write", "broker-0"});
  CHECK(ops.exit_status == 0);
  CHECK(ops.permissions() == Permissions{"r", "r"});
  // Registrations do not bring it back, as those of RocketMQ's do.
  ops.deployment.agents[0]->set_topics({"orders", "more"});
  ops.deployment.world.run_for(2min);
  CHECK(ops.permissions() == Permissions{"r", "r"});
  const json held = ops.run({"broker", "permissions"})[0]["permissions"];
  REQUIRE(held.size() == 1);
  CHECK(held[0]["broker_name"] == "broker-0");
  CHECK(held[0]["owner"] == "ops");
  CHECK(held[0]["reason"] == "new disk");
  ops.deployment.world.run_for(9min);
  CHECK(ops.permissions() == Permissions{"rw", "rw"});
  CHECK(ops.run({"broker", "permissions"})[0]["permissions"].empty());
}

TEST_CASE("a permission is cleared by hand") {
  Operators ops;
  ops.settle();
  ops.run({"broker", "wipe-write", "broker-0"});
  ops.deployment.world.run_for(1h);
  CHECK(ops.permissions() == Permissions{"r", "r"});
  CHECK(ops.run({"broker", "clear-permission", "broker-0"})[0]["changed"] ==
        true);
  CHECK(ops.permissions() == Permissions{"rw", "rw"});
  CHECK(ops.run({"broker", "clear-permission", "broker-0"})[0]["changed"] ==
        false);
}

TEST_CASE("a nameserver that missed a change is told apart and caught up") {
  Operators ops;
  ops.settle();
  ops.deployment.nameservers[1]->kill();
  const json partial = ops.run({"broker", "wipe-write", "broker-0"});
  CHECK(ops.exit_status == admin::kExitPartial);
  CHECK(partial[0]["changed"] == true);
  CHECK(partial[1]["error"]["code"] == "unavailable");
  ops.deployment.nameservers[1]->start();
  ops.deployment.world.run_for(2min);
  CHECK(ops.permissions() == Permissions{"r", "rw"});
  CHECK(ops.run({"broker", "wipe-write", "broker-0"})[1]["changed"] == true);
  CHECK(ops.permissions() == Permissions{"r", "r"});
}

TEST_CASE("a deleted topic is gone until a broker registers it again") {
  Operators ops;
  ops.settle();
  const json done = ops.run({"topic", "delete", "orders"});
  CHECK(done[0]["detail"] == "taken from 2 broker groups");
  CHECK(ops.run({"topic", "route", "orders"})[0]["error"]["code"] ==
        "not-found");
  CHECK(ops.run({"topic", "delete", "orders"})[0]["detail"] ==
        "no broker group has it");
  ops.settings.cluster = "no-such-cluster";
  ops.deployment.world.run_for(1min);  // agents register in full
  CHECK(ops.run({"topic", "delete", "orders"})[0]["changed"] == false);
  CHECK(ops.permissions() == Permissions{"rw", "rw"});
}

TEST_CASE("settings that may change do, others are refused by name") {
  Operators ops;
  ops.settle();
  CHECK(ops.run({"config", "set", "orderMessageEnable",
                 "TRUE"})[0]["changed"] == true);
  CHECK(ops.run({"config", "set", "orderMessageEnable",
                 "true"})[0]["changed"] == false);
  std::string value;
  const json shown = ops.run({"config", "show"});
  for (const json& each : shown[0]["settings"]) {
    if (each["key"] == "orderMessageEnable") value = each["value"];
  }
  CHECK(value == "true");
  const json wrong = ops.run({"config", "set", "orderMessageEnable", "maybe"});
  CHECK(wrong[0]["error"]["code"] == "invalid-argument");
  CHECK(ops.run({"config", "set", "nonsense", "1"})[0]["error"]["message"] ==
        "there is no setting nonsense");
}

TEST_CASE(
    "a nameserver that takes no changes says so and is read all the same") {
  Operators ops;
  ops.deployment.nameservers[0]->settings.native.changes_allowed = false;
  ops.settle();
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{
           {"kv", "put", "N", "k", "v"},
           {"kv", "delete", "N", "k"},
           {"broker", "wipe-write", "broker-0"},
           {"broker", "clear-permission", "broker-0"},
           {"topic", "delete", "orders"},
           {"config", "set", "orderMessageEnable", "true"}}) {
    const json answers = ops.run(words);
    CHECK(answers[0]["error"]["code"] == "denied");
    CHECK(answers[1]["ok"] == true);
    CHECK(ops.exit_status == admin::kExitPartial);
  }
  CHECK(ops.run({"kv", "list"})[0]["ok"] == true);
  CHECK(ops.run({"broker", "permissions"})[0]["ok"] == true);
  CHECK(ops.run({"config", "show"})[0]["ok"] == true);
}

}  // namespace
}  // namespace waypost::sim
