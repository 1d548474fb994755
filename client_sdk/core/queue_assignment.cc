#include <algorithm>
#include <cstdint>
#include <exception>
#include <utility>

#include "waypost/allocation.hpp"

namespace waypost {
namespace {

// Java compares UTF-16 units, we have UTF-8 bytes. The orders differ only
// between characters above U+FFFF, whose units are surrogates (D800 to DFFF),
// and those from U+E000 to U+FFFF: there bytes F0 to F4 must sort below EE and
// EF.
int java_rank(unsigned char byte) {
  if (byte >= 0xf0) return byte - 2;
  if (byte >= 0xee) return byte + 5;
  return byte;
}

bool java_less(std::string_view one, std::string_view other) {
  return std::lexicographical_compare(
      one.begin(), one.end(), other.begin(), other.end(), [](char a, char b) {
        return java_rank(static_cast<unsigned char>(a)) <
               java_rank(static_cast<unsigned char>(b));
      });
}

// In the order of `from`.
TopicQueues minus(const TopicQueues& from, TopicQueues what) {
  std::sort(what.begin(), what.end());
  TopicQueues rest;
  for (const auto& queue : from) {
    if (!std::binary_search(what.begin(), what.end(), queue)) {
      rest.push_back(queue);
    }
  }
  return rest;
}

bool is_readable(const RouteGroup& group) {
  return group.readable && !group.replicas.empty();
}

std::uint64_t readable_count(const Route& route) {
  std::uint64_t count = 0;
  for (const auto& group : route.groups) {
    if (is_readable(group)) count += group.read_queues;
  }
  return count;
}

// The application's own function may be missing, and may throw.
Result<TopicQueues> ask(const AllocationStrategy& strategy,
                        const std::string& consumer, const TopicQueues& queues,
                        const std::vector<std::string>& consumers) {
  const auto refuse = [](const std::string& why) {
    return Error{ErrorCode::kInvalidArgument,
                 "allocate queues: the strategy " + why, ""};
  };
  if (!strategy) return refuse("is empty");
  try {
    return strategy(consumer, queues, consumers);
  } catch (const std::exception& error) {
    return refuse(std::string("threw: ") + error.what());
  } catch (...) {
    return refuse("threw");
  }
}

}  // namespace

TopicQueues readable_queues(const Route& route) {
  TopicQueues queues;
  for (const auto& group : route.groups) {
    if (!is_readable(group)) continue;
    for (std::uint32_t i = 0; i < group.read_queues; ++i) {
      if (queues.size() == kAllocatedQueuesMax) return queues;
      queues.push_back({route.topic, group.name, i});
    }
  }
  return queues;
}

QueueAssignment::QueueAssignment(std::string consumer,
                                 AllocationStrategy strategy)
    : consumer_(std::move(consumer)), strategy_(std::move(strategy)) {}

Result<QueueAssignment::Change> QueueAssignment::set_route(const Route& route) {
  if (const auto count = readable_count(route); count > kAllocatedQueuesMax) {
    return Error{ErrorCode::kTooLarge,
                 "allocate queues: the route of '" + route.topic + "' has " +
                     std::to_string(count) + " queues, the limit is " +
                     std::to_string(kAllocatedQueuesMax),
                 ""};
  }
  all_ = readable_queues(route);
  std::sort(all_.begin(), all_.end(), [](const auto& one, const auto& other) {
    if (one.broker != other.broker) return java_less(one.broker, other.broker);
    return one.queue < other.queue;
  });
  return recompute();
}

Result<QueueAssignment::Change> QueueAssignment::set_consumers(
    std::vector<std::string> consumers) {
  consumers_ = std::move(consumers);
  std::sort(consumers_.begin(), consumers_.end(), java_less);
  consumers_.erase(std::unique(consumers_.begin(), consumers_.end()),
                   consumers_.end());
  return recompute();
}

Result<QueueAssignment::Change> QueueAssignment::on_event(
    std::string_view topic, const Event& event) {
  const auto* changed = std::get_if<RouteChanged>(&event.what);
  if (changed == nullptr || changed->route.topic != topic) return Change{};
  return set_route(changed->route);
}

Result<QueueAssignment::Change> QueueAssignment::recompute() {
  TopicQueues next;
  if (!all_.empty() && !consumers_.empty()) {
    auto share = ask(strategy_, consumer_, all_, consumers_);
    if (!share) return share.error();
    next = std::move(*share);
  }
  Change change{minus(next, assigned_), minus(assigned_, next)};
  assigned_ = std::move(next);
  return change;
}

}  // namespace waypost
