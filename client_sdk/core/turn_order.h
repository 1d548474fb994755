#ifndef WAYPOST_CLIENT_SDK_CORE_TURN_ORDER_H_
#define WAYPOST_CLIENT_SDK_CORE_TURN_ORDER_H_

// Round robin over (broker, queue).
//
// A list of all queues, broker after broker, with the unwanted ones skipped, is
// not fair: whoever follows an avoided broker in the list gets all its turns.
// So the brokers are interleaved, each as often as its queues ask for and as
// evenly as possible, and a skipped turn is simply not taken. The turns of the
// others then keep their order, so that in any window of one round each of them
// has exactly its share.
//
// The order holds each broker queues / gcd times; which of its queues a turn is
// for follows from the number of the round. Equal brokers thus need one turn
// each, however many queues they have.

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace waypost::client {

struct Turn {
  std::uint32_t candidate = 0;
  std::uint32_t queue = 0;
};

// One picking thread's place in an order; survives a change of the order.
struct TurnCursor {
  std::uint32_t index = 0;
  std::uint32_t round = 0;

  static TurnCursor random_start(base::Random& random) {
    return {static_cast<std::uint32_t>(random.next()),
            static_cast<std::uint32_t>(random.next())};
  }
};

// Immutable after construction.
class TurnOrder {
 public:
  // Longer orders are cut down to one turn for each broker, whatever their
  // queues: a hostile or absurd route must not cost megabytes.
  static constexpr std::size_t kTurnsMax = 8192;

  TurnOrder() = default;
  // `queues[i]` is what candidate i has; none may be 0.
  explicit TurnOrder(std::span<const std::uint32_t> queues);

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }  // turns of a round

  // Takes the next turn. REQUIRES: !empty().
  Turn next(TurnCursor& cursor) const {
    if (cursor.index >= entries_.size()) {
      cursor.index %= static_cast<std::uint32_t>(entries_.size());
    }
    const Entry& entry = entries_[cursor.index];
    const std::uint32_t turn =
        cursor.round * entry.turns_of_round + entry.turn_of_round;
    if (++cursor.index == entries_.size()) {
      cursor.index = 0;
      ++cursor.round;
    }
    // Most numbers of queues are powers of two, and the division is the slowest
    // instruction of a pick.
    const std::uint32_t mask = entry.queues - 1;
    const bool power_of_two = (entry.queues & mask) == 0;
    return {entry.candidate, power_of_two ? turn & mask : turn % entry.queues};
  }

  // Takes the next turn of a candidate that takes it, passing over the others:
  // `allowed` as in Eligibility. REQUIRES: at least one of it is 1.
  Turn next_allowed(TurnCursor& cursor,
                    std::span<const std::uint8_t> allowed) const {
    for (;;) {
      const std::uint32_t round = cursor.round;
      const Turn turn = next(cursor);
      const std::uint8_t one_in = allowed[turn.candidate];
      if (one_in == 1 || (one_in > 1 && round % one_in == 0)) return turn;
    }
  }

 private:
  struct Entry {
    std::uint32_t candidate = 0;
    std::uint32_t queues = 1;
    std::uint32_t turns_of_round = 1;  // of this candidate in each round
    std::uint32_t turn_of_round = 0;   // which of them this is
  };
  std::vector<Entry> entries_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_TURN_ORDER_H_
