#ifndef WAYPOST_CLIENT_SDK_RUNTIME_ROUTE_REFRESHER_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_ROUTE_REFRESHER_H_

// Keeps a route cache up to date through a nameserver link: polls with jitter,
// asks on demand, one query at a time however many wait for it.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "client_sdk/core/route_cache.h"
#include "client_sdk/runtime/nameserver_link.h"
#include "waypost/metrics.hpp"

namespace waypost::client {

class RouteObserver {
 public:
  virtual ~RouteObserver() = default;
  // After a query, before anybody who waited for it: topics whose route is new
  // or another, and all topics that were asked for. Read the cache for more.
  virtual void on_query_over(const std::vector<model::TopicName>& changed,
                             const model::RouteQueryRequest& asked,
                             const base::Status& status) = 0;
  // As RoutePushObserver's, of an answer; before on_query_over.
  virtual void on_departures_answered(
      const std::vector<model::Departure>& /*departures*/) {}
  // A topic is followed from now on.
  virtual void on_followed(const model::TopicName& /*topic*/) {}
};

// Loop thread only. Destroying it ends everything without callbacks.
class RouteRefresher final : private AnswerSink {
 public:
  using Done = std::function<void(const base::Status&)>;
  // Names somebody who waits. 0 is nobody.
  using WaiterId = std::uint64_t;

  // All references must outlive it.
  RouteRefresher(base::Executor& executor, NameserverLink& link,
                 RouteCacheSettings settings, base::Duration rpc_timeout,
                 base::Random random, RouteObserver& observer,
                 base::Logger logger);
  ~RouteRefresher() override;
  RouteRefresher(const RouteRefresher&) = delete;
  RouteRefresher& operator=(const RouteRefresher&) = delete;

  const RouteCache& cache() const { return cache_; }
  // For who is told of routes in another way.
  RouteCache& cache() { return cache_; }
  // As RouteCache::remember.
  void remember(CachedRoute route) { cache_.remember(std::move(route)); }

  // Follows a topic; a new one is asked for in the next turn.
  base::Status follow(const model::TopicName& topic);

  // Calls `done` when the topic's route is known, or when a query that was to
  // bring it is over; not inside this call. Asks unless that query is under way
  // or it was denied lately.
  void ensure(const model::TopicName& topic, Done done);

  // Calls `done` when a query that starts after this call is over: about one
  // topic (followed from now on), or about all.
  WaiterId refresh(const model::TopicName& topic, Done done);
  WaiterId refresh_all(Done done);
  // That one does not wait any more; its `done` is not called. A query that
  // nobody else waits for, that would tell nothing new to anybody and of which
  // nothing has arrived is given up, so that it does not hold up the next one.
  void withdraw(WaiterId waiter);

  // Routes are likely to change soon: polls within `delay`.
  void hurry(base::Duration delay);

  // A query is under way.
  bool asking() const { return query_.has_value(); }
  // What the query under way waits for, as NameserverLink::progress.
  std::string progress() const {
    return query_ ? link_.progress(query_->call) : "";
  }
  // Of those that were answered.
  const MetricsHistogram& query_seconds() const { return query_seconds_; }
  std::uint64_t answered() const { return answered_; }
  std::uint64_t failed() const { return failed_; }

 private:
  struct Waiter {
    WaiterId id = 0;
    Done done;
  };
  struct Query {
    NameserverLink::CallId call = 0;
    model::RouteQueryRequest request;        // of this call
    std::set<model::TopicName> topics;       // of this call and the next ones
    std::deque<model::RouteQueryItem> rest;  // for the next ones
    bool all = false;
    base::Instant asked{};
    std::string nameserver;
    std::vector<model::TopicName> changed;
    std::vector<Waiter> waiting;
    bool polls = false;  // its time had come
  };

  void query_soon();
  void query();
  void ask_next();
  bool may_be_given_up() const;
  void arm_poll_timer();

  void on_attempt(const std::string& nameserver) override;
  base::Status on_part(const rpc::AnswerPart& part) override;
  void on_done(const base::Result<std::string>& nameserver) override;
  base::Status on_route(const rpc::AnswerPart& part);
  base::Status on_end(const rpc::AnswerPart& part);

  base::Executor& executor_;
  NameserverLink& link_;
  RouteCache cache_;
  const base::Duration rpc_timeout_;
  RouteObserver& observer_;
  const base::Logger logger_;

  std::optional<Query> query_;  // under way
  // For the next one.
  std::set<model::TopicName> wanted_;
  bool all_wanted_ = false;
  bool poll_due_ = false;
  std::vector<Waiter> waiting_;
  WaiterId last_waiter_ = 0;

  MetricsHistogram query_seconds_;
  std::uint64_t answered_ = 0;
  std::uint64_t failed_ = 0;
  std::unique_ptr<base::Timer> query_timer_;
  std::unique_ptr<base::Timer> poll_timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_ROUTE_REFRESHER_H_
