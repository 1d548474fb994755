#include "namesrv/server/cluster_node.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "namesrv/store/hard_state_diff.h"

namespace waypost::server {
namespace {

handlers::PeerLinkSettings link_settings(const ServerSettings& settings) {
  handlers::PeerLinkSettings made;
  made.self = model::PeerName(settings.name);
  made.version = settings.service.server_version;
  made.secret = settings.cluster.secret;
  const auto& detector = settings.cluster.keeper.membership.detector;
  made.call_timeout = detector.timeout;
  made.connect_timeout =
      std::min<base::Duration>(std::chrono::seconds(2), detector.timeout);
  made.payload_max_bytes = settings.native.payload_max_bytes;
  return made;
}

rpc::AcceptorOptions acceptor_options(const ServerSettings& settings) {
  rpc::AcceptorOptions options;
  options.payload_max_bytes = settings.native.payload_max_bytes;
  options.first_frame_timeout = settings.first_frame_timeout;
  options.connections_max = 1000;
  // The ids of I/O loops count from 0.
  options.loop_index = 0xffff;
  transport::ConnectionOptions& connection = options.listen.connection;
  connection.read_limit_bytes = settings.native.payload_max_bytes + 4096;
  connection.write_limit_bytes = settings.write_limit_bytes;
  const base::Duration silence =
      settings.cluster.keeper.membership.detector.timeout;
  connection.keepalive = silence;
  connection.user_timeout = silence;
  return options;
}

model::Generation generation_of(base::WallTime now) {
  return static_cast<model::Generation>(
      std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch())
          .count());
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> found;
  std::string word;
  for (const char each : text + ",") {
    if (each != ',') {
      word += each;
    } else if (!word.empty()) {
      found.push_back(std::exchange(word, {}));
    }
  }
  return found;
}

}  // namespace

ClusterNode::ClusterNode(const ServerSettings& settings, Shell shell)
    : settings_(settings),
      shell_(std::move(shell)),
      links_(*shell_.executor, *shell_.network, link_settings(settings),
             shell_.logger.for_component(base::LogComponent::kCluster)) {
  context_.executor = shell_.executor;
  context_.links = &links_;
  context_.registration = [this](const model::BrokerKey& broker) {
    return shell_.service->registry().registration(broker);
  };
  context_.configuration = [this] { return shell_.service->hard_state(); };
  context_.hello = [this] { return hello(); };
  context_.view = [this] { return shell_.service->view(); };
  context_.find_session = [this](std::uint64_t id) {
    return acceptor_ ? acceptor_->find(id) : nullptr;
  };
  context_.logger = shell_.logger.for_component(base::LogComponent::kCluster);
  acceptor_ = std::make_unique<rpc::Acceptor>(
      *shell_.executor, *shell_.network, acceptor_options(settings),
      [this](rpc::ServerSession& session) {
        return std::make_unique<handlers::ClusterSession>(context_, session);
      },
      shell_.logger.for_component(base::LogComponent::kRpc));
}

ClusterNode::~ClusterNode() { close(); }

base::Status ClusterNode::listen() {
  if (auto listening = acceptor_->listen(*settings_.cluster.listen_at);
      !listening) {
    return listening;
  }
  cluster::ClusterShell shell;
  shell.executor = shell_.executor;
  shell.boot_time = shell_.boot_time;
  shell.calls = &links_;
  shell.service = this;
  shell.table = this;
  shell.lease = shell_.lease;
  shell.keep_down = shell_.keep_down;
  shell.kept_partitions = shell_.kept_partitions;
  shell.keep_partitions = shell_.keep_partitions;
  shell.logger = shell_.logger;
  cluster::ClusterSettings keeper = settings_.cluster.keeper;
  // Of no meaning to who does not take part in downing any more.
  const auto family = partition::family_of(keeper.partition.mode);
  if (family == partition::Family::kDowning && !keeper.peers.empty()) {
    keeper.membership.down_before = shell_.kept_down;
  }
  keeper_ = std::make_unique<cluster::ClusterKeeper>(std::move(keeper), self(),
                                                     std::move(shell));
  context_.keeper = keeper_.get();
  shell_.service->set_nameservers([this] { return keeper_->addresses(); });
  return {};
}

void ClusterNode::start() {
  keeper_->start();
  seeds_ = std::make_unique<SeedNames>(
      *shell_.executor, *shell_.network, settings_.cluster.keeper.peers,
      [this](std::vector<base::Endpoint> peers) {
        keeper_->set_peers(std::move(peers));
      },
      shell_.logger.for_component(base::LogComponent::kCluster));
}

void ClusterNode::stop() {
  seeds_.reset();
  if (keeper_) keeper_->stop();
}

void ClusterNode::close() {
  seeds_.reset();
  acceptor_.reset();
  if (keeper_) shell_.service->set_nameservers(nullptr);
  keeper_.reset();
}

model::PeerInfo ClusterNode::self() const {
  model::PeerInfo info;
  info.name = model::PeerName(settings_.name);
  info.generation = generation_of(shell_.executor->wall_now());
  info.incarnation = settings_.service.incarnation;
  info.cluster_addresses = {
      settings_.cluster.advertise_as.value_or(acceptor_->local())};
  info.service_addresses = {shell_.service_address};
  info.roles = words(settings_.cluster.roles);
  info.zone = settings_.cluster.zone;
  return info;
}

model::HelloReply ClusterNode::hello() const {
  model::HelloReply reply;
  reply.server_name = settings_.name;
  reply.server_version = settings_.service.server_version;
  reply.incarnation = settings_.service.incarnation;
  const service::StateView view = shell_.service->state_view();
  reply.state = view.state;
  reply.state_reason = view.reason;
  reply.max_payload_bytes =
      static_cast<std::uint32_t>(settings_.native.payload_max_bytes);
  return reply;
}

void ClusterNode::pause(const std::string& reason) {
  shell_.service->pause(reason);
  if (!std::exchange(paused_, true)) shell_.close_service_port();
}

void ClusterNode::resume() {
  if (!std::exchange(paused_, false)) return;
  shell_.service->resume();
  shell_.open_service_port();
}

// Connections stay, and with them what their brokers registered.
void ClusterNode::begin_restart(const std::string& reason) {
  own_configuration_ = shell_.service->hard_state();
  if (paused_) return;
  shell_.service->restart(reason);
  shell_.service->apply_from_peers(registry::DropIndirect{});
}

// Permission overrides are configuration as the key-value entries are: both
// sides must give the same routes afterwards.
void ClusterNode::take_configuration(
    const cluster::PeerConfiguration& configuration,
    std::function<void(base::Result<std::size_t>)> done) {
  store::HardState wanted;
  for (const model::KvEntry& entry : configuration.kv) {
    wanted.kv.apply({entry.name_space, entry.key, entry.value, true});
  }
  for (const model::PermissionOverride& each : configuration.overrides) {
    wanted.overrides.insert_or_assign(each.broker_name, each);
  }
  const auto now = shell_.service->hard_state();
  auto changes = store::changes_towards(
      wanted, *now, own_configuration_ ? *own_configuration_ : *now);
  const std::size_t count = changes.size();
  for (const store::Change& change : changes) log_taken(*now, change);
  shell_.service->change_state_together(
      std::move(changes),
      [done = std::move(done), count](const base::Status& status) {
        if (!status) return done(tl::unexpected(status.error()));
        done(count);
      });
}

// What an operator had set here goes: it must be found somewhere.
void ClusterNode::log_taken(const store::HardState& before,
                            const store::Change& change) const {
  const base::Logger logger =
      shell_.logger.for_component(base::LogComponent::kCluster);
  if (const auto* kv = std::get_if<model::KvChange>(&change)) {
    const std::string* held = before.kv.find(kv->name_space, kv->key);
    if (held == nullptr) return;
    logger.warn("the winner's configuration takes an entry's place",
                {{"namespace", kv->name_space},
                 {"key", kv->key},
                 {"removed", !kv->value.has_value()},
                 {"was", held->substr(0, 200)}});
    return;
  }
  const auto* set = std::get_if<model::PermissionOverride>(&change);
  const auto* cleared = std::get_if<store::ClearOverride>(&change);
  const auto held = before.overrides.find(
      set != nullptr ? set->broker_name : cleared->broker_name);
  if (held == before.overrides.end()) return;
  logger.warn("the winner's configuration takes a permission override's place",
              {{"broker", held->first.value()},
               {"removed", cleared != nullptr},
               {"owner", held->second.owner},
               {"reason", held->second.reason}});
}

void ClusterNode::end_restart(const model::PeerName&) {
  if (!paused_) shell_.service->resume();
}

void ClusterNode::start_resync(const std::string& reason) {
  shell_.service->start_resync(reason);
}

void ClusterNode::start_copying() { shell_.service->start_copying(); }

void ClusterNode::end_copying(bool copied) {
  shell_.service->end_copying(copied);
}

void ClusterNode::on_resynced() { shell_.service->on_resynced(); }

void ClusterNode::set_readiness(const partition::Readiness& readiness) {
  shell_.service->set_gates(settings_.cluster.keeper.partition.gate, readiness);
}

model::ServerState ClusterNode::state() const {
  return shell_.service->state();
}

std::string ClusterNode::state_reason() const {
  return shell_.service->state_view().reason;
}

std::uint64_t ClusterNode::client_connections() const {
  return shell_.client_connections();
}

}  // namespace waypost::server
