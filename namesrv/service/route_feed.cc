#include "namesrv/service/route_feed.h"

#include <utility>

namespace waypost::service {

RouteFeed::SubscriberId RouteFeed::subscribe(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  subscribers_.emplace(++last_, Subscriber{std::move(wake), {}});
  return last_;
}

void RouteFeed::unsubscribe(SubscriberId subscriber) {
  const std::lock_guard lock(mutex_);
  subscribers_.erase(subscriber);
}

registry::RouteChanges RouteFeed::take(SubscriberId subscriber) {
  const std::lock_guard lock(mutex_);
  const auto found = subscribers_.find(subscriber);
  if (found == subscribers_.end()) return {};
  return std::exchange(found->second.waiting, {});
}

void RouteFeed::publish(const registry::RouteChanges& changes) {
  if (changes.empty()) return;
  const std::lock_guard lock(mutex_);
  for (auto& [id, subscriber] : subscribers_) {
    const bool first = subscriber.waiting.empty();
    subscriber.waiting.add(changes);
    if (first) subscriber.wake();
  }
}

void RouteFeed::publish_everything() {
  registry::RouteChanges everything;
  everything.add_everything();
  publish(everything);
}

}  // namespace waypost::service
