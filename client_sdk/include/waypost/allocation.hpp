#ifndef WAYPOST_ALLOCATION_HPP_
#define WAYPOST_ALLOCATION_HPP_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "waypost/events.hpp"
#include "waypost/result.hpp"
#include "waypost/route.hpp"

namespace waypost {

// Which of a topic's queues each consumer of a group reads. Every consumer
// computes its own share from the same two lists, the topic's queues and the
// group's consumers; as long as all see the same lists, each queue has exactly
// one reader (where a strategy leaves queues out it says so). The strategies
// are RocketMQ's and give its results, so that consumers of both kinds may
// share a group.

// One queue of a topic at one broker group. Ordered by topic, broker, queue.
struct TopicQueue {
  std::string topic;
  std::string broker;  // the group's name
  std::uint32_t queue = 0;

  friend bool operator==(const TopicQueue&, const TopicQueue&) = default;
  friend auto operator<=>(const TopicQueue&, const TopicQueue&) = default;
};
using TopicQueues = std::vector<TopicQueue>;

// Pure: the queues of `consumer`. Both lists must be in one order for all
// consumers (QueueAssignment sorts them). A consumer that is not among
// `consumers` gets none. kInvalidArgument: an empty list or name. Those below
// throw nothing by themselves.
using AllocationStrategy = std::function<Result<TopicQueues>(
    std::string_view consumer, std::span<const TopicQueue> queues,
    std::span<const std::string> consumers)>;

// RocketMQ's AVG: consecutive queues, as many for each; the first consumers
// get one more. Of more consumers than queues the last ones get none.
Result<TopicQueues> allocate_averagely(std::string_view consumer,
                                       std::span<const TopicQueue> queues,
                                       std::span<const std::string> consumers);

// RocketMQ's AVG_BY_CIRCLE: one queue for each consumer, round after round.
Result<TopicQueues> allocate_by_circle(std::string_view consumer,
                                       std::span<const TopicQueue> queues,
                                       std::span<const std::string> consumers);

// RocketMQ's CONSISTENT_HASH: queues and consumers on a ring of 32-bit hashes
// (the first four bytes of MD5), each consumer at `virtual_nodes` places; a
// change of the lists moves few queues, at the price of uneven shares.
// kInvalidArgument when `virtual_nodes` is negative; with 0 nobody gets any.
AllocationStrategy allocate_by_consistent_hash(int virtual_nodes = 10);

// RocketMQ's MACHINE_ROOM: only queues of brokers named "room@name" whose room
// is one of `rooms`; the others are read by nobody of this group.
AllocationStrategy allocate_by_machine_room(std::set<std::string> rooms);

// In which room a broker group and a consumer are. kInvalidArgument for the
// whole allocation when one of them answers with an empty name.
struct RoomResolver {
  std::function<std::string(const TopicQueue& queue)> room_of_broker;
  std::function<std::string(const std::string& consumer)> room_of_consumer;
};

// RocketMQ's MACHINE_ROOM_NEARBY: queues in a room with consumers are read by
// those, the others by all; `inner` divides them.
AllocationStrategy allocate_nearby(AllocationStrategy inner,
                                   RoomResolver resolver);

// RocketMQ's CONFIG: these, whatever the lists are.
AllocationStrategy allocate_by_configuration(TopicQueues queues);

// More queues than anybody's topic has; what a route tells beyond that is not
// believed.
inline constexpr std::size_t kAllocatedQueuesMax = 262'144;

// The readable queues of a route, at most kAllocatedQueuesMax.
TopicQueues readable_queues(const Route& route);

// One consumer's share of one topic, computed anew when the route or the
// consumers change. Fed from an event handler:
//
//   waypost::QueueAssignment mine(my_id, waypost::allocate_averagely);
//   options.on_event = [&](const waypost::Event& event) {
//     const auto change = mine.on_event("orders", event);
//     if (change && !change->empty()) move_to(mine.queues());
//   };
//
// EventsLost may stand for a change: give it what Client::route() says then.
//
// A value; not thread-safe.
class QueueAssignment {
 public:
  QueueAssignment(std::string consumer, AllocationStrategy strategy);

  struct Change {
    TopicQueues gained;
    TopicQueues lost;
    bool empty() const { return gained.empty() && lost.empty(); }
  };

  // Both keep what they are given and compute the share; nothing is assigned
  // until both lists are known, and nothing when the route has no readable
  // queue. On an error the share stays as it was: the strategy's own,
  // kInvalidArgument when it is empty or throws, kTooLarge for a route with
  // more than kAllocatedQueuesMax queues. The lists are sorted as Java sorts,
  // duplicate consumers dropped.
  Result<Change> set_route(const Route& route);
  Result<Change> set_consumers(std::vector<std::string> consumers);
  // As set_route, if the event tells a new route of `topic`; if not, no change.
  Result<Change> on_event(std::string_view topic, const Event& event);

  // In the order of the strategy.
  const TopicQueues& queues() const { return assigned_; }

 private:
  Result<Change> recompute();

  std::string consumer_;
  AllocationStrategy strategy_;
  TopicQueues all_;
  std::vector<std::string> consumers_;
  TopicQueues assigned_;
};

}  // namespace waypost

#endif  // WAYPOST_ALLOCATION_HPP_
