#ifndef WAYPOST_CLIENT_SDK_RUNTIME_ROUTE_WATCHER_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_ROUTE_WATCHER_H_

// Has the nameserver push what changes, so that a client learns of it in
// milliseconds instead of at its next poll.
//
// On each new connection all topics are watched again, with the digests of what
// is known: the nameserver, which may be another one, answers with what changed
// meanwhile and nothing else. A nameserver that cannot or will not push is
// polled as before; polling never stops, so a push that is lost costs one
// interval.
//
// A nameserver pushes to who knows what it told before. What another one
// answered (a hedge, a query that was under way during a move) breaks that, and
// may be older: such topics are watched once more, which brings the difference.

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "client_sdk/core/push_budget.h"
#include "client_sdk/core/route_cache.h"
#include "client_sdk/runtime/nameserver_link.h"
#include "client_sdk/runtime/route_refresher.h"

namespace waypost::client {

// Told of pushes at most so often: the first one at once, of what follows
// within the pause the newest of each topic, together. Making a table and
// telling the application costs more than reading a route.
inline constexpr base::Duration kPushPause = std::chrono::milliseconds(20);

class RoutePushObserver {
 public:
  virtual ~RoutePushObserver() = default;
  // Pushed or confirmed topics of one turn, and those of them whose route is
  // new or another. Read the cache for more.
  virtual void on_routes_told(const std::vector<model::TopicName>& told,
                              const std::vector<model::TopicName>& changed) = 0;
  // Why brokers have left; the routes that show it come with it or after it.
  virtual void on_departures_told(
      const std::vector<model::Departure>& /*departures*/) {}
};

// Loop thread only. Destroying it ends everything without callbacks.
class RouteWatcher final : private AnswerSink {
 public:
  // All references must outlive it. What the refresher asks for it also tells
  // its own observer.
  RouteWatcher(base::Executor& executor, NameserverLink& link,
               RouteRefresher& refresher, base::Duration rpc_timeout,
               RoutePushObserver& observer, base::Logger logger);
  ~RouteWatcher() override;
  RouteWatcher(const RouteWatcher&) = delete;
  RouteWatcher& operator=(const RouteWatcher&) = delete;

  // There is a connection on which nothing is watched yet; there is none.
  void on_connected();
  void on_lost();
  // A topic of the cache that is new.
  void on_followed(const model::TopicName& topic);
  // A query is over, and well or not; it brought these routes. Nothing is
  // watched before, so that no route is sent twice.
  void on_query_over(const std::vector<model::TopicName>& changed, bool well);
  // A frame that the current nameserver sent unasked.
  void on_push(codec::FrameKind kind, std::span<const std::byte> payload);
  // Tells the observer now what it would be told within this turn: before
  // anybody hears that something else is over, who would look for it.
  void tell_now();

  // Topics that the current nameserver tells changes of.
  std::size_t watched() const { return watched_; }
  std::uint64_t pushed() const { return pushed_; }

 private:
  void watch_soon();
  std::vector<model::TopicName> take_answered();
  void watch();
  void on_attempt(const std::string& nameserver) override;
  base::Status on_part(const rpc::AnswerPart& part) override;
  void on_done(const base::Result<std::string>& nameserver) override;
  base::Status take_route(std::span<const std::byte> payload,
                          RouteOrigin origin);
  base::Status take_end(std::span<const std::byte> payload, bool answer);
  void tell_soon();
  void tell_after_pause();

  base::Executor& executor_;
  NameserverLink& link_;
  const RouteRefresher& refresher_;
  RouteCache& cache_;
  const base::Duration rpc_timeout_;
  RoutePushObserver& observer_;
  const base::Logger logger_;

  // What the nameserver of this connection said to watching.
  enum class Refusal { kNone, kForNow, kForGood };

  bool connected_ = false;
  Refusal refusal_ = Refusal::kNone;
  std::vector<model::TopicName> pending_;  // to be watched
  std::size_t watched_ = 0;
  std::uint64_t pushed_ = 0;
  NameserverLink::CallId call_ = 0;     // under way
  model::RouteQueryRequest asked_;      // by it
  std::vector<model::TopicName> told_;  // since the observer was told
  std::vector<model::TopicName> changed_;
  std::unique_ptr<base::Timer> watch_timer_;
  std::unique_ptr<base::Timer> tell_timer_;
  base::Instant told_at_{};
  PushBudget budget_;  // of this connection
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_ROUTE_WATCHER_H_
