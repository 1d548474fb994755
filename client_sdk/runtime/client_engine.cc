#include "client_sdk/runtime/client_engine.h"

#include <algorithm>
#include <set>
#include <utility>

#include "client_sdk/core/to_public.h"

namespace waypost::client {
namespace {

// A broker that failed is often one that nameservers are about to drop, or one
// whose nameserver hangs with it: ask again within this.
constexpr base::Duration kHurryAfterFailure = std::chrono::seconds(1);

// A topic of the snapshot that nobody has used for this long is left out.
constexpr base::Duration kForgetUnusedAfter = std::chrono::hours(24 * 7);

NameserverSources sources_of(const ClientOptions& options,
                             const CheckedOptions& checked,
                             const Snapshot& remembered) {
  NameserverSources sources;
  sources.addresses = checked.nameservers;
  sources.url = checked.nameserver_url;
  sources.file = options.nameserver_file;
  sources.remembered = remembered.nameservers;
  return sources;
}

NameserverLinkOptions link_options(const ClientOptions& options,
                                   std::vector<Nameserver> nameservers) {
  NameserverLinkOptions link;
  link.nameservers = std::move(nameservers);
  link.start = options.start_nameserver;
  link.rpc_timeout = options.rpc_timeout;
  link.close_on_timeout = options.close_on_timeout;
  link.ping_interval = options.ping_interval;
  link.hedge = options.hedge;
  link.hedge_after = options.hedge_after;
  link.hedge_extra_load_percent = options.hedge_extra_load_percent;
  link.hello.role = model::PeerRole::kClient;
  link.hello.name = options.name;
  return link;
}

RouteCacheSettings cache_settings(const ClientOptions& options) {
  RouteCacheSettings settings;
  settings.poll_interval = options.poll_interval;
  settings.negative_ttl = options.negative_ttl;
  settings.topics_max = static_cast<std::size_t>(options.topics_max);
  return settings;
}

base::Random seeded(const ClientOptions& options, std::uint64_t part) {
  return base::Random(options.random_seed != 0 ? options.random_seed + part
                                               : base::entropy_seed());
}

std::set<std::string> group_names(const TopicRoute* route) {
  std::set<std::string> names;
  if (route == nullptr) return names;
  for (const auto& group : route->route.groups) names.insert(group.name);
  return names;
}

std::vector<std::string> minus(const std::set<std::string>& from,
                               const std::set<std::string>& what) {
  std::vector<std::string> rest;
  std::set_difference(from.begin(), from.end(), what.begin(), what.end(),
                      std::back_inserter(rest));
  return rest;
}

}  // namespace

ClientEngine::ClientEngine(base::Executor& executor,
                           transport::Network& network,
                           const ClientOptions& options,
                           const CheckedOptions& checked, ClientState& state,
                           EventOutlet& events, base::Logger logger)
    : ClientEngine(
          executor, network, options, checked, state, events, logger,
          SnapshotKeeper(executor, options.snapshot_file, {}, logger).read()) {}

ClientEngine::ClientEngine(base::Executor& executor,
                           transport::Network& network,
                           const ClientOptions& options,
                           const CheckedOptions& checked, ClientState& state,
                           EventOutlet& events, base::Logger logger,
                           Snapshot remembered)
    : executor_(executor),
      options_(options),
      checked_(checked),
      state_(state),
      logger_(logger),
      emitter_(executor, events, logger),
      keeper_(
          executor, options.snapshot_file, [this] { return collect(); },
          logger),
      sources_(sources_of(options, checked, remembered)),
      nameservers_(
          executor, network, sources_, seeded(options, 3),
          [this] { on_nameservers_changed(); }, logger),
      link_(executor, network,
            link_options(options, nameservers_.nameservers()),
            seeded(options, 1), this, logger),
      refresher_(executor, link_, cache_settings(options), options.rpc_timeout,
                 seeded(options, 2), *this, logger),
      avoidances_(executor, network, options.broker_probe, state.faults(),
                  events, emitter_, seeded(options, 4),
                  [this](bool failed) { on_avoided(failed); }),
      names_(std::make_shared<NameIndex>()) {
  remember(remembered);
  if (options_.watch) {
    RoutePushObserver& observer = *this;
    watcher_ = std::make_unique<RouteWatcher>(
        executor_, link_, refresher_, options_.rpc_timeout, observer, logger_);
  }
  // Nothing to ask yet, and perhaps a reason for it.
  if (nameservers_.nameservers().empty()) {
    link_.set_nameservers({}, nameservers_.trouble());
  }
  update_facts();
}

ClientEngine::~ClientEngine() { keeper_.flush(); }

// --- What application threads want ---

void ClientEngine::want(TopicState& topic) {
  const model::TopicName name(topic.name);
  if (refresher_.cache().find(name) == nullptr) publish_soon();
  refresher_.ensure(name, [](const base::Status&) {});
  // From an earlier life.
  const CachedRoute* cached = refresher_.cache().find(name);
  const bool published =
      topic.slot < routes_.size() && routes_[topic.slot] != nullptr;
  if (cached != nullptr && cached->known() && !published) {
    note(*cached, topic);
    take_over(name);
    publish_soon();
  }
}

void ClientEngine::ensure(const TopicState& topic, Done done) {
  // What is known is found by who is told that it is.
  if (watcher_) watcher_->tell_now();
  // A route of an earlier life may wait for its table.
  if (publish_timer_) publish();
  refresher_.ensure(model::TopicName(topic.name), std::move(done));
}

ClientEngine::WaiterId ClientEngine::refresh(const TopicState& topic,
                                             Done done) {
  return refresher_.refresh(model::TopicName(topic.name), std::move(done));
}

ClientEngine::WaiterId ClientEngine::refresh_all(Done done) {
  return refresher_.refresh_all(std::move(done));
}

void ClientEngine::fault_changed(const FaultBoard::Change& change) {
  avoidances_.changed(change);
}

void ClientEngine::on_avoided(bool failed) {
  update_facts();
  if (failed) {
    refresher_.hurry(std::min(kHurryAfterFailure, options_.poll_interval));
  }
}

// --- What nameservers tell ---

void ClientEngine::on_nameservers_changed() {
  NameserversChanged changed;
  for (const auto& each : nameservers_.nameservers()) {
    changed.nameservers.push_back(each.name);
  }
  if (changed.nameservers != listed_) {
    listed_ = changed.nameservers;
    keeper_.changed();
    emitter_.emit(std::move(changed));
  }
  link_.set_nameservers(nameservers_.nameservers(), nameservers_.trouble());
  update_facts();
}

void ClientEngine::on_nameserver_connected(const std::string& nameserver,
                                           const model::HelloReply& reply) {
  if (watcher_) watcher_->on_connected();
  update_facts();
  emitter_.emit(NameserverConnected{nameserver, reply.server_name});
}

void ClientEngine::on_nameserver_lost() {
  if (watcher_) watcher_->on_lost();
  update_facts();
}

void ClientEngine::on_nameserver_push(codec::FrameKind kind,
                                      std::span<const std::byte> payload) {
  if (watcher_) watcher_->on_push(kind, payload);
}

void ClientEngine::on_followed(const model::TopicName& topic) {
  if (watcher_) watcher_->on_followed(topic);
}

void ClientEngine::on_routes_told(
    const std::vector<model::TopicName>& told,
    const std::vector<model::TopicName>& changed) {
  pushed_routes_ += told.size();
  update_facts();
  for (const auto& name : told) {
    const CachedRoute* cached = refresher_.cache().find(name);
    TopicState* topic = state_.directory().find(name.value());
    if (cached != nullptr && topic != nullptr) note(*cached, *topic);
  }
  update_facts();
  take_over_all(changed);
}

void ClientEngine::on_departures_told(
    const std::vector<model::Departure>& departures) {
  groups_.note(departures, executor_.now());
}

void ClientEngine::on_departures_answered(
    const std::vector<model::Departure>& departures) {
  groups_.note(departures, executor_.now());
}

void ClientEngine::on_nameserver_switched(const std::string& from,
                                          const std::string& to,
                                          const std::string& why) {
  update_facts();
  emitter_.emit(NameserverSwitched{from, to, why});
}

void ClientEngine::on_query_over(const std::vector<model::TopicName>& changed,
                                 const model::RouteQueryRequest& asked,
                                 const base::Status& status) {
  if (watcher_) watcher_->on_query_over(changed, status.has_value());
  update_facts();
  if (status) {
    note_answers(asked);
    keeper_.confirmed();
  }
  take_over_all(changed);
  if (!status) emitter_.emit(RefreshFailed{status.error().message});
}

// An attempt may bring routes and fail after that, and the next one brings them
// again.
void ClientEngine::take_over_all(const std::vector<model::TopicName>& changed) {
  const std::set<model::TopicName> topics(changed.begin(), changed.end());
  for (const auto& topic : topics) take_over(topic);
  if (topics.empty()) return;
  publish();
  keeper_.changed();
}

void ClientEngine::note_answers(const model::RouteQueryRequest& asked) {
  const base::Duration again =
      executor_.now().time_since_epoch() + options_.negative_ttl;
  for (const auto& item : asked.topics) {
    const CachedRoute* cached = refresher_.cache().find(item.topic);
    TopicState* topic = state_.directory().find(item.topic.value());
    if (cached == nullptr || topic == nullptr) continue;
    topic->ask_again.store(again.count(), std::memory_order_relaxed);
    note(*cached, *topic);
  }
}

void ClientEngine::note(const CachedRoute& cached, TopicState& topic) {
  topic.confirmed.store(cached.confirmed.time_since_epoch().count(),
                        std::memory_order_relaxed);
  topic.origin.store(cached.origin, std::memory_order_relaxed);
  topic.missing.store(cached.negative.has_value(), std::memory_order_relaxed);
}

void ClientEngine::take_over(const model::TopicName& name) {
  const CachedRoute* cached = refresher_.cache().find(name);
  const TopicState* topic = state_.directory().find(name.value());
  if (cached == nullptr || topic == nullptr) return;
  if (topic->slot >= routes_.size()) routes_.resize(topic->slot + 1);
  auto& route = routes_[topic->slot];
  const auto old = route;
  const auto before = group_names(old.get());
  const auto order = order_of(topic->name, cached->route.route);
  route = std::make_shared<const TopicRoute>(
      make_topic_route(to_public(*cached), state_.arena(), options_.zone,
                       order ? &*order : nullptr));
  const auto after = group_names(route.get());
  groups_.update(old ? &old->route : nullptr, route->route);
  news_.push_back({route->route, minus(after, before), minus(before, after)});
}

// What the application says wins over what nameservers tell.
std::optional<OrderConfig> ClientEngine::order_of(
    const std::string& topic, const model::Route& route) const {
  const auto own = checked_.order.find(topic);
  if (own != checked_.order.end()) return own->second;
  if (route.order.empty()) return std::nullopt;
  auto told = parse_order_config(route.order);
  if (told) return std::move(*told);
  logger_.warn("the topic's order configuration makes no sense, not used",
               {{"topic", topic}, {"why", told.error().message}});
  return std::nullopt;
}

// --- Surviving a restart ---

void ClientEngine::remember(const Snapshot& snapshot) {
  const base::Instant now = executor_.now();
  for (const auto& each : snapshot.routes) {
    // A wall clock may have been set back meanwhile.
    const base::Duration age =
        std::max(executor_.wall_now() - each.confirmed, base::Duration::zero());
    CachedRoute cached;
    cached.route = each.route;
    cached.confirmed = now - age;
    cached.source = each.source;
    refresher_.remember(std::move(cached));
  }
}

Snapshot ClientEngine::collect() const {
  const base::Instant now = executor_.now();
  Snapshot snapshot;
  snapshot.saved = executor_.wall_now();
  snapshot.nameservers = nameservers_.nameservers();
  refresher_.cache().for_each_known([&](const CachedRoute& cached) {
    const base::Duration age = now - cached.confirmed;
    // Followed in an earlier life only, and not for long.
    const bool used =
        state_.directory().find(cached.route.route.topic.value()) != nullptr;
    if (!used && age > kForgetUnusedAfter) return;
    snapshot.routes.push_back(
        {cached.route, snapshot.saved - age, cached.source});
  });
  return snapshot;
}

// --- Publishing ---

void ClientEngine::publish() {
  publish_timer_.reset();
  auto topics = state_.directory().all();
  if (topics.size() != topics_.size()) {
    topics_ = std::move(topics);
    names_ = std::make_shared<const NameIndex>(
        std::vector<const TopicState*>(topics_.begin(), topics_.end()));
  }
  RouteTable table;
  table.names = names_;
  table.topics = topics_;
  routes_.resize(std::max(routes_.size(), topics_.size()));
  table.routes = routes_;
  state_.routes().publish(std::move(table));
  tell_news();
}

// Whoever hears of it picks by it already.
void ClientEngine::tell_news() {
  for (auto& changed : std::exchange(news_, {}))
    emitter_.emit(std::move(changed));
  for (auto& notice : groups_.settle(executor_.now())) {
    if (auto* left = std::get_if<BrokerLeft>(&notice)) {
      const BrokerRecord* broker = state_.arena().intern(left->broker);
      left->avoided = broker->fault().avoided_at(executor_.now());
      avoidances_.broker_left(*broker);
    } else if (const auto* joined = std::get_if<BrokerJoined>(&notice)) {
      avoidances_.broker_joined(*state_.arena().intern(joined->broker));
    }
    std::visit([this](auto& each) { emitter_.emit(std::move(each)); }, notice);
  }
}

// New names of one turn go into one table.
void ClientEngine::publish_soon() {
  if (publish_timer_) return;
  publish_timer_ =
      executor_.run_after(base::Duration::zero(), [this] { publish(); });
}

void ClientEngine::update_facts() {
  state_.set_link_facts({link_.current(), link_.connected(), link_.switches(),
                         refresher_.answered(), refresher_.failed(),
                         link_.hedges(), pushed_routes_,
                         avoidances_.avoidances(), refresher_.query_seconds()});
}

}  // namespace waypost::client
