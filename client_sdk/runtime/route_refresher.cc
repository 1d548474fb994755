#include "client_sdk/runtime/route_refresher.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "wire/codec/native.h"

namespace waypost::client {
namespace {

// Of one question. Nameservers take four times as many.
constexpr std::size_t kTopicsMax = 4096;

}  // namespace

RouteRefresher::RouteRefresher(base::Executor& executor, NameserverLink& link,
                               RouteCacheSettings settings,
                               base::Duration rpc_timeout, base::Random random,
                               RouteObserver& observer, base::Logger logger)
    : executor_(executor),
      link_(link),
      cache_(settings, random),
      rpc_timeout_(rpc_timeout),
      observer_(observer),
      logger_(logger) {
  query_seconds_.bounds = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
                           0.1,    0.2,   0.5,   1,     2,    5,    10};
}

RouteRefresher::~RouteRefresher() {
  if (query_) link_.cancel(query_->call);
}

// --- What others want ---

base::Status RouteRefresher::follow(const model::TopicName& topic) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  const auto followed = cache_.follow(topic);
  if (!followed) return tl::unexpected(followed.error());
  if (*followed) {
    wanted_.insert(topic);
    query_soon();
    observer_.on_followed(topic);
  }
  return {};
}

void RouteRefresher::ensure(const model::TopicName& topic, Done done) {
  const auto later = [&](base::Status status) {
    executor_.post(
        [done = std::move(done), status = std::move(status)] { done(status); });
  };
  if (const auto status = follow(topic); !status) return later(status);
  if (query_ && query_->topics.contains(topic)) {
    return query_->waiting.push_back({++last_waiter_, std::move(done)});
  }
  if (cache_.find(topic)->known() ||
      !cache_.worth_asking(topic, executor_.now())) {
    return later({});
  }
  wanted_.insert(topic);
  waiting_.push_back({++last_waiter_, std::move(done)});
  query_soon();
}

RouteRefresher::WaiterId RouteRefresher::refresh(const model::TopicName& topic,
                                                 Done done) {
  if (const auto status = follow(topic); !status) {
    executor_.post([done = std::move(done), status] { done(status); });
    return 0;
  }
  wanted_.insert(topic);
  waiting_.push_back({++last_waiter_, std::move(done)});
  query_soon();
  return last_waiter_;
}

RouteRefresher::WaiterId RouteRefresher::refresh_all(Done done) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  all_wanted_ = true;
  waiting_.push_back({++last_waiter_, std::move(done)});
  query_soon();
  return last_waiter_;
}

void RouteRefresher::withdraw(WaiterId waiter) {
  const auto is_it = [waiter](const Waiter& each) { return each.id == waiter; };
  if (waiter == 0 || std::erase_if(waiting_, is_it) != 0 || !query_) return;
  if (std::erase_if(query_->waiting, is_it) == 0 || !may_be_given_up()) return;
  link_.withdraw(query_->call);
  query_.reset();
  if (all_wanted_ || !wanted_.empty()) query_soon();
}

bool RouteRefresher::may_be_given_up() const {
  return query_->waiting.empty() && !query_->polls &&
         query_->nameserver.empty() &&
         std::all_of(query_->topics.begin(), query_->topics.end(),
                     [this](const model::TopicName& topic) {
                       const CachedRoute* cached = cache_.find(topic);
                       return cached != nullptr && cached->known();
                     });
}

void RouteRefresher::hurry(base::Duration delay) {
  cache_.hurry(delay, executor_.now());
  arm_poll_timer();
}

// --- Asking ---

// What is wanted within one turn goes into one query.
void RouteRefresher::query_soon() {
  if (query_ || query_timer_) return;
  query_timer_ = executor_.run_after(base::Duration::zero(), [this] {
    query_timer_.reset();
    query();
  });
}

void RouteRefresher::query() {
  if (query_ || (!all_wanted_ && wanted_.empty() && waiting_.empty())) return;
  Query& query = query_.emplace();
  query.asked = executor_.now();
  query.all = std::exchange(all_wanted_, false);
  query.polls = std::exchange(poll_due_, false);
  query.topics = std::exchange(wanted_, {});
  query.waiting = std::exchange(waiting_, {});
  if (query.all) {
    for (auto& topic : cache_.topics()) query.topics.insert(std::move(topic));
  }
  auto request = cache_.ask({query.topics.begin(), query.topics.end()});
  query.rest = {std::make_move_iterator(request.topics.begin()),
                std::make_move_iterator(request.topics.end())};
  ask_next();
}

// As many as every nameserver accepts in one question.
void RouteRefresher::ask_next() {
  auto& items = query_->request.topics;
  items.clear();
  while (!query_->rest.empty() && items.size() < kTopicsMax) {
    items.push_back(std::move(query_->rest.front()));
    query_->rest.pop_front();
  }
  query_->call =
      link_.call(codec::FrameKind::kQueryRoutes, codec::encode(query_->request),
                 rpc_timeout_, *this);
}

void RouteRefresher::arm_poll_timer() {
  if (cache_.next_poll() == base::Instant::max()) return;
  poll_timer_ =
      executor_.run_after(cache_.next_poll() - executor_.now(), [this] {
        poll_timer_.reset();
        all_wanted_ = true;
        poll_due_ = true;
        query_soon();
      });
}

// --- Being answered ---

void RouteRefresher::on_attempt(const std::string& nameserver) {
  query_->nameserver = nameserver;
  cache_.begin_answer();
}

base::Status RouteRefresher::on_part(const rpc::AnswerPart& part) {
  return part.kind == codec::FrameKind::kRoute ? on_route(part) : on_end(part);
}

base::Status RouteRefresher::on_route(const rpc::AnswerPart& part) {
  const auto route = codec::decode<model::VersionedRoute>(part.payload);
  if (!route) return tl::unexpected(route.error());
  if (part.last) {
    return base::fail(base::ErrorCode::kMalformed,
                      "the answer ends without saying so");
  }
  // For ever, perhaps.
  if (cache_.was_told(route->route.topic)) {
    return base::fail(base::ErrorCode::kMalformed,
                      "the answer tells the route of topic '" +
                          route->route.topic.value() + "' twice");
  }
  if (cache_.on_route(*route, query_->nameserver, executor_.now())) {
    query_->changed.push_back(route->route.topic);
  }
  return {};
}

base::Status RouteRefresher::on_end(const rpc::AnswerPart& part) {
  const auto end = codec::decode<model::RouteQueryEnd>(part.payload);
  const base::Status status =
      !end ? tl::unexpected(end.error())
           : cache_.on_end(query_->request, *end, query_->nameserver,
                           executor_.now());
  if (status) {
    if (!end->departures.empty()) {
      observer_.on_departures_answered(end->departures);
    }
    return {};
  }
  return tl::unexpected(status.error().with_context(query_->nameserver));
}

void RouteRefresher::on_done(const base::Result<std::string>& nameserver) {
  const base::Instant now = executor_.now();
  if (nameserver && !query_->rest.empty()) {
    observer_.on_query_over(std::exchange(query_->changed, {}), query_->request,
                            {});
    return ask_next();
  }
  Query over = std::move(*query_);
  query_.reset();
  base::Status status;
  if (nameserver) {
    ++answered_;
    query_seconds_.add(std::chrono::duration<double>(now - over.asked).count());
    cache_.on_answered(over.all, now);
  } else {
    ++failed_;
    cache_.on_failed(now);
    status = tl::unexpected(nameserver.error());
    logger_.warn("no nameserver answered; cached routes stay in use",
                 {{"error", nameserver.error().message}});
  }
  arm_poll_timer();
  observer_.on_query_over(over.changed, over.request, status);
  if (all_wanted_ || !wanted_.empty()) query_soon();
  for (const auto& each : over.waiting) each.done(status);
}

}  // namespace waypost::client
