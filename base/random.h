#ifndef WAYPOST_BASE_RANDOM_H_
#define WAYPOST_BASE_RANDOM_H_

#include <cstdint>

#include "base/clock.h"

namespace waypost::base {

// Seeded randomness: the same seed gives the same run. Not for secrets. Not
// thread-safe. The generator is SplitMix64 (Steele, Lea, Flood: "Fast
// Splittable Pseudorandom Number Generators", 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();

  // Uniform in [0, bound); 0 when bound is 0.
  std::uint64_t below(std::uint64_t bound);

  // Uniform in [0, 1).
  double unit();

  // True with the given probability.
  bool chance(double probability) { return unit() < probability; }

  // Uniform in [duration * (1 - share), duration * (1 + share)]: what keeps a
  // thousand clients that started together from calling together.
  Duration jittered(Duration duration, double share);

  // An independent generator, so that one part's draws do not move another's.
  Random fork() { return Random(next()); }

 private:
  std::uint64_t state_;
};

// A seed from the system's entropy, for production.
std::uint64_t entropy_seed();

}  // namespace waypost::base

#endif  // WAYPOST_BASE_RANDOM_H_
