#ifndef WAYPOST_TESTS_ADMIN_CLI_COMMAND_SETUP_H_
#define WAYPOST_TESTS_ADMIN_CLI_COMMAND_SETUP_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "admin_cli/run_command.h"
#include "tests/admin_cli/scripted_nameserver.h"

namespace waypost::admin::testing {

// Two nameservers, and a machine where waypostctl runs.
struct Setup {
  Setup() {
    REQUIRE(a.listen());
    REQUIRE(b.listen());
    settings.nameservers = {a.endpoint, b.endpoint};
    settings.output = static_cast<std::size_t>(OutputForm::kJson);
  }

  Outcome run(const std::vector<std::string>& words) {
    auto command = parse_command(words);
    REQUIRE(command);
    command->entries = imports;
    std::optional<Outcome> outcome;
    const base::Instant start = world.now();
    {
      const auto running =
          run_command(operator_node.executor(), operator_node.network(),
                      settings, *command, [&](Outcome done) {
                        CHECK_FALSE(outcome);
                        outcome = std::move(done);
                      });
      CHECK_FALSE(outcome);
      REQUIRE(world.run_until([&] { return outcome.has_value(); },
                              std::chrono::minutes(10)));
      took = world.now() - start;
    }
    world.run_for(std::chrono::seconds(1));  // nothing comes after
    return *outcome;
  }

  nlohmann::json run_json(const std::vector<std::string>& words) {
    last = run(words);
    return nlohmann::json::parse(last.out);
  }

  sim::SimWorld world;
  ScriptedNameserver a{world, "ns-a", "10.0.0.1"};
  ScriptedNameserver b{world, "ns-b", "10.0.0.2"};
  sim::SimNode& operator_node = world.add_node("operator", "10.0.0.9");
  Settings settings;
  std::vector<model::KvEntry> imports;  // as read from the file of kv import
  Outcome last;
  base::Duration took{0};
};

}  // namespace waypost::admin::testing

#endif  // WAYPOST_TESTS_ADMIN_CLI_COMMAND_SETUP_H_
