// What operators type, and what they are told when it is wrong.

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/processes/system.h"

namespace waypost::processes {
namespace {

using namespace std::chrono_literals;
using support::Finished;
using support::our_executable;
using support::run;

Finished ctl(const std::string& nameservers, std::vector<std::string> words) {
  std::vector<std::string> arguments = {our_executable("waypostctl"),
                                        "--nameservers", nameservers};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run(std::move(arguments));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("waypostctl shows what is registered and says so by its status") {
  System system(2);
  system.add_agent("broker-a", {}, "127.0.0.1:1001");
  system.add_agent("broker-b", {}, "127.0.0.1:1002");
  REQUIRE(system.all_have({"broker-a", "broker-b"}));
  const auto all = system.addresses();
  const std::string both = all[0] + "," + all[1];
  const std::string nobody =
      "127.0.0.1:" + std::to_string(support::unused_port());

  const auto route = ctl(both, {"topic", "route", kTopic});
  INFO(route.transcript);
  CHECK(route.exit.status == 0);
  CHECK(contains(route.out, "broker-a"));
  CHECK(contains(route.out, "127.0.0.1:1002"));

  const auto brokers = ctl(both, {"broker", "list"});
  CHECK(brokers.exit.status == 0);
  CHECK(contains(brokers.out, "broker-b"));
  const auto topics = ctl(both, {"topic", "list"});
  CHECK(topics.exit.status == 0);
  CHECK(contains(topics.out, kTopic));
  CHECK(ctl(both, {"cluster", "show"}).exit.status == 0);
  CHECK(ctl(both, {"ping"}).exit.status == 0);

  for (const Names& command :
       {Names{"topic", "route", kTopic}, Names{"broker", "list"},
        Names{"topic", "list"}, Names{"cluster", "show"}, Names{"ping"}}) {
    Names words{"-o", "json", "--all"};
    words.insert(words.end(), command.begin(), command.end());
    const auto json = ctl(both, words);
    CAPTURE(json.transcript);
    CHECK(json.exit.status == 0);
    CHECK(nlohmann::json::accept(json.out));
  }

  // The first that answers is enough; with --all the silent one is named.
  CHECK(ctl(nobody + "," + both, {"ping"}).exit.status == 0);
  const auto partly = ctl(nobody + "," + both, {"--all", "cluster", "show"});
  CHECK(partly.exit.status != 0);
  CHECK(contains(partly.out + partly.err, nobody));
  const auto none = ctl(nobody, {"cluster", "show"});
  CHECK(none.exit.status == 1);
  CHECK(contains(none.out + none.err, nobody));
  const auto unknown = ctl(both, {"topic", "route", "nobody-serves-this"});
  CHECK(unknown.exit.status == 1);
  CHECK(contains(unknown.out + unknown.err, "nobody-serves-this"));

  system.nameservers[0]->process().stop();
  const auto hung = ctl(both, {"--timeout", "2s", "--all", "cluster", "show"});
  CHECK(hung.exit.status == partly.exit.status);
  CHECK(contains(hung.out + hung.err, all[0]));
  CHECK(ctl(both, {"--timeout", "2s", "ping"}).exit.status == 0);
}

struct Wrong {
  std::vector<std::string> arguments;  // after the program's own required ones
  Names told;                          // each must be in the message
};

void check_refusals(const std::vector<std::string>& required,
                    const std::vector<Wrong>& cases) {
  for (const Wrong& wrong : cases) {
    auto arguments = required;
    arguments.insert(arguments.end(), wrong.arguments.begin(),
                     wrong.arguments.end());
    const Finished done = run(std::move(arguments));
    CAPTURE(done.transcript);
    CHECK(done.exit.status == 2);
    for (const auto& told : wrong.told) {
      CAPTURE(told);
      CHECK(contains(done.err, told));
    }
  }
}

TEST_CASE(
    "a wrong flag is refused with its key, the value and what is allowed") {
  support::TempDir dir;
  check_refusals(
      {our_executable("waypost-namesrv"), "--data-dir", dir.path()},
      {{{"--listen", "nonsense"}, {"listen", "nonsense"}},
       {{"--listen", "127.0.0.1:70000"}, {"listen", "70000"}},
       {{"--profile", "slow"}, {"profile", "slow", "rocketmq-5", "fast"}},
       {{"--liveness.scan-interval", "5"}, {"liveness.scan-interval", "5"}},
       {{"--liveness.scan-interval", "1ms"},
        {"liveness.scan-interval", "1ms", "100ms"}},
       {{"--liveness.scan-intervall", "5s"}, {"liveness.scan-interval"}},
       {{"--liveness.expiry-brake", "maybe"}, {"maybe", "on"}},
       {{"--liveness.suspect-after", "10m"}, {"suspect-after", "agent-expiry"}},
       {{"--config", "/nowhere/at/all"}, {"/nowhere/at/all"}}});
  check_refusals(
      {our_executable("waypost-agent"), "--nameservers", "127.0.0.1:1",
       "--cluster", "c", "--broker-name", "b", "--broker-address",
       "127.0.0.1:2"},
      {{{}, {"topics"}},
       {{"--topics", "/nowhere/topics.json"}, {"/nowhere/topics.json"}},
       {{"--topics", "t", "--probe", "telepathy"}, {"telepathy", "mqtt"}},
       {{"--topics", "t", "--on-exit", "explode"}, {"explode", "keep"}},
       {{"--topics", "t", "--broker-id", "-1"}, {"broker-id", "-1"}}});
  check_refusals({our_executable("waypostctl")},
                 {{{"ping"}, {"nameservers"}},
                  {{"--nameservers", "127.0.0.1:1"}, {"ping"}},
                  {{"--nameservers", "127.0.0.1:1", "topik", "list"},
                   {"topik", "topic list"}},
                  {{"--nameservers", "127.0.0.1:1", "-o", "xml", "ping"},
                   {"xml", "json"}}});
}

TEST_CASE("a configuration file's mistakes are told with their line") {
  support::TempDir dir;
  support::write_file(dir / "ns.conf",
                      "# a comment\nlisten = 127.0.0.1:0\n\nlivness.x = 1\n");
  const auto done = run({our_executable("waypost-namesrv"), "--data-dir",
                         dir.path(), "--config", dir / "ns.conf"});
  CHECK(done.exit.status == 2);
  CHECK(contains(done.err, dir / "ns.conf"));
  CHECK(contains(done.err, "4"));
  CHECK(contains(done.err, "livness.x"));
}

TEST_CASE("every program tells how to run it") {
  for (const char* name : {"waypost-namesrv", "waypost-agent", "waypostctl"}) {
    CAPTURE(name);
    const auto help = run({our_executable(name), "--help"});
    CHECK(help.exit.status == 0);
    CHECK(contains(help.out, name));
    CHECK(help.out.size() > 1000);
    const auto version = run({our_executable(name), "--version"});
    CHECK(version.exit.status == 0);
    CHECK(contains(version.out, "0."));
    const auto nothing = run({our_executable(name)});
    CHECK(nothing.exit.status == 2);
    CHECK(contains(nothing.err, "--help"));
  }
}

}  // namespace
}  // namespace waypost::processes
