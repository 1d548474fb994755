#ifndef WAYPOST_CLIENT_SDK_CORE_KEY_CHOICE_H_
#define WAYPOST_CLIENT_SDK_CORE_KEY_CHOICE_H_

// From a key to a broker and one of its queues, so that equal keys meet and a
// small change of the brokers moves few keys.
//
// A key modulo the number of queues, as RocketMQ's SelectMessageQueueByHash has
// it, moves nearly all keys when one broker comes or goes. Here each broker has
// a score for each key and the best one takes it (Thaler, Ravishankar: "Using
// Name-Based Mappings to Increase Hit Rates", 1998), weighted by the number of
// its queues; within a broker the queue follows by jump consistent hashing
// (Lamping, Veach, 2014), which moves only what new queues take.

#include <cstdint>
#include <optional>
#include <span>

#include "client_sdk/core/turn_order.h"

namespace waypost::client {

struct KeyCandidate {
  std::uint64_t name_hash = 0;  // of the broker group
  std::uint32_t queues = 1;     // at least 1
};

// `allowed` as in Eligibility: a broker that takes one turn in n takes one key
// in n. Nothing when nobody takes any.
std::optional<Turn> choose_for_key(std::uint64_t key_hash,
                                   std::span<const KeyCandidate> candidates,
                                   std::span<const std::uint8_t> allowed);

// A bucket from 0 to count - 1; count at least 1.
std::uint32_t jump_hash(std::uint64_t key_hash, std::uint32_t count);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_KEY_CHOICE_H_
