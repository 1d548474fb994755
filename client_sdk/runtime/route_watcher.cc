#include "client_sdk/runtime/route_watcher.h"

#include <algorithm>
#include <set>
#include <utility>

#include "wire/codec/native.h"

namespace waypost::client {
namespace {

// Of one request. Nameservers allow more.
constexpr std::size_t kTopicsMax = 4096;

// It may be otherwise in a while, on the same connection.
bool is_temporary(base::ErrorCode code) {
  return code == base::ErrorCode::kNotReady || code == base::ErrorCode::kBusy ||
         code == base::ErrorCode::kTimedOut;
}

}  // namespace

RouteWatcher::RouteWatcher(base::Executor& executor, NameserverLink& link,
                           RouteRefresher& refresher,
                           base::Duration rpc_timeout,
                           RoutePushObserver& observer, base::Logger logger)
    : executor_(executor),
      link_(link),
      refresher_(refresher),
      cache_(refresher.cache()),
      rpc_timeout_(rpc_timeout),
      observer_(observer),
      logger_(logger) {}

RouteWatcher::~RouteWatcher() {
  if (call_ != 0) link_.cancel(call_);
}

// --- What is to be watched ---

void RouteWatcher::on_connected() {
  on_lost();
  budget_ = PushBudget();
  connected_ = true;
  pending_ = cache_.topics();
  watch_soon();
}

void RouteWatcher::on_lost() {
  connected_ = false;
  refusal_ = Refusal::kNone;
  watched_ = 0;
  pending_.clear();
  watch_timer_.reset();
  if (call_ != 0) link_.cancel(std::exchange(call_, 0));
  if (!told_.empty()) tell_soon();
}

void RouteWatcher::on_followed(const model::TopicName& topic) {
  if (!connected_ || refusal_ == Refusal::kForGood) return;
  pending_.push_back(topic);
  watch_soon();
}

// At once: when an application asks without a pause, the next query begins
// before the next turn.
void RouteWatcher::on_query_over(const std::vector<model::TopicName>& changed,
                                 bool well) {
  tell_now();
  if (!connected_ || refusal_ == Refusal::kForGood) return;
  for (const auto& topic : changed) {
    const CachedRoute* cached = cache_.find(topic);
    if (cached != nullptr && cached->source != link_.current()) {
      pending_.push_back(topic);
    }
  }
  if (well) refusal_ = Refusal::kNone;
  watch();
}

void RouteWatcher::watch_soon() {
  if (!connected_ || pending_.empty() || watch_timer_) return;
  watch_timer_ = executor_.run_after(base::Duration::zero(), [this] {
    watch_timer_.reset();
    watch();
  });
}

// --- Asking ---

void RouteWatcher::watch() {
  if (!connected_ || refusal_ != Refusal::kNone || call_ != 0 ||
      refresher_.asking()) {
    return;
  }
  const auto topics = take_answered();
  if (topics.empty()) return;
  asked_ = cache_.ask(topics);
  call_ = link_.call_here(codec::FrameKind::kWatchRoutes, codec::encode(asked_),
                          rpc_timeout_, *this);
}

void RouteWatcher::on_attempt(const std::string& /*nameserver*/) {}

// The others stay pending: a query is under way for them.
std::vector<model::TopicName> RouteWatcher::take_answered() {
  std::vector<model::TopicName> taken;
  std::vector<model::TopicName> rest;
  for (auto& topic : pending_) {
    const CachedRoute* cached = cache_.find(topic);
    const bool answered =
        cached != nullptr && (cached->known() || cached->negative);
    if (answered && taken.size() < kTopicsMax) {
      taken.push_back(std::move(topic));
    } else {
      rest.push_back(std::move(topic));
    }
  }
  pending_ = std::move(rest);
  return taken;
}

base::Status RouteWatcher::on_part(const rpc::AnswerPart& part) {
  if (part.kind != codec::FrameKind::kRoute) {
    return take_end(part.payload, true);
  }
  if (part.last) {
    return base::fail(base::ErrorCode::kMalformed,
                      "the answer ends without saying so");
  }
  return take_route(part.payload, RouteOrigin::kServer);
}

void RouteWatcher::on_done(const base::Result<std::string>& nameserver) {
  call_ = 0;
  if (!told_.empty()) tell_soon();
  if (nameserver) {
    watched_ += asked_.topics.size();
    return watch_soon();
  }
  // What came of the connection is told apart.
  const base::ErrorCode code = nameserver.error().code;
  refusal_ = is_temporary(code) ? Refusal::kForNow : Refusal::kForGood;
  if (refusal_ == Refusal::kForGood) {
    pending_.clear();
  } else {
    for (auto& item : asked_.topics) pending_.push_back(std::move(item.topic));
  }
  if (code == base::ErrorCode::kUnsupported) {
    logger_.debug("the nameserver pushes no routes, it is polled");
  } else {
    logger_.info("routes are not watched, but polled",
                 {{"why", nameserver.error().message}});
  }
}

// --- Being told ---

void RouteWatcher::on_push(codec::FrameKind kind,
                           std::span<const std::byte> payload) {
  if (!connected_) return;
  if (!budget_.take(payload.size(), executor_.now())) {
    return link_.distrust("it pushes more than a client can use");
  }
  base::Status taken;
  if (kind == codec::FrameKind::kRoute) {
    ++pushed_;
    taken = take_route(payload, RouteOrigin::kPush);
  } else if (kind == codec::FrameKind::kWatchRoutes) {
    ++pushed_;
    taken = take_end(payload, false);
  }
  if (!taken) link_.distrust("a push: " + taken.error().message);
}

base::Status RouteWatcher::take_route(std::span<const std::byte> payload,
                                      RouteOrigin origin) {
  const auto route = codec::decode<model::VersionedRoute>(payload);
  if (!route) return tl::unexpected(route.error());
  told_.push_back(route->route.topic);
  if (cache_.on_told(*route, link_.current(), origin, executor_.now())) {
    changed_.push_back(route->route.topic);
  }
  // An answer is told when its end is here, which says why brokers have left.
  if (origin == RouteOrigin::kPush) tell_after_pause();
  return {};
}

base::Status RouteWatcher::take_end(std::span<const std::byte> payload,
                                    bool answer) {
  const auto end = codec::decode<model::RouteQueryEnd>(payload);
  if (!end) return tl::unexpected(end.error());
  if (is_not_ready(end->state)) {
    return base::fail(base::ErrorCode::kNotReady,
                      "the nameserver is " +
                          std::string(model::server_state_name(end->state)));
  }
  if (!end->departures.empty()) observer_.on_departures_told(end->departures);
  std::set<model::TopicName> denied;
  for (const auto& each : end->errors) {
    denied.insert(each.topic);
    told_.push_back(each.topic);
    cache_.on_denial(each, executor_.now());
  }
  if (answer) {
    for (const auto& item : asked_.topics) {
      if (item.known.is_none() || denied.contains(item.topic)) continue;
      told_.push_back(item.topic);
      cache_.confirm(item.topic, item.known, link_.current(), executor_.now());
    }
  }
  tell_soon();
  return {};
}

void RouteWatcher::tell_after_pause() {
  if (tell_timer_) return;
  const base::Duration wait = told_at_ + kPushPause - executor_.now();
  tell_timer_ = executor_.run_after(std::max(wait, base::Duration::zero()),
                                    [this] { tell_now(); });
}

// What arrives in one turn makes one table.
void RouteWatcher::tell_soon() {
  if (tell_timer_) return;
  tell_timer_ =
      executor_.run_after(base::Duration::zero(), [this] { tell_now(); });
}

void RouteWatcher::tell_now() {
  tell_timer_.reset();
  if (told_.empty()) return;
  told_at_ = executor_.now();
  const auto told = std::exchange(told_, {});
  const auto changed = std::exchange(changed_, {});
  observer_.on_routes_told(told, changed);
}

}  // namespace waypost::client
