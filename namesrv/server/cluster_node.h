#ifndef WAYPOST_NAMESRV_SERVER_CLUSTER_NODE_H_
#define WAYPOST_NAMESRV_SERVER_CLUSTER_NODE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "namesrv/cluster/cluster_keeper.h"
#include "namesrv/handlers/cluster/cluster_session.h"
#include "namesrv/handlers/cluster/peer_links.h"
#include "namesrv/server/seed_names.h"
#include "namesrv/server/settings.h"
#include "namesrv/service/name_service.h"
#include "wire/rpc/acceptor.h"
#include "wire/transport/network.h"

namespace waypost::server {

// A nameserver's side towards its peers, wired: the cluster port, the links,
// the keeper, and what partition handling does to the service. On the registry
// thread, whose loop it uses; real or simulated.
class ClusterNode : private cluster::ServiceControl,
                    private cluster::TableControl {
 public:
  struct Shell {
    base::Executor* executor = nullptr;
    transport::Network* network = nullptr;
    service::NameService* service = nullptr;
    std::function<base::Duration()> boot_time;
    // The service port of all I/O loops.
    std::function<void()> close_service_port;
    std::function<void()> open_service_port;
    std::function<std::uint64_t()> client_connections;
    // What the service port is reached at, for peers and operators.
    base::Endpoint service_address;
    membership::KeptPartitions kept_partitions;
    std::function<void(const membership::PartitionHistory&,
                       cluster::ClusterShell::Kept)>
        keep_partitions;
    cluster::Lease* lease = nullptr;
    // As cluster::ClusterShell's; `kept_down` is what it kept.
    std::optional<model::PeerNames> kept_down;
    std::function<void(std::optional<model::PeerNames>)> keep_down;
    base::Logger logger;
  };

  // `settings.cluster.listen_at` is set; must outlive it, as the shell's parts.
  ClusterNode(const ServerSettings& settings, Shell shell);
  ~ClusterNode() override;

  base::Status listen();
  const base::Endpoint& local() const { return acceptor_->local(); }
  // After listen().
  void start();
  // Tells peers that we are going.
  void leave() {
    if (keeper_) keeper_->leave();
  }
  void stop();
  // Closes everything; what a killed process leaves to its kernel.
  void close();

  const cluster::ClusterKeeper& keeper() const { return *keeper_; }
  cluster::ClusterKeeper& keeper() { return *keeper_; }

 private:
  void pause(const std::string& reason) override;
  void resume() override;
  void begin_restart(const std::string& reason) override;
  void take_configuration(
      const cluster::PeerConfiguration& configuration,
      std::function<void(base::Result<std::size_t>)> done) override;
  void end_restart(const model::PeerName& winner) override;
  void start_resync(const std::string& reason) override;
  void on_resynced() override;
  void start_copying() override;
  void end_copying(bool copied) override;
  void set_readiness(const partition::Readiness& readiness) override;
  model::ServerState state() const override;
  std::string state_reason() const override;
  std::uint64_t client_connections() const override;

  // cluster::TableControl, in cluster_table.cc.
  void set_listener(Listener listener) override;
  std::optional<model::Holding> holding(
      const model::BrokerKey& broker) const override;
  std::vector<model::BrokerKey> held_brokers() const override;
  void vouch(const model::BrokerKey& broker, bool vouched,
             bool released) override;
  void bury(const model::BrokerKey& broker, model::Epoch epoch) override;
  bool adopt(model::HeldRegistration registration) override;

  void log_taken(const store::HardState& before,
                 const store::Change& change) const;
  model::PeerInfo self() const;
  model::HelloReply hello() const;

  const ServerSettings& settings_;
  const Shell shell_;
  handlers::PeerLinks links_;
  handlers::ClusterContext context_;
  std::unique_ptr<rpc::Acceptor> acceptor_;
  std::unique_ptr<cluster::ClusterKeeper> keeper_;
  std::unique_ptr<SeedNames> seeds_;
  bool paused_ = false;
  // As it was when the restart began.
  std::shared_ptr<const store::HardState> own_configuration_;
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_CLUSTER_NODE_H_
