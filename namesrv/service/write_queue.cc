#include "namesrv/service/write_queue.h"

#include <algorithm>
#include <utility>

namespace waypost::service {
namespace {

// What a queued write holds: dominated by a registration's topics.
std::size_t estimate_bytes(const Write& write) {
  constexpr std::size_t kBase = 512;
  constexpr std::size_t kPerTopic = sizeof(model::TopicConfig) + 32;
  const auto* event = std::get_if<registry::Event>(&write.work);
  if (event == nullptr) return kBase;
  const auto* registration = std::get_if<registry::Register>(event);
  if (registration == nullptr) return kBase;
  const model::RegisterRequest& request = registration->request;
  return kBase + kPerTopic * (request.topics.size() + request.removed.size() +
                              2 * registration->remoting.mappings.size());
}

}  // namespace

WriteQueue::Pushed WriteQueue::push(Lane lane, Write write, bool must_take) {
  const std::size_t bytes = estimate_bytes(write);
  const std::lock_guard lock(mutex_);
  if (lane == Lane::kLiveness) {
    if (!must_take && liveness_.size() >= limits_.liveness) {
      return Pushed::kFull;
    }
    liveness_.push_back(std::move(write));
  } else {
    if (!must_take &&
        (registrations_.size() >= limits_.registrations ||
         registration_bytes_ + bytes > limits_.registration_bytes)) {
      return Pushed::kFull;
    }
    registration_bytes_ += bytes;
    registrations_.push_back({std::move(write), bytes});
  }
  return std::exchange(awake_, true) ? Pushed::kMore : Pushed::kFirst;
}

WriteQueue::Batch WriteQueue::take(std::size_t registrations_max) {
  Batch batch;
  const std::lock_guard lock(mutex_);
  batch.liveness.swap(liveness_);
  const std::size_t count = std::min(registrations_max, registrations_.size());
  batch.registrations.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    registration_bytes_ -= registrations_.front().bytes;
    batch.registrations.push_back(std::move(registrations_.front().write));
    registrations_.pop_front();
  }
  return batch;
}

bool WriteQueue::go_idle() {
  const std::lock_guard lock(mutex_);
  if (!liveness_.empty() || !registrations_.empty()) return false;
  awake_ = false;
  return true;
}

}  // namespace waypost::service
