#include "client_sdk/core/consistent_hash_ring.h"

#include "client_sdk/core/md5.h"

namespace waypost::client {

std::uint32_t ConsistentHashRing::hash(std::string_view key) {
  const auto digest = md5(key);
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | digest[i];
  return value;
}

void ConsistentHashRing::add(const std::string& node, int virtual_nodes) {
  const int first = places_[node];
  for (int i = 0; i < virtual_nodes; ++i) {
    std::string& place = ring_[hash(node + "-" + std::to_string(first + i))];
    if (!place.empty()) --places_[place];
    place = node;
    ++places_[node];
  }
}

const std::string* ConsistentHashRing::owner_of(std::string_view key) const {
  if (ring_.empty()) return nullptr;
  const auto found = ring_.lower_bound(hash(key));
  return found == ring_.end() ? &ring_.begin()->second : &found->second;
}

}  // namespace waypost::client
