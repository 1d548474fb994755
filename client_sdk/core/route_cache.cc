#include "client_sdk/core/route_cache.h"

#include <algorithm>
#include <utility>

namespace waypost::client {
namespace {

// One without brokers is none: that would be said by an error.
bool is_route(const model::VersionedRoute& route) {
  return !route.digest.is_none() && !route.route.groups.empty();
}

}  // namespace

bool is_not_ready(model::ServerState state) {
  return state == model::ServerState::kStarting ||
         state == model::ServerState::kPaused;
}

RouteCache::RouteCache(RouteCacheSettings settings, base::Random random)
    : settings_(settings),
      random_(random),
      backoff_(std::min(settings.retry_min, settings.poll_interval),
               std::min(settings.retry_max, settings.poll_interval)) {}

base::Result<bool> RouteCache::follow(const model::TopicName& topic) {
  if (topics_.contains(topic)) return false;
  if (const auto named = model::check_name("topic name", topic.value());
      !named) {
    return tl::unexpected(named.error());
  }
  if (topics_.size() >= settings_.topics_max) {
    return base::fail(base::ErrorCode::kTooLarge,
                      "follow topic '" + topic.value() +
                          "': " + std::to_string(topics_.size()) +
                          " topics are followed already",
                      "raise client.topics-max");
  }
  Entry& entry = topics_[topic];
  if (const auto known = remembered_.extract(topic)) {
    static_cast<CachedRoute&>(entry) = std::move(known.mapped());
  }
  return true;
}

void RouteCache::remember(CachedRoute route) {
  if (!route.known() || remembered_.size() >= settings_.topics_max) return;
  route.origin = RouteOrigin::kSnapshot;
  const auto topic = route.route.route.topic;
  remembered_.insert_or_assign(topic, std::move(route));
}

void RouteCache::for_each_known(
    const std::function<void(const CachedRoute&)>& visit) const {
  for (const auto& [topic, entry] : topics_) {
    if (entry.known()) visit(entry);
  }
  for (const auto& [topic, cached] : remembered_) visit(cached);
}

const CachedRoute* RouteCache::find(const model::TopicName& topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

std::vector<model::TopicName> RouteCache::topics() const {
  std::vector<model::TopicName> names;
  names.reserve(topics_.size());
  for (const auto& [topic, entry] : topics_) names.push_back(topic);
  return names;
}

model::RouteQueryRequest RouteCache::ask_all() const {
  model::RouteQueryRequest request;
  request.topics.reserve(topics_.size());
  for (const auto& [topic, entry] : topics_) {
    request.topics.push_back({topic, entry.route.digest});
  }
  return request;
}

model::RouteQueryRequest RouteCache::ask(
    const std::vector<model::TopicName>& topics) const {
  model::RouteQueryRequest request;
  request.topics.reserve(topics.size());
  for (const auto& topic : topics) {
    if (const auto* cached = find(topic)) {
      request.topics.push_back({topic, cached->route.digest});
    }
  }
  return request;
}

bool RouteCache::worth_asking(const model::TopicName& topic,
                              base::Instant now) const {
  const auto* cached = find(topic);
  return cached != nullptr && (!cached->negative || now - cached->negative_at >=
                                                        settings_.negative_ttl);
}

bool RouteCache::was_told(const model::TopicName& topic) const {
  const auto found = topics_.find(topic);
  return found != topics_.end() && found->second.answer == answer_;
}

bool RouteCache::on_route(const model::VersionedRoute& route,
                          const std::string& source, base::Instant now) {
  const auto found = topics_.find(route.route.topic);
  if (found == topics_.end() || !is_route(route)) return false;
  found->second.answer = answer_;
  return take(found->second, route, source, RouteOrigin::kServer, now);
}

bool RouteCache::on_told(const model::VersionedRoute& route,
                         const std::string& source, RouteOrigin origin,
                         base::Instant now) {
  const auto found = topics_.find(route.route.topic);
  if (found == topics_.end() || !is_route(route)) return false;
  return take(found->second, route, source, origin, now);
}

void RouteCache::confirm(const model::TopicName& topic,
                         const model::Digest& known, const std::string& source,
                         base::Instant now) {
  const auto found = topics_.find(topic);
  if (found == topics_.end() || found->second.route.digest != known) return;
  confirm(found->second, source, now);
}

// Told or confirmed, the route is as the server has it now.
void RouteCache::confirm(Entry& entry, const std::string& source,
                         base::Instant now) {
  entry.confirmed = now;
  entry.source = source;
  entry.origin = RouteOrigin::kServer;
  entry.negative.reset();
}

void RouteCache::on_denial(const model::TopicError& denial, base::Instant now) {
  const auto found = topics_.find(denial.topic);
  if (found == topics_.end()) return;
  found->second.negative = denial.error;
  found->second.negative_at = now;
}

bool RouteCache::take(Entry& entry, const model::VersionedRoute& route,
                      const std::string& source, RouteOrigin origin,
                      base::Instant now) {
  entry.confirmed = now;
  entry.source = source;
  entry.origin = origin;
  entry.negative.reset();
  if (entry.route.digest == route.digest) return false;
  entry.route = route;
  return true;
}

base::Status RouteCache::on_end(const model::RouteQueryRequest& asked,
                                const model::RouteQueryEnd& end,
                                const std::string& source, base::Instant now) {
  if (is_not_ready(end.state)) {
    return base::fail(base::ErrorCode::kNotReady,
                      "the nameserver is " +
                          std::string(model::server_state_name(end.state)));
  }
  Errors errors;
  for (const auto& each : end.errors) {
    if (each.error.code == base::ErrorCode::kNotReady) {
      return tl::unexpected(each.error);
    }
    errors.emplace(each.topic, &each.error);
  }

  // What was neither told nor denied is unchanged; the server's own count says
  // whether we understand each other.
  std::size_t unchanged = 0;
  std::vector<Entry*> confirmed;
  for (const auto& item : asked.topics) {
    const auto found = topics_.find(item.topic);
    if (found == topics_.end() || found->second.answer == answer_) continue;
    if (errors.contains(item.topic)) continue;
    if (item.known.is_none()) {
      return base::fail(
          base::ErrorCode::kMalformed,
          "the answer says nothing about topic '" + item.topic.value() + "'");
    }
    ++unchanged;
    // Not what was pushed since it was asked.
    if (found->second.route.digest == item.known) {
      confirmed.push_back(&found->second);
    }
  }
  if (unchanged != end.unchanged) {
    return base::fail(base::ErrorCode::kMalformed,
                      "the answer says that " + std::to_string(end.unchanged) +
                          " topics are unchanged, but leaves out " +
                          std::to_string(unchanged));
  }
  for (Entry* entry : confirmed) confirm(*entry, source, now);
  for (const auto& [topic, error] : errors) {
    const auto found = topics_.find(topic);
    if (found == topics_.end()) continue;
    found->second.negative = *error;
    found->second.negative_at = now;
  }
  return {};
}

void RouteCache::on_answered(bool all, base::Instant now) {
  backoff_.reset();
  const base::Instant regular =
      now + random_.jittered(settings_.poll_interval, settings_.poll_jitter);
  next_poll_ = all ? regular : std::min(next_poll_, regular);
}

void RouteCache::on_failed(base::Instant now) {
  next_poll_ = now + backoff_.next(random_);
}

void RouteCache::hurry(base::Duration delay, base::Instant now) {
  if (topics_.empty()) return;
  next_poll_ = std::min(next_poll_, now + random_.jittered(delay / 2, 1.0));
}

}  // namespace waypost::client
