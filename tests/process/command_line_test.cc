#include "process/command_line.h"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "process/help_text.h"
#include "tests/process/temporary_file.h"

namespace waypost::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Program test_program() {
  Program program;
  program.name = "waypost-test";
  program.summary = "shows how options are read";
  program.synopsis = {"--listen HOST:PORT [--profile P]"};
  program.examples = {{"--listen 127.0.0.1:9876", "one for trying out"}};
  program.notes = {"SIGTERM stops it."};
  program.exit_statuses = {{1, "it could not listen"}};
  program.short_flags = {{'o', "output"}};
  return program;
}

// One run of a program with every kind of option.
struct Run {
  Program program = test_program();
  std::map<std::string, std::string> environment;
  base::Endpoint listen{"0.0.0.0", 9876};
  base::Duration scan = seconds(10);
  base::Duration expiry = seconds(120);
  bool brake = true;
  std::vector<std::string> probes = {"tcp"};
  std::vector<base::Endpoint> nameservers;
  std::size_t output = 0;
  std::string zone = "here";
  std::ostringstream out;
  std::ostringstream err;
  CommandLine line;

  void operator()(std::vector<std::string> arguments) {
    base::OptionTable table;
    table.endpoint("listen", listen, "Where to listen.");
    table.duration("liveness.scan-interval", scan, milliseconds(100),
                   seconds(3600), "How often silence is looked for.");
    table.duration("liveness.agent-expiry", expiry, seconds(1), seconds(3600),
                   "How much silence ends a registration.");
    table.flag("liveness.expiry-brake", brake, "Holds removals back.");
    table.text_list("probe", probes, "How to ask the broker.");
    table.endpoints("nameservers", nameservers, "Whom to tell.");
    table.choice("output", output, {"table", "json"}, "Form of the output.");
    table.text("zone", zone, "Where it stands.");
    arguments.insert(arguments.begin(), program.name);
    std::vector<const char*> argv;
    for (const std::string& each : arguments) argv.push_back(each.c_str());
    const Surroundings surroundings{
        [this](const std::string& name) -> std::optional<std::string> {
          const auto found = environment.find(name);
          if (found == environment.end()) return std::nullopt;
          return found->second;
        },
        &out, &err};
    line = parse_command_line(
        static_cast<int>(argv.size()), argv.data(), program, table,
        [this](const base::Profile& profile) {
          scan = profile.scan_interval;
          expiry = profile.agent_expiry;
        },
        surroundings);
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("flags are read as --key value, --key=value and short") {
  Run run;
  run({"--listen", "[::1]:80", "--liveness.scan-interval=500ms", "-o", "json",
       "--probe", "mqtt", "--probe=command:/bin/true -x", "--nameservers",
       "a:1,b:2"});
  CHECK_FALSE(run.line.exit_status.has_value());
  CHECK(run.listen.to_string() == "[::1]:80");
  CHECK(run.scan == milliseconds(500));
  CHECK(run.output == 1);
  CHECK(run.probes == std::vector<std::string>{"mqtt", "command:/bin/true -x"});
  CHECK(run.nameservers.size() == 2);
  CHECK(run.line.is_given("listen"));
  CHECK_FALSE(run.line.is_given("zone"));
  CHECK(run.err.str().empty());
}

TEST_CASE("a list takes one value for each flag, not the words that follow") {
  Run run;
  run.program.takes_words = true;
  run({"topic", "--probe", "[a,b]", "route", "--nameservers", "[::1]:80", "T",
       "--", "--zone"});
  CHECK(run.probes == std::vector<std::string>{"[a,b]"});
  CHECK(run.nameservers.size() == 1);
  CHECK(run.line.words ==
        std::vector<std::string>{"topic", "route", "T", "--zone"});
}

TEST_CASE("an on|off option is read alone, with '=' and with a blank") {
  const std::pair<std::vector<std::string>, bool> cases[] = {
      {{"--liveness.expiry-brake"}, true},
      {{"--liveness.expiry-brake=off"}, false},
      {{"--liveness.expiry-brake", "off"}, false},
      {{"--liveness.expiry-brake", "on", "--zone", "x"}, true},
  };
  for (const auto& [arguments, expected] : cases) {
    Run run;
    run.brake = !expected;
    run(arguments);
    CHECK_FALSE(run.line.exit_status.has_value());
    CHECK(run.brake == expected);
  }
}

TEST_CASE("an empty value stays empty and does not take the next argument") {
  Run run;
  run({"--zone=", "--output", "json"});
  CHECK_FALSE(run.line.exit_status.has_value());
  CHECK(run.zone.empty());
  CHECK(run.output == 1);
}

TEST_CASE("flag beats environment beats file beats profile beats default") {
  const TemporaryFile file(
      "# a comment\n"
      "\n"
      "  liveness.scan-interval = 2s  \r\n"
      "liveness.agent-expiry=20s\n"
      "zone = file # no comment here\n"
      "probe = one\n"
      "probe = two\n");
  Run run;
  run({"--profile", "fast"});
  CHECK(run.scan == milliseconds(500));
  CHECK(run.expiry == seconds(3));
  CHECK(run.line.profile == "fast");

  Run with_file;
  with_file({"--profile", "fast", "--config", file.path()});
  CHECK(with_file.scan == seconds(2));
  CHECK(with_file.zone == "file # no comment here");
  CHECK(with_file.probes == std::vector<std::string>{"one", "two"});
  CHECK(with_file.line.config_file == file.path());

  Run with_environment;
  with_environment.environment = {{"WAYPOST_CONFIG", file.path()},
                                  {"WAYPOST_PROBE", "three\nfour"},
                                  {"WAYPOST_LIVENESS_SCAN_INTERVAL", "3s"}};
  with_environment({});
  CHECK(with_environment.scan == seconds(3));
  CHECK(with_environment.expiry == seconds(20));
  CHECK(with_environment.probes == std::vector<std::string>{"three", "four"});

  Run with_flag;
  with_flag.environment = with_environment.environment;
  with_flag({"--liveness.scan-interval", "4s", "--probe", "five"});
  CHECK(with_flag.scan == seconds(4));
  CHECK(with_flag.probes == std::vector<std::string>{"five"});
}

TEST_CASE("the profile comes from flag, environment or file, in this order") {
  const TemporaryFile file("profile = rocketmq-5\n");
  Run from_file;
  from_file({"--config", file.path()});
  CHECK(from_file.scan == seconds(5));
  Run from_environment;
  from_environment.environment["WAYPOST_PROFILE"] = "fast";
  from_environment({"--config", file.path()});
  CHECK(from_environment.scan == milliseconds(500));
  Run from_flag;
  from_flag.environment["WAYPOST_PROFILE"] = "fast";
  from_flag({"--config", file.path(), "--profile", "rocketmq-4"});
  CHECK(from_flag.scan == seconds(10));
}

TEST_CASE("what is wrong is told with key, value and what is allowed") {
  const struct {
    std::vector<std::string> arguments;
    const char* message;
    const char* advice;
  } cases[] = {
      {{"--liveness.scan-interval", "10"},
       "--liveness.scan-interval: '10' is not a duration: it has no unit",
       "allowed: 100ms to 1h"},
      {{"--output=xml"},
       "--output: 'xml' is not one of the choices",
       "allowed: table, json"},
      {{"--livness.scan-interval", "1s"},
       "unknown flag '--livness.scan-interval'",
       "did you mean '--liveness.scan-interval'?"},
      {{"--hlep"}, "unknown flag '--hlep'", "did you mean '--help'?"},
      {{"--colour=blue"}, "unknown flag '--colour'", "see --help"},
      {{"-x"}, "unknown flag '-x'", "see --help"},
      {{"--zone"}, "--zone: it needs a value", ""},
      {{"--zone", "--listen", "a:1"},
       "--zone: it needs a value, but the flag '--listen' follows",
       "write --zone=--listen if you mean it"},
      {{"--zone", "a", "--zone", "b"},
       "--zone: it is given 2 times",
       "it takes one value"},
      {{"serve"},
       "unexpected argument 'serve'",
       "values belong to flags, as in --key value"},
      {{"--profile", "slow"},
       "--profile: unknown profile 'slow'",
       "allowed are rocketmq-4, rocketmq-5, fast"},
      {{"--config", "/nonexistent/x"},
       "configuration file /nonexistent/x: No such file or directory",
       ""},
  };
  for (const auto& each : cases) {
    Run run;
    run(each.arguments);
    CHECK(run.line.exit_status == kExitUsage);
    CHECK(run.out.str().empty());
    CAPTURE(run.err.str());
    CHECK(contains(run.err.str(),
                   std::string("waypost-test: ") + each.message + "\n"));
    CHECK(contains(run.err.str(), each.advice));
  }
}

TEST_CASE("a wrong line of the file is told with its place") {
  const struct {
    const char* text;
    const char* message;
    const char* advice;
  } cases[] = {
      {"\nlivness.scan-interval = 1s\n",
       ":2: unknown key 'livness.scan-interval'",
       "did you mean 'liveness.scan-interval'?"},
      {"output = xml\n", ":1: output: 'xml' is not one of the choices",
       "allowed: table, json"},
      {"zone = a\nzone = b\n", ":2: zone is set twice", "it takes one value"},
      {"[liveness]\n", ":1: '[liveness]' is no setting", "write key = value"},
      {"config = other\n", ":1: unknown key 'config'", ""},
      {"profile = slow\n", ":1: unknown profile 'slow'", "allowed are"},
  };
  for (const auto& each : cases) {
    const TemporaryFile file(each.text);
    Run run;
    run({"--config", file.path()});
    CHECK(run.line.exit_status == kExitUsage);
    CAPTURE(run.err.str());
    CHECK(contains(run.err.str(), file.path() + each.message));
    CHECK(contains(run.err.str(), each.advice));
  }
}

TEST_CASE("a wrong value that a flag covers is refused all the same") {
  Run run;
  run.environment["WAYPOST_LIVENESS_SCAN_INTERVAL"] = "soon";
  run({"--liveness.scan-interval", "1s"});
  CHECK(run.line.exit_status == kExitUsage);
  CHECK(contains(run.err.str(), "WAYPOST_LIVENESS_SCAN_INTERVAL: "));
}

TEST_CASE("a required option may come from anywhere, but must come") {
  Run missing;
  missing.program.required = {"zone"};
  missing({});
  CHECK(missing.line.exit_status == kExitUsage);
  CHECK(contains(missing.err.str(), "--zone is missing"));
  Run given;
  given.program.required = {"zone"};
  given.environment["WAYPOST_ZONE"] = "z";
  given({});
  CHECK_FALSE(given.line.exit_status.has_value());
}

TEST_CASE("an option may be required only without another one") {
  Run missing;
  missing.program.required_without = {"output", {"zone"}};
  missing({});
  CHECK(missing.line.exit_status == kExitUsage);
  CHECK(contains(missing.err.str(), "--zone is missing"));
  Run other;
  other.program.required_without = {"output", {"zone"}};
  other({"--output", "json"});
  CHECK_FALSE(other.line.exit_status.has_value());
  Run help;
  help.program.required_without = {"output", {"zone"}};
  help({"--help"});
  CHECK(contains(help.out.str(), "Required without --output."));
}

TEST_CASE("help tells usage, examples, options with defaults, exit statuses") {
  Run run;
  run({"--help"});
  CHECK(run.line.exit_status == kExitSuccess);
  CHECK(run.err.str().empty());
  const std::string text = run.out.str();
  for (const char* part :
       {"waypost-test --listen HOST:PORT [--profile P]", "one for trying out",
        "SIGTERM stops it.", "--liveness.scan-interval TIME",
        "Default: 10s; rocketmq-5: 5s; fast: 500ms. Allowed: 100ms to 1h.",
        "WAYPOST_LIVENESS_SCAN_INTERVAL", "-o, --output CHOICE",
        "May be given several times.", "-h, --help", "--profile",
        "  1   it could not listen", "  2   a wrong flag"}) {
    CAPTURE(part);
    CHECK(contains(text, part));
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(line.size() <= 80);
  }
}

TEST_CASE("help and version are answered whatever else is wrong") {
  Run help;
  help.program.required = {"zone"};
  help({"--liveness.scan-interval", "wrong", "-h"});
  CHECK(help.line.exit_status == kExitSuccess);
  Run version;
  version({"--version"});
  CHECK(version.line.exit_status == kExitSuccess);
  CHECK(version.out.str() ==
        "waypost-test " + std::string(program_version()) + "\n");
}

TEST_CASE("the Markdown page has a row for each option") {
  Run run;
  run({"--help-markdown"});
  CHECK(run.line.exit_status == kExitSuccess);
  CHECK(contains(run.out.str(), "## waypost-test\n"));
  CHECK(contains(run.out.str(), "### liveness\n"));
  CHECK(contains(run.out.str(),
                 "| `liveness.expiry-brake` | on\\|off | on | on, off | "
                 "Holds removals back. |\n"));
}

}  // namespace
}  // namespace waypost::process
