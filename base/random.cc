#include "base/random.h"

#include <random>

namespace waypost::base {

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  // Rejection keeps it uniform: the lowest 2^64 mod bound values are redrawn.
  const std::uint64_t rejected = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t draw = next();
    if (draw >= rejected) return draw % bound;
  }
}

double Random::unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

Duration Random::jittered(Duration duration, double share) {
  const double factor = 1.0 + share * (2.0 * unit() - 1.0);
  return Duration(static_cast<Duration::rep>(
      static_cast<double>(duration.count()) * factor));
}

std::uint64_t entropy_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

}  // namespace waypost::base
