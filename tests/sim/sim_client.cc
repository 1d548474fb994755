#include "tests/sim/sim_client.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "client_sdk/core/to_public.h"

namespace waypost::sim {

SimClient::SimClient(SimNode& node, const base::Profile& profile,
                     Options options, base::Logger logger)
    : node_(node), logger_(logger) {
  base::Random seeds = node.executor().world().random().fork();
  client::NameserverLinkOptions link;
  if (options.start)
    link.start = options.nameservers[*options.start].to_string();
  link.nameservers = client::unnamed(options.nameservers);
  link.close_on_timeout = options.close_on_timeout;
  link.rpc_timeout = profile.client_rpc_timeout;
  link.ping_interval = profile.client_ping_interval;
  link.hello.name = node.name();
  // Bases are private: only here may this stand for an observer.
  client::NameserverLinkObserver* const observer = this;
  client::RouteObserver& routes = *this;
  link_ = std::make_unique<client::NameserverLink>(
      node.executor(), node.network(), std::move(link), seeds.fork(), observer,
      logger);
  client::RouteCacheSettings cache;
  cache.poll_interval = profile.client_poll_interval;
  refresher_ = std::make_unique<client::RouteRefresher>(
      node.executor(), *link_, cache, profile.client_rpc_timeout, seeds.fork(),
      routes, logger);
  client::RoutePushObserver& pushes = *this;
  if (options.watch) {
    watcher_ = std::make_unique<client::RouteWatcher>(
        node.executor(), *link_, *refresher_, profile.client_rpc_timeout,
        pushes, logger);
  }
}

SimClient::~SimClient() = default;

void SimClient::follow(const std::string& topic) {
  WAYPOST_ASSERT(refresher_->follow(model::TopicName(topic)).has_value());
}

void SimClient::on_followed(const model::TopicName& topic) {
  if (watcher_) watcher_->on_followed(topic);
}

std::shared_ptr<const SimClient::Asked> SimClient::refresh(
    const std::string& topic) {
  auto asked = std::make_shared<Asked>();
  const base::Instant start = node_.executor().now();
  refresher_->refresh(model::TopicName(topic),
                      [this, asked, start](const base::Status& status) {
                        asked->done = true;
                        asked->status = status;
                        asked->took = node_.executor().now() - start;
                      });
  return asked;
}

const std::vector<std::string>& SimClient::brokers_of(
    const std::string& topic) const {
  static const std::vector<std::string> kNone;
  const auto found = routes_.find(topic);
  return found == routes_.end() ? kNone : found->second;
}

std::vector<std::string> SimClient::describe(
    const model::TopicName& topic) const {
  std::vector<std::string> names;
  const auto* cached = refresher_->cache().find(topic);
  if (cached == nullptr) return names;
  for (const auto& group : cached->route.route.groups) {
    const bool suspect =
        std::all_of(group.replicas.begin(), group.replicas.end(),
                    [](const model::Replica& replica) {
                      return replica.health == model::BrokerHealth::kSuspect;
                    });
    names.push_back(group.broker_name.value() + (suspect ? " (suspect)" : ""));
  }
  return names;
}

void SimClient::on_nameserver_connected(const std::string& nameserver,
                                        const model::HelloReply& /*reply*/) {
  logger_.info("connected", {{"nameserver", nameserver}});
  if (watcher_) watcher_->on_connected();
}

void SimClient::on_nameserver_lost() {
  if (watcher_) watcher_->on_lost();
}

void SimClient::on_nameserver_push(codec::FrameKind kind,
                                   std::span<const std::byte> payload) {
  if (watcher_) watcher_->on_push(kind, payload);
}

void SimClient::on_routes_told(const std::vector<model::TopicName>& /*told*/,
                               const std::vector<model::TopicName>& changed) {
  take_over(changed);
}

void SimClient::on_nameserver_switched(const std::string& from,
                                       const std::string& to,
                                       const std::string& why) {
  switched_at_ = node_.executor().now();
  logger_.info("switched", {{"from", from}, {"to", to}, {"why", why}});
}

void SimClient::on_query_over(const std::vector<model::TopicName>& changed,
                              const model::RouteQueryRequest& /*asked*/,
                              const base::Status& status) {
  if (watcher_) watcher_->on_query_over(changed, status.has_value());
  if (status) answered_at_ = node_.executor().world().now();
  if (!status) logger_.warn("query failed", {{"why", status.error().message}});
  take_over(changed);
}

void SimClient::on_departures_told(
    const std::vector<model::Departure>& departures) {
  groups_.note(departures, node_.executor().now());
}

void SimClient::on_departures_answered(
    const std::vector<model::Departure>& departures) {
  groups_.note(departures, node_.executor().now());
}

void SimClient::take_over(const std::vector<model::TopicName>& changed) {
  for (const auto& topic : changed) {
    const auto known = shown_.find(topic.value());
    const Route route = client::to_public(*refresher_->cache().find(topic));
    groups_.update(known == shown_.end() ? nullptr : &known->second, route);
    shown_.insert_or_assign(topic.value(), route);
    history_.push_back(describe(topic));
    routes_[topic.value()] = history_.back();
    std::string text;
    for (const auto& name : history_.back()) text += name + " ";
    logger_.info("route", {{"topic", topic.value()}, {"brokers", text}});
  }
  for (const auto& notice : groups_.settle(node_.executor().now())) {
    const auto* left = std::get_if<BrokerLeft>(&notice);
    if (left == nullptr) continue;
    waypost::Event event;
    event.what = *left;
    departures_.push_back(event.to_string());
  }
}

}  // namespace waypost::sim
