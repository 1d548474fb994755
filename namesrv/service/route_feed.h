#ifndef WAYPOST_NAMESRV_SERVICE_ROUTE_FEED_H_
#define WAYPOST_NAMESRV_SERVICE_ROUTE_FEED_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "namesrv/registry/route_changes.h"

namespace waypost::service {

// Tells I/O loops which routes have changed, for pushing them to who watches.
// Changes wait for each loop until it takes them, however many publications
// that are; a loop that nobody watches at costs nothing. Thread-safe.
class RouteFeed {
 public:
  using SubscriberId = std::uint64_t;

  // `wake` is called, on the publisher's thread and under a lock, when changes
  // begin to wait: it posts to the subscriber's loop and does no more. Changes
  // before this call are not told.
  SubscriberId subscribe(std::function<void()> wake);
  // No call of `wake` any more after it.
  void unsubscribe(SubscriberId subscriber);

  // What has changed since the last call.
  registry::RouteChanges take(SubscriberId subscriber);

  // After the table that has the changes was published.
  void publish(const registry::RouteChanges& changes);
  // Routes begin to be told again.
  void publish_everything();

 private:
  struct Subscriber {
    std::function<void()> wake;
    registry::RouteChanges waiting;
  };
  std::mutex mutex_;
  std::map<SubscriberId, Subscriber> subscribers_;  // guarded by mutex_
  SubscriberId last_ = 0;                           // guarded by mutex_
};

}  // namespace waypost::service

#endif  // WAYPOST_NAMESRV_SERVICE_ROUTE_FEED_H_
