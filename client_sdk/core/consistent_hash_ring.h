#ifndef WAYPOST_CLIENT_SDK_CORE_CONSISTENT_HASH_RING_H_
#define WAYPOST_CLIENT_SDK_CORE_CONSISTENT_HASH_RING_H_

// RocketMQ's ring (ConsistentHashRouter with its MD5 hash), to the letter:
// virtual node i of a node stands at hash("<node>-<i>"); where two collide the
// later one takes the place; a node that is added twice goes on numbering after
// the virtual nodes that it still has. A key belongs to the first virtual node
// at or after its hash.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace waypost::client {

class ConsistentHashRing {
 public:
  // REQUIRES: virtual_nodes >= 0.
  void add(const std::string& node, int virtual_nodes);

  // Null when the ring is empty.
  const std::string* owner_of(std::string_view key) const;

  // The first four bytes of MD5, big-endian.
  static std::uint32_t hash(std::string_view key);

 private:
  std::map<std::uint32_t, std::string> ring_;  // hash -> node
  std::unordered_map<std::string, int> places_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_CONSISTENT_HASH_RING_H_
