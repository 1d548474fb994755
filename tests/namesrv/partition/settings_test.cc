#include "namesrv/partition/settings.h"

#include <string>

#include <doctest/doctest.h>

namespace waypost::partition {
namespace {

using namespace std::chrono_literals;

Roster roster(std::size_t size, bool complete = true) {
  Roster made;
  made.complete = complete;
  for (std::size_t i = 0; i < size; ++i) {
    made.members.insert(model::PeerName("ns" + std::to_string(i + 1)));
  }
  return made;
}

Settings with(Mode mode) {
  Settings settings;
  settings.mode = mode;
  return settings;
}

TEST_CASE("the nine modes by their names, with hyphens or underscores") {
  CHECK(mode_names().size() == 9);
  for (const std::string& name : mode_names()) {
    const auto mode = parse_mode(name);
    REQUIRE(mode.has_value());
    CHECK(mode_name(*mode) == name);
  }
  CHECK(*parse_mode("pause_if_all_down") == Mode::kPauseIfAllDown);
  CHECK(family_of(Mode::kAutoheal) == Family::kPause);
  CHECK(family_of(Mode::kStaticQuorum) == Family::kDowning);
  CHECK(parse_mode("auto-down")
            .error()
            .message.find("allowed: ignore, pause-minority") !=
        std::string::npos);
  CHECK(parse_mode("ignore, autoheal").error().message.find("is a list") !=
        std::string::npos);
}

TEST_CASE("a mode that a newer peer announces is treated as ignore") {
  CHECK(mode_at_run_time("keep-oldest").mode == Mode::kKeepOldest);
  const auto newer = mode_at_run_time("keep-the-best");
  CHECK(newer.mode == Mode::kIgnore);
  CHECK(newer.warning.has_value());
}

TEST_CASE("down-all-when-unstable: three quarters, a fixed time, or never") {
  const auto resolve = [](const char* text, base::Duration stable) {
    const auto parsed = DownAllWhenUnstable::parse(text);
    REQUIRE(parsed.has_value());
    CHECK(parsed->to_string() == text);
    return parsed->resolve(stable);
  };
  CHECK(resolve("on", 20s) == 15s);
  CHECK(resolve("on", 5s) == 4s);
  CHECK(resolve("off", 20s) == 0s);
  CHECK(resolve("7s", 20s) == 7s);
  CHECK_FALSE(DownAllWhenUnstable::parse("0s").has_value());
  CHECK_FALSE(DownAllWhenUnstable::parse("sometimes").has_value());
}

TEST_CASE("settings that cannot hold are refused") {
  Settings all_down = with(Mode::kPauseIfAllDown);
  CHECK(check(all_down).error().message == "pause-if-all-down lists no nodes");
  all_down.pause_if_all_down_nodes = {model::PeerName("ns1")};
  CHECK_FALSE(check(all_down).has_value());
  all_down.pause_if_all_down_recover = Recover::kAutoheal;
  CHECK(check(all_down).has_value());
  CHECK(pause_policy(all_down).heals());

  Settings lease = with(Mode::kLeaseMajority);
  lease.lease_implementation = LeaseKind::kFile;
  CHECK(check(lease).has_value());
  lease.lease_release_after = lease.acquire_lease_delay_for_minority;
  CHECK(check(lease).error().message.find("both would get it") !=
        std::string::npos);

  CHECK_FALSE(check(with(Mode::kStaticQuorum)).has_value());
  CHECK_FALSE(check(with(Mode::kLeaseMajority)).has_value());
  CHECK(check(with(Mode::kKeepMajority)).has_value());
}

TEST_CASE("a quorum that both sides of a cut can reach is refused") {
  Settings settings = with(Mode::kStaticQuorum);
  settings.quorum_size = 2;
  CHECK(check_roster(settings, roster(3)).has_value());
  const auto refused = check_roster(settings, roster(4));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message ==
        "static-quorum of 2 with 4 nameservers: both sides of a cut could "
        "reach it, so every partition would down everybody");
  CHECK(refused.error().advice.ends_with(", 3"));
}

std::string all_warnings(const Settings& settings, const Roster& roster) {
  std::string text;
  for (const std::string& each : warnings(settings, roster))
    text += each + "\n";
  return text;
}

TEST_CASE("combinations that do something else than they look like") {
  const auto says = [](const Settings& settings, const Roster& roster,
                       const char* words) {
    return all_warnings(settings, roster).find(words) != std::string::npos;
  };
  CHECK(
      says(with(Mode::kPauseMinority), roster(2), "one of two is no majority"));
  CHECK(says(with(Mode::kPauseMinority), roster(4), "pauses everybody"));
  CHECK(all_warnings(with(Mode::kPauseMinority), roster(3)).empty());
  CHECK(all_warnings(with(Mode::kIgnore), roster(2)).empty());

  Settings all_down = with(Mode::kPauseIfAllDown);
  all_down.pause_if_all_down_nodes = {model::PeerName("elsewhere")};
  CHECK(says(all_down, roster(3), "nobody ever pauses"));

  Settings quorum = with(Mode::kStaticQuorum);
  quorum.quorum_size = 4;
  CHECK(says(quorum, roster(3), "never there"));
  CHECK_FALSE(says(quorum, roster(3, false), "never there"));

  Settings oldest = with(Mode::kKeepOldest);
  oldest.keep_oldest_down_if_alone = false;
  CHECK(says(oldest, roster(3), "when the oldest nameserver dies"));
  CHECK(says(with(Mode::kDownAll), roster(3), "every death"));
  Settings lease = with(Mode::kLeaseMajority);
  lease.lease_implementation = LeaseKind::kFile;
  CHECK(says(lease, roster(3), "one machine"));
  CHECK_FALSE(says(lease, roster(3), "hardly time"));
  lease.lease_release_after = 10s;
  CHECK(says(lease, roster(3), "hardly time"));
  Settings hasty = with(Mode::kKeepMajority);
  hasty.stable_after = 1s;
  CHECK(says(hasty, roster(3), "shorter than it takes to notice"));

  Settings gates = with(Mode::kIgnore);
  gates.gate.allow[0] = true;
  CHECK(says(gates, roster(3), "no effect"));
  Settings both = with(Mode::kPauseMinority);
  both.gate.all_members = true;
  CHECK(says(both, roster(3), "not ready either"));
}

TEST_CASE("each strategy takes the role that is meant for it") {
  Settings settings = with(Mode::kKeepOldest);
  settings.keep_oldest_role = "primary";
  settings.keep_majority_role = "other";
  settings.stable_after = 8s;
  const ResolverSettings resolver = resolver_settings(settings);
  CHECK(resolver.strategy.role == "primary");
  CHECK(resolver.down_all_when_unstable == 6s);
  CHECK(resolver_settings(with(Mode::kDownAll)).strategy.role.empty());
}

TEST_CASE("a blank lease name means the default") {
  CHECK(lease_name_or(" \t", "d") == "d");
  CHECK(lease_name_or("", "d") == "d");
  CHECK(lease_name_or(" mine ", "d") == "mine");
}

}  // namespace
}  // namespace waypost::partition
