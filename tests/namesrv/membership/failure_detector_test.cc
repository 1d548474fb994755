#include "namesrv/membership/failure_detector.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/random.h"

namespace waypost::membership {
namespace {

using namespace std::chrono_literals;

constexpr base::Instant kStart{1000h};
base::Instant at(base::Duration since_start) { return kStart + since_start; }

TEST_CASE("phi, by the table of the normal distribution's tail") {
  // silence, mean, deviation, -log10(1 - cdf)
  struct Row {
    base::Duration silence, mean, deviation;
    double phi;
  };
  const Row rows[] = {
      {1000ms, 1000ms, 100ms, 0.3010},  // half come later
      {1100ms, 1000ms, 100ms, 0.7995},  // 15.9 %
      {1200ms, 1000ms, 100ms, 1.6430},  // 2.28 %
      {1300ms, 1000ms, 100ms, 2.8697},  // 0.135 %
      {900ms, 1000ms, 100ms, 0.0751},   // 84.1 %
  };
  for (const Row& row : rows) {
    CAPTURE(row.silence.count());
    CHECK(phi(row.silence, row.mean, row.deviation) ==
          doctest::Approx(row.phi).epsilon(0.02));
  }
  // Far out it goes on growing.
  CHECK(phi(10s, 1s, 100ms) > phi(9s, 1s, 100ms));
}

TEST_CASE("a timeout is exceeded strictly, and a close counts at once") {
  FailureDetector detector{DetectorSettings{}};
  CHECK_FALSE(detector.was_heard());
  CHECK_FALSE(detector.reachable(kStart));
  detector.heard(kStart);
  CHECK(detector.reachable(at(5s)));
  CHECK_FALSE(detector.reachable(at(5001ms)));
  CHECK(detector.suspicion(at(2500ms)) == doctest::Approx(4));
  detector.heard(at(6s));
  CHECK(detector.reachable(at(6s)));
  detector.closed();
  CHECK_FALSE(detector.reachable(at(6s)));
  detector.heard(at(7s));
  CHECK(detector.reachable(at(7s)));
}

TEST_CASE("the adaptive form waits longer for who is heard irregularly") {
  DetectorSettings settings;
  settings.form = DetectorForm::kAdaptive;
  const auto noticed_after = [&](base::Duration jitter) {
    base::Random random(3);
    FailureDetector detector(settings);
    base::Instant now = kStart;
    for (int i = 0; i < 300; ++i) {
      detector.heard(now);
      now += 1s + (random.chance(0.5) ? jitter : -jitter);
    }
    const base::Instant last = now;
    detector.heard(last);
    while (detector.reachable(now)) now += 10ms;
    return now - last;
  };
  const auto regular = noticed_after(10ms);
  const auto irregular = noticed_after(600ms);
  CHECK(regular > 4s);
  CHECK(regular < 6s);
  CHECK(irregular > regular + 1s);
  CHECK(irregular < 12s);
}

TEST_CASE("a pause is accepted before any rhythm is known") {
  DetectorSettings settings;
  settings.form = DetectorForm::kAdaptive;
  FailureDetector detector(settings);
  detector.heard(kStart);
  CHECK(detector.reachable(at(4s)));
  CHECK_FALSE(detector.reachable(at(7s)));
}

TEST_CASE("a restart forgets the silence") {
  FailureDetector detector{DetectorSettings{}};
  detector.heard(kStart);
  detector.restart(at(60s));
  CHECK(detector.reachable(at(61s)));
}

TEST_CASE("a death is noticed within the window, whenever it comes") {
  const auto window = detection_window(5s, 1s);
  CHECK(window.min == 4s);
  CHECK(window.max == 6s);
  base::Duration first = 1h;
  base::Duration last = 0s;
  for (int phase = 0; phase < 1000; phase += 7) {
    for (int death = 1; death < 1000; death += 13) {
      FailureDetector detector{DetectorSettings{}};
      detector.heard(kStart);
      // It dies between this heartbeat and the next; we look each second.
      const base::Instant died = at(death * 1ms);
      base::Instant look = at(phase * 1ms);
      while (detector.reachable(look)) look += 1s;
      first = std::min(first, look - died);
      last = std::max(last, look - died);
    }
  }
  CHECK(first >= window.min);
  CHECK(last <= window.max);
  CHECK(first < window.min + 50ms);
  CHECK(last > window.max - 50ms);
}

}  // namespace
}  // namespace waypost::membership
