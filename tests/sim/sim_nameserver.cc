#include "tests/sim/sim_nameserver.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "namesrv/handlers/remoting/min_broker_id_notifier.h"
#include "namesrv/server/cluster_node.h"
#include "namesrv/server/make_lease.h"
#include "namesrv/server/service_port.h"
#include "wire/model/ids.h"

namespace waypost::sim {
namespace {

constexpr base::Duration kDrainLook = std::chrono::milliseconds(50);

}  // namespace

// One process, from start to end.
struct SimNameserver::Life {
  Life(SimNameserver& owner, std::size_t io_loops)
      : input_budget(owner.settings.input_budget_bytes),
        decode_budget(owner.settings.input_budget_bytes),
        // One reader more than loops: the checks of a test.
        table(io_loops + 1) {}

  base::ByteBudget input_budget;
  base::ByteBudget decode_budget;
  service::PublishedTable table;
  std::unique_ptr<handlers::MinBrokerIdNotifier> min_id_notifier;
  std::unique_ptr<service::NameService> service;
  std::vector<std::unique_ptr<server::ServicePort>> ports;  // of the loops
  std::unique_ptr<cluster::Lease> lease;                    // configured
  std::unique_ptr<server::ClusterNode> cluster;             // with peers
  struct Seen {
    std::optional<std::uint64_t> version;  // of the table
    std::vector<std::string> brokers;
  };
  std::map<std::string, Seen> seen;  // by topic

  base::Instant drain_deadline;
  std::unique_ptr<base::Timer> drain_timer;
};

SimNameserver::SimNameserver(SimNode& node, const base::Profile& profile,
                             base::Logger logger, std::size_t io_loops)
    : node_(node), logger_(logger), io_loops_(io_loops) {
  settings.listen = endpoint();
  settings.name = node.name();
  settings.data_dir = "simulated";
  server::apply_profile(profile, settings);
}

SimNameserver::~SimNameserver() = default;

void SimNameserver::start() {
  WAYPOST_ASSERT(!running());
  WAYPOST_ASSERT(server::complete(settings).has_value());
  settings.service.incarnation =
      model::Incarnation(node_.executor().world().random().next() | 1U);
  life_ = std::make_unique<Life>(*this, io_loops_);
  Life& life = *life_;

  service::NameServiceShell shell;
  shell.executor = &node_.executor(0);
  shell.boot_time = [this] { return node_.boot_time(); };
  shell.save_roster = [this](auto entries) { roster_ = std::move(entries); };
  shell.after_input_processed = [this](std::function<void()> done) {
    auto left = std::make_shared<std::size_t>(io_loops_);
    for (std::size_t i = 1; i <= io_loops_; ++i) {
      SimExecutor& loop = node_.executor(i);
      // Two turns, as the real one: the second comes after waiting input.
      loop.post([this, left, done, &loop] {
        loop.post([this, left, done] {
          node_.executor(0).post([left, done] {
            if (--*left == 0) done();
          });
        });
      });
    }
  };
  life.min_id_notifier = std::make_unique<handlers::MinBrokerIdNotifier>(
      node_.executor(0), node_.network(0), logger_);
  shell.notify_min_broker_id =
      [&life](const registry::MinBrokerIdChange& change) {
        life.min_id_notifier->notify(change);
      };
  shell.logger = logger_;
  life.service = std::make_unique<service::NameService>(
      settings.service, std::move(shell), life.table, roster_);

  for (std::size_t i = 0; i < io_loops_; ++i) {
    SimExecutor& executor = node_.executor(i + 1);
    life.ports.push_back(std::make_unique<server::ServicePort>(
        server::ServicePort::Loop{executor, node_.network(i + 1), i}, settings,
        server::ServicePort::Shared{*life.service, life.table,
                                    life.input_budget, life.decode_budget,
                                    nullptr, logger_}));
    server::ServicePort& port = *life.ports.back();
    executor.set_turn_hook([&port] { port.quiesce(); });
    WAYPOST_ASSERT(port.listen(endpoint()).has_value());
  }
  life.service->start();
  if (settings.cluster.listen_at) start_cluster();
}

void SimNameserver::set_peers(const std::vector<base::Endpoint>& peers) {
  settings.cluster.listen = cluster_endpoint().to_string();
  settings.cluster.secret = "a secret of the simulation";
  settings.cluster.peers.clear();
  for (const base::Endpoint& peer : peers) {
    settings.cluster.peers +=
        (settings.cluster.peers.empty() ? "" : ",") + peer.to_string();
  }
}

cluster::ClusterKeeper& SimNameserver::keeper() const {
  return life_->cluster->keeper();
}

// As namesrv/server/server.cc.
void SimNameserver::start_cluster() {
  Life& life = *life_;
  server::ClusterNode::Shell shell;
  shell.executor = &node_.executor(0);
  shell.network = &node_.network(0);
  shell.service = life.service.get();
  shell.boot_time = [this] { return node_.boot_time(); };
  shell.close_service_port = [this] {
    ++port_closes_;
    for (std::size_t i = 0; i < io_loops_; ++i) {
      node_.executor(i + 1).post([this, i] { life_->ports[i]->pause(); });
    }
  };
  shell.open_service_port = [this] {
    for (std::size_t i = 0; i < io_loops_; ++i) {
      node_.executor(i + 1).post([this, i] {
        WAYPOST_ASSERT(life_->ports[i]->listen(endpoint()).has_value());
      });
    }
  };
  shell.client_connections = [this] {
    std::uint64_t count = 0;
    for (const auto& port : life_->ports) count += port->connection_count();
    return count;
  };
  shell.service_address = endpoint();
  shell.kept_partitions.records = partitions_;
  shell.keep_partitions = [this](const membership::PartitionHistory& history,
                                 const cluster::ClusterShell::Kept& kept) {
    partitions_ = {history.records().begin(), history.records().end()};
    if (kept) kept({});
  };
  shell.kept_down = down_;
  shell.keep_down = [this](auto left_behind) { down_ = left_behind; };
  if (lease == nullptr) {
    life.lease = server::make_lease(
        settings, node_.executor(0), node_.network(0),
        [this] { return node_.boot_time(); }, logger_);
  }
  shell.lease = lease != nullptr ? lease : life.lease.get();
  shell.logger = logger_;
  life.cluster =
      std::make_unique<server::ClusterNode>(settings, std::move(shell));
  WAYPOST_ASSERT(life.cluster->listen().has_value());
  life.cluster->start();
}

void SimNameserver::kill() {
  WAYPOST_ASSERT(running());
  node_.kill();
  for (std::size_t i = 0; i <= io_loops_; ++i) {
    node_.executor(i).set_turn_hook(nullptr);
  }
  // No destructor of a killed process runs; here they must, and can do no harm:
  // nothing of the node's old life is heard any more.
  if (life_->cluster) life_->cluster->close();
  for (auto& port : life_->ports) port->close();
  life_.reset();
  node_.restart();
}

void SimNameserver::terminate() {
  WAYPOST_ASSERT(running());
  life_->service->start_draining("stopped by SIGTERM");
  if (life_->cluster) life_->cluster->leave();
  for (std::size_t i = 0; i < io_loops_; ++i) {
    node_.executor(i + 1).post(
        [this, i] { life_->ports[i]->drain("stopping"); });
  }
  life_->drain_deadline = node_.executor().now() + settings.drain_max_wait;
  life_->drain_timer =
      node_.executor().run_after(kDrainLook, [this] { wait_for_clients(); });
}

void SimNameserver::wait_for_clients() {
  std::size_t clients = 0;
  for (auto& port : life_->ports) clients += port->client_count();
  if (clients > 0 && node_.executor().now() < life_->drain_deadline) {
    life_->drain_timer =
        node_.executor().run_after(kDrainLook, [this] { wait_for_clients(); });
    return;
  }
  if (life_->cluster) life_->cluster->stop();
  life_->service->stop();
  // The end of the process, in a turn of no thread of it.
  node_.executor().world().schedule(EventKind::kKernel, nullptr,
                                    base::Duration(0), [this] { kill(); });
}

model::ServerState SimNameserver::state() const {
  return life_->service->state();
}

bool SimNameserver::answers_routes() const {
  return life_->service->tells_routes();
}

bool SimNameserver::takes_registrations() const {
  return life_->service->gate_open(partition::Operation::kRegister);
}

bool SimNameserver::restarting() const {
  return life_->service->state_view().reason.starts_with("autoheal: ");
}

std::size_t SimNameserver::service_connections() const {
  std::size_t count = 0;
  for (const auto& port : life_->ports) count += port->connection_count();
  return count;
}

void SimNameserver::wipe_disk() {
  roster_.clear();
  partitions_.clear();
}

// Asked after every event by tests that wait for something: remembers.
const std::vector<std::string>& SimNameserver::brokers_of(
    const std::string& topic) {
  const auto& table = life_->table.pin(io_loops_);
  Life::Seen& seen = life_->seen[topic];
  if (seen.version != table.version()) {
    seen.version = table.version();
    seen.brokers.clear();
    const auto* entry = table.find_topic(topic, model::hash_bytes(topic));
    if (entry != nullptr) {
      for (const auto& group : table.route(*entry).groups) {
        seen.brokers.push_back(group.broker_name.value());
      }
    }
  }
  life_->table.quiesce(io_loops_);
  return seen.brokers;
}

std::string SimNameserver::master_address(const std::string& topic,
                                          const std::string& group) {
  const auto& table = life_->table.pin(io_loops_);
  std::string found;
  const auto* entry = table.find_topic(topic, model::hash_bytes(topic));
  if (entry != nullptr) {
    for (const auto& each : table.route(*entry).groups) {
      if (each.broker_name.value() != group) continue;
      for (const auto& replica : each.replicas) {
        if (replica.id == model::kMasterId) found = replica.address.to_string();
      }
    }
  }
  life_->table.quiesce(io_loops_);
  return found;
}

}  // namespace waypost::sim
