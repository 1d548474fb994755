#ifndef WAYPOST_CLIENT_SDK_CORE_ROUTE_CACHE_H_
#define WAYPOST_CLIENT_SDK_CORE_ROUTE_CACHE_H_

// The routes a client follows: what is known, how old it is, what to ask next
// and when. The rule it guards: a route that was known stays in use until
// another one replaces it. A failed query, a nameserver that is not ready, and
// even one that says "nobody serves it" (which is also what a nameserver says
// that has just lost its table) change nothing but the age.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "waypost/route.hpp"
#include "wire/model/operations.h"

namespace waypost::client {

struct RouteCacheSettings {
  base::Duration poll_interval = std::chrono::seconds(30);
  double poll_jitter = 0.1;  // share of the interval, either way
  base::Duration negative_ttl = std::chrono::seconds(1);
  // After a query that nobody answered, the next is sooner than a poll.
  base::Duration retry_min = std::chrono::milliseconds(500);
  base::Duration retry_max = std::chrono::seconds(10);
  std::size_t topics_max = 100'000;
};

struct CachedRoute {
  model::VersionedRoute route;  // digest none: never known
  base::Instant confirmed{};    // when it was last told or confirmed
  std::string source;           // the nameserver that last did
  RouteOrigin origin = RouteOrigin::kServer;  // and how
  // The last answer, where it was an error: there is no such route.
  std::optional<base::Error> negative;
  base::Instant negative_at{};

  bool known() const { return !route.digest.is_none(); }
};

// Such a nameserver's routes are not to be believed.
bool is_not_ready(model::ServerState state);

// Pure: time comes in, questions and answers are values. One thread.
class RouteCache {
 public:
  RouteCache(RouteCacheSettings settings, base::Random random);

  // --- What is followed ---

  // Follows a topic from now on; true when it is new. The error: the name is
  // none, or there are too many.
  base::Result<bool> follow(const model::TopicName& topic);
  // Null when not followed.
  const CachedRoute* find(const model::TopicName& topic) const;
  std::size_t size() const { return topics_.size(); }
  std::vector<model::TopicName> topics() const;

  // --- What to ask ---

  // All topics, with what is known of each, so that only changes are sent.
  model::RouteQueryRequest ask_all() const;
  model::RouteQueryRequest ask(
      const std::vector<model::TopicName>& topics) const;
  // False while it is known well enough that there is no route.
  bool worth_asking(const model::TopicName& topic, base::Instant now) const;
  // When all topics are to be asked again.
  base::Instant next_poll() const { return next_poll_; }

  // --- What came of it ---

  // What was known in an earlier life; used when the topic is followed. A
  // topic that is never followed is only kept.
  void remember(CachedRoute route);
  // Routes that are known: of followed topics, and remembered ones.
  void for_each_known(
      const std::function<void(const CachedRoute&)>& visit) const;

  // Outside of an answer to a query, a nameserver told a route (true when it is
  // new or differs), that it is still the one with that digest, or that nobody
  // serves the topic (any more). What is not followed is ignored.
  bool on_told(const model::VersionedRoute& route, const std::string& source,
               RouteOrigin origin, base::Instant now);
  void confirm(const model::TopicName& topic, const model::Digest& known,
               const std::string& source, base::Instant now);
  void on_denial(const model::TopicError& denial, base::Instant now);

  // Before each attempt at a query, also when it is repeated elsewhere.
  void begin_answer() { ++answer_; }
  // Whether this answer has brought a route of the topic.
  bool was_told(const model::TopicName& topic) const;
  // One route of the answer; true when it is new or differs. What was not asked
  // for, or is no route, is ignored: the answer will not add up.
  bool on_route(const model::VersionedRoute& route, const std::string& source,
                base::Instant now);
  // The end of the answer: what it confirms and what it denies. An error when
  // another nameserver should be asked the same: this one is not ready, or its
  // answer does not add up. Nothing is confirmed then.
  base::Status on_end(const model::RouteQueryRequest& asked,
                      const model::RouteQueryEnd& end,
                      const std::string& source, base::Instant now);
  // The query is over. Sets the next poll: after an answer to `ask_all` an
  // interval from now, after a failure soon.
  void on_answered(bool all, base::Instant now);
  void on_failed(base::Instant now);
  // Something happened that makes a change of routes likely: the next poll
  // comes within `delay`.
  void hurry(base::Duration delay, base::Instant now);

 private:
  struct Entry : CachedRoute {
    std::uint64_t answer = 0;  // the last that brought a route
  };
  static bool take(Entry& entry, const model::VersionedRoute& route,
                   const std::string& source, RouteOrigin origin,
                   base::Instant now);
  static void confirm(Entry& entry, const std::string& source,
                      base::Instant now);
  using Errors = std::map<model::TopicName, const base::Error*>;

  RouteCacheSettings settings_;
  base::Random random_;
  base::Backoff backoff_;
  std::map<model::TopicName, Entry> topics_;
  std::map<model::TopicName, CachedRoute> remembered_;
  std::uint64_t answer_ = 0;
  base::Instant next_poll_ = base::Instant::max();
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_ROUTE_CACHE_H_
