#ifndef WAYPOST_NAMESRV_SERVER_SERVER_H_
#define WAYPOST_NAMESRV_SERVER_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/error.h"
#include "base/log.h"
#include "namesrv/admin/http_port.h"
#include "namesrv/admin/snapshots.h"
#include "namesrv/handlers/remoting/min_broker_id_notifier.h"
#include "namesrv/server/cluster_node.h"
#include "namesrv/server/io_thread.h"
#include "namesrv/server/partition_keeper.h"
#include "namesrv/server/settings.h"
#include "namesrv/server/worker_pool.h"
#include "namesrv/service/name_service.h"
#include "namesrv/service/published_table.h"
#include "namesrv/store/data_directory.h"
#include "namesrv/store/hard_state.h"
#include "namesrv/store/roster_store.h"
#include "wire/transport/loop.h"

namespace waypost::server {

// A nameserver process: the registry thread (whoever calls run()), the I/O
// threads, the worker threads, the data directory, and how they start and end.
class Server {
 public:
  Server(ServerSettings settings, base::Logger logger);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens the data directory and the listeners, and takes signals from then on.
  // What fails is told as what an operator can do about it.
  base::Status open();

  // Serves until SIGTERM or SIGINT, then drains and returns. `on_hangup` runs
  // for each SIGHUP.
  void run(std::function<void()> on_hangup);

 private:
  base::Result<std::vector<lifecycle::RosterEntry>> open_data_directory();
  base::Result<std::vector<store::Change>> kv_to_import() const;
  base::Status import_kv(const std::vector<store::Change>& changes,
                         store::HardState& state);
  base::Result<store::HardState> open_hard_state();
  void make_service(const std::vector<lifecycle::RosterEntry>& roster,
                    store::HardState hard_state);
  base::Status listen();
  base::Status listen_for_peers();
  std::uint64_t client_connections() const;

  // server_admin.cc
  admin_http::Snapshot snapshot() const;
  base::Status open_admin_port();
  void start_admin_port();
  void stop_admin_port();

  void open_service_port();
  base::Status write_address_file();
  base::Status write_address(const char* name,
                             const base::Endpoint& address) const;
  void after_input_processed(std::function<void()> done);
  void watch_signals();
  void on_stop_signal(const char* signal_name);
  void wait_for_clients();

  const ServerSettings settings_;
  const base::Logger logger_;
  std::unique_ptr<store::DataDirectory> data_directory_;
  std::unique_ptr<store::RosterStore> roster_store_;
  std::unique_ptr<store::HardStateStore> hard_state_store_;
  base::ByteBudget input_budget_;
  base::ByteBudget decode_budget_;
  service::PublishedTable table_;
  std::unique_ptr<transport::Loop> loop_;  // the registry thread's
  std::vector<std::unique_ptr<transport::Operation>> signals_;
  std::function<void()> on_hangup_;
  // Registry thread.
  std::unique_ptr<handlers::MinBrokerIdNotifier> min_id_notifier_;
  std::unique_ptr<service::NameService> service_;
  std::vector<std::unique_ptr<IoThread>> io_threads_;
  std::unique_ptr<WorkerPool> writer_;  // one thread: files, in order
  std::unique_ptr<WorkerPool> decoders_;

  std::unique_ptr<PartitionKeeper> partitions_;  // null: no peers
  std::unique_ptr<cluster::Lease> lease_;
  std::unique_ptr<ClusterNode> cluster_;  // null: no peers

  // Null: no admin port. Its threads ask for snapshots.
  std::unique_ptr<admin_http::Snapshots> snapshots_;
  std::unique_ptr<admin_http::HttpPort> admin_port_;

  // While draining.
  bool draining_ = false;
  base::Instant drain_deadline_;
  std::unique_ptr<base::Timer> drain_timer_;
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_SERVER_H_
