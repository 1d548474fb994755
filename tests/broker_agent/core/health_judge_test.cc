#include "broker_agent/core/health_judge.h"

#include <doctest/doctest.h>

#include "base/random.h"

namespace waypost::agent {
namespace {

base::Instant at_ms(std::int64_t ms) {
  return base::Instant(std::chrono::milliseconds(ms));
}

const ProbeResult kPassed{true, {}};
const ProbeResult kFailed{false, "no answer within 1s"};

TEST_CASE("the first result of a probe counts at once") {
  HealthJudge good({}, {"tcp"});
  CHECK_FALSE(good.verdict().has_value());
  CHECK(good.on_probe(0, kPassed, at_ms(1))->healthy);

  HealthJudge bad({}, {"tcp"});
  const auto verdict = bad.on_probe(0, kFailed, at_ms(1));
  REQUIRE(verdict.has_value());
  CHECK_FALSE(verdict->healthy);
  CHECK(verdict->reason == "tcp: no answer within 1s");
}

TEST_CASE("an observer's first failure is one of as many as any other's") {
  HealthSettings settings;
  settings.first_failure_counts = false;
  HealthJudge judge(settings, {"rocketmq"});
  CHECK_FALSE(judge.on_probe(0, kFailed, at_ms(1)).has_value());
  CHECK_FALSE(judge.verdict().has_value());
  CHECK(judge.on_probe(0, kPassed, at_ms(1000))->healthy);

  HealthJudge other(settings, {"rocketmq"});
  CHECK_FALSE(other.on_probe(0, kFailed, at_ms(1)).has_value());
  CHECK_FALSE(other.on_probe(0, kFailed, at_ms(2))->healthy);
}

TEST_CASE("two failures in a row make it unhealthy, two successes healthy") {
  HealthJudge judge({}, {"mqtt"});
  REQUIRE(judge.on_probe(0, kPassed, at_ms(0)).has_value());
  CHECK_FALSE(judge.on_probe(0, kFailed, at_ms(2000)).has_value());
  CHECK_FALSE(judge.on_probe(0, kPassed, at_ms(2100)).has_value());
  CHECK_FALSE(judge.on_probe(0, kFailed, at_ms(4000)).has_value());
  const auto down = judge.on_probe(0, kFailed, at_ms(5000));
  REQUIRE(down.has_value());
  CHECK_FALSE(down->healthy);
  CHECK(down->reason == "mqtt: no answer within 1s, last passed 2.9s ago");

  CHECK_FALSE(judge.on_probe(0, kPassed, at_ms(9000)).has_value());
  CHECK_FALSE(judge.on_probe(0, kFailed, at_ms(10000)).has_value());
  CHECK_FALSE(judge.on_probe(0, kPassed, at_ms(11000)).has_value());
  const auto up = judge.on_probe(0, kPassed, at_ms(12000));
  REQUIRE(up.has_value());
  CHECK(up->healthy);
  CHECK(up->reason == "back after 7.0s unhealthy");
}

TEST_CASE("with defaults a hang is a verdict 3 s after the last good answer") {
  // Probes start each second and a hanging one takes its full timeout of 1 s.
  HealthJudge judge({}, {"mqtt"});
  REQUIRE(judge.on_probe(0, kPassed, at_ms(0)).has_value());
  CHECK_FALSE(judge.on_probe(0, kFailed, at_ms(2000)).has_value());
  CHECK(judge.on_probe(0, kFailed, at_ms(3000)).has_value());
}

TEST_CASE("all probes must pass, and none speaks for another") {
  HealthJudge judge({}, {"tcp", "http"});
  CHECK_FALSE(judge.on_probe(0, kPassed, at_ms(0)).has_value());
  CHECK(judge.on_probe(1, kPassed, at_ms(1))->healthy);
  // One failure of each is not two in a row of one.
  CHECK_FALSE(judge.on_probe(0, kFailed, at_ms(2)).has_value());
  CHECK_FALSE(judge.on_probe(1, kFailed, at_ms(3)).has_value());
  CHECK_FALSE(judge.on_probe(0, kPassed, at_ms(4)).has_value());
  const auto down = judge.on_probe(1, kFailed, at_ms(5));
  REQUIRE(down.has_value());
  CHECK(down->reason.find("http: ") == 0);
  // The healthy one goes on; the verdict stays until the other is back too.
  CHECK_FALSE(judge.on_probe(0, kPassed, at_ms(6)).has_value());
  CHECK_FALSE(judge.on_probe(1, kPassed, at_ms(7)).has_value());
  CHECK(judge.on_probe(1, kPassed, at_ms(8))->healthy);
}

TEST_CASE("the broker's own report counts at once, beside the probes") {
  HealthJudge judge({}, {"tcp"});
  REQUIRE(judge.on_probe(0, kPassed, at_ms(0)).has_value());
  const auto down = judge.on_report(false, "disk full", at_ms(1));
  REQUIRE(down.has_value());
  CHECK(down->reason == "the broker reports: disk full");
  CHECK_FALSE(judge.on_probe(0, kPassed, at_ms(2)).has_value());
  CHECK(judge.on_report(true, "", at_ms(3))->healthy);

  HealthJudge alone({}, {});
  CHECK(alone.on_report(true, "", at_ms(0))->healthy);
}

TEST_CASE("whatever the results, verdicts alternate and follow the rule") {
  base::Random random(11);
  for (int round = 0; round < 200; ++round) {
    HealthJudge judge({3, 2}, {"p"});
    std::optional<bool> said;
    int run = 0;
    bool last = false;
    for (int i = 0; i < 60; ++i) {
      const bool passed = random.chance(0.5);
      run = passed == last && i > 0 ? run + 1 : 1;
      last = passed;
      const auto verdict =
          judge.on_probe(0, passed ? kPassed : kFailed, at_ms(i));
      const bool expected =
          !said || (*said != passed && run >= (passed ? 2 : 3));
      REQUIRE(verdict.has_value() == expected);
      if (verdict) {
        CHECK(verdict->healthy == passed);
        said = passed;
      }
    }
  }
}

}  // namespace
}  // namespace waypost::agent
