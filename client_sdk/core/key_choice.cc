#include "client_sdk/core/key_choice.h"

#include <cmath>

namespace waypost::client {
namespace {

// SplitMix64's finalizer: all bits of the result depend on all of the input.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111eb;
  return value ^ (value >> 31U);
}

// Larger is better; the share of the keys for which a candidate is best is its
// share of the queues (weighted rendezvous hashing).
double score(std::uint64_t key_hash, const KeyCandidate& candidate) {
  const std::uint64_t draw = mixed(key_hash ^ candidate.name_hash);
  // In (0, 1): 53 bits and half of the last.
  const double unit = (static_cast<double>(draw >> 11U) + 0.5) * 0x1p-53;
  return static_cast<double>(candidate.queues) / -std::log(unit);
}

}  // namespace

std::uint32_t jump_hash(std::uint64_t key_hash, std::uint32_t count) {
  std::int64_t bucket = -1;
  std::int64_t next = 0;
  while (next < static_cast<std::int64_t>(count)) {
    bucket = next;
    key_hash = key_hash * 2862933555777941757ULL + 1;
    next = static_cast<std::int64_t>(
        static_cast<double>(bucket + 1) *
        (0x1p31 / static_cast<double>((key_hash >> 33U) + 1)));
  }
  return static_cast<std::uint32_t>(bucket);
}

std::optional<Turn> choose_for_key(std::uint64_t key_hash,
                                   std::span<const KeyCandidate> candidates,
                                   std::span<const std::uint8_t> allowed) {
  std::optional<std::uint32_t> best;
  double best_score = 0;
  for (std::uint32_t i = 0; i < candidates.size(); ++i) {
    if (allowed[i] == 0) continue;
    // A draw of its own, so that the keys of a trickle are of all brokers.
    if (allowed[i] > 1 && mixed(~key_hash) % allowed[i] != 0) continue;
    const double its_score = score(key_hash, candidates[i]);
    if (!best || its_score > best_score) {
      best = i;
      best_score = its_score;
    }
  }
  if (!best) return std::nullopt;
  const KeyCandidate& chosen = candidates[*best];
  return Turn{*best,
              jump_hash(mixed(key_hash + chosen.name_hash), chosen.queues)};
}

}  // namespace waypost::client
