// RocketMQ's strategies (org.apache.rocketmq.client.consumer.rebalance), with
// the results of version 5.3; the golden file of the tests was made with its
// classes.

#include "waypost/allocation.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "client_sdk/core/consistent_hash_ring.h"

namespace waypost {
namespace {

using Queues = std::span<const TopicQueue>;
using Consumers = std::span<const std::string>;

Error refuse(std::string why) {
  return {ErrorCode::kInvalidArgument, "allocate queues: " + std::move(why),
          ""};
}

// What all strategies check first. The consumer's place, or nothing when it is
// not among the consumers.
Result<std::optional<std::size_t>> place_of(std::string_view consumer,
                                            Queues queues,
                                            Consumers consumers) {
  if (consumer.empty()) return refuse("the consumer has no name");
  if (queues.empty()) return refuse("there are no queues");
  if (consumers.empty()) return refuse("there are no consumers");
  const auto found = std::find(consumers.begin(), consumers.end(), consumer);
  if (found == consumers.end()) return std::optional<std::size_t>();
  return std::optional(static_cast<std::size_t>(found - consumers.begin()));
}

// As RocketMQ prints a queue, which is what its hash is of.
std::string ring_key(const TopicQueue& queue) {
  return "MessageQueue [topic=" + queue.topic + ", brokerName=" + queue.broker +
         ", queueId=" + std::to_string(queue.queue) + "]";
}

// The room in "room@name", as Java's split("@") finds it: empty parts at the
// end do not count, and there must be two.
std::optional<std::string> room_in_name(std::string_view broker) {
  while (broker.ends_with('@')) broker.remove_suffix(1);
  const auto at = broker.find('@');
  if (at == std::string_view::npos || broker.find('@', at + 1) != broker.npos) {
    return std::nullopt;
  }
  return std::string(broker.substr(0, at));
}

class ByMachineRoom {
 public:
  explicit ByMachineRoom(std::set<std::string> rooms)
      : rooms_(std::move(rooms)) {}

  Result<TopicQueues> operator()(std::string_view consumer, Queues queues,
                                 Consumers consumers) const {
    const auto place = place_of(consumer, queues, consumers);
    if (!place) return place.error();
    TopicQueues mine;
    if (!place->has_value()) return mine;
    const std::size_t index = **place;
    TopicQueues ours;
    for (const auto& queue : queues) {
      const auto room = room_in_name(queue.broker);
      if (room && rooms_.contains(*room)) ours.push_back(queue);
    }
    const std::size_t each = ours.size() / consumers.size();
    const std::size_t left = ours.size() % consumers.size();
    for (std::size_t i = 0; i < each; ++i) {
      mine.push_back(ours[each * index + i]);
    }
    if (left > index) mine.push_back(ours[index + each * consumers.size()]);
    return mine;
  }

 private:
  std::set<std::string> rooms_;
};

class Nearby {
 public:
  Nearby(AllocationStrategy inner, RoomResolver resolver)
      : inner_(std::move(inner)), resolver_(std::move(resolver)) {}

  Result<TopicQueues> operator()(std::string_view consumer, Queues queues,
                                 Consumers consumers) const {
    if (!inner_ || !resolver_.room_of_broker || !resolver_.room_of_consumer) {
      return refuse(
          "nearby: a strategy or a function that tells rooms is empty");
    }
    const auto place = place_of(consumer, queues, consumers);
    if (!place) return place.error();
    TopicQueues mine;
    if (!place->has_value()) return mine;

    std::map<std::string, TopicQueues> queues_in;
    for (const auto& queue : queues) {
      const std::string room = resolver_.room_of_broker(queue);
      if (room.empty()) return refuse("no room for broker " + queue.broker);
      queues_in[room].push_back(queue);
    }
    std::map<std::string, std::vector<std::string>> consumers_in;
    for (const auto& each : consumers) {
      const std::string room = resolver_.room_of_consumer(each);
      if (room.empty()) return refuse("no room for consumer " + each);
      consumers_in[room].push_back(each);
    }

    const std::string here = resolver_.room_of_consumer(std::string(consumer));
    const auto take = [&](const TopicQueues& some, Consumers among) -> Status {
      auto share = inner_(consumer, some, among);
      if (!share) return share.error();
      mine.insert(mine.end(), share->begin(), share->end());
      return {};
    };
    if (const auto found = queues_in.find(here); found != queues_in.end()) {
      const auto status = take(found->second, consumers_in[here]);
      if (!status) return status.error();
    }
    // Rooms without consumers belong to all.
    for (const auto& [room, some] : queues_in) {
      if (consumers_in.contains(room)) continue;
      const auto status = take(some, consumers);
      if (!status) return status.error();
    }
    return mine;
  }

 private:
  AllocationStrategy inner_;
  RoomResolver resolver_;
};

}  // namespace

Result<TopicQueues> allocate_averagely(std::string_view consumer,
                                       std::span<const TopicQueue> queues,
                                       std::span<const std::string> consumers) {
  const auto place = place_of(consumer, queues, consumers);
  if (!place) return place.error();
  if (!place->has_value()) return TopicQueues();
  const std::size_t index = **place;
  const std::size_t each = queues.size() / consumers.size();
  const std::size_t left = queues.size() % consumers.size();
  const std::size_t count = each + (index < left ? 1 : 0);
  const std::size_t start = each * index + std::min(index, left);
  const auto mine = queues.subspan(start, count);
  return TopicQueues(mine.begin(), mine.end());
}

Result<TopicQueues> allocate_by_circle(std::string_view consumer,
                                       std::span<const TopicQueue> queues,
                                       std::span<const std::string> consumers) {
  const auto place = place_of(consumer, queues, consumers);
  if (!place) return place.error();
  TopicQueues mine;
  if (!place->has_value()) return mine;
  for (std::size_t i = **place; i < queues.size(); i += consumers.size()) {
    mine.push_back(queues[i]);
  }
  return mine;
}

AllocationStrategy allocate_by_consistent_hash(int virtual_nodes) {
  return [virtual_nodes](std::string_view consumer, Queues queues,
                         Consumers consumers) -> Result<TopicQueues> {
    if (virtual_nodes < 0) {
      return refuse(std::to_string(virtual_nodes) + " virtual nodes");
    }
    const auto place = place_of(consumer, queues, consumers);
    if (!place) return place.error();
    TopicQueues mine;
    if (!place->has_value()) return mine;
    client::ConsistentHashRing ring;
    for (const auto& each : consumers) ring.add(each, virtual_nodes);
    for (const auto& queue : queues) {
      const std::string* owner = ring.owner_of(ring_key(queue));
      if (owner != nullptr && *owner == consumer) mine.push_back(queue);
    }
    return mine;
  };
}

AllocationStrategy allocate_by_machine_room(std::set<std::string> rooms) {
  return ByMachineRoom(std::move(rooms));
}

AllocationStrategy allocate_nearby(AllocationStrategy inner,
                                   RoomResolver resolver) {
  return Nearby(std::move(inner), std::move(resolver));
}

AllocationStrategy allocate_by_configuration(TopicQueues queues) {
  return [queues = std::move(queues)](std::string_view, Queues,
                                      Consumers) -> Result<TopicQueues> {
    return queues;
  };
}

}  // namespace waypost
