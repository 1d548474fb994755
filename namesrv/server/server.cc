#include "namesrv/server/server.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/random.h"
#include "namesrv/server/kv_import.h"
#include "namesrv/server/make_lease.h"
#include "namesrv/store/down_file.h"
#include "namesrv/store/sqlite_state_store.h"
#include "wire/transport/port_reservation.h"

namespace waypost::server {
namespace {

// How often a draining nameserver looks whether its clients have left.
constexpr base::Duration kDrainLook = std::chrono::milliseconds(50);

ServerSettings with_incarnation(ServerSettings settings) {
  // 0 stands for "none".
  settings.service.incarnation = model::Incarnation(base::entropy_seed() | 1U);
  return settings;
}

}  // namespace

Server::Server(ServerSettings settings, base::Logger logger)
    : settings_(with_incarnation(std::move(settings))),
      logger_(logger),
      input_budget_(settings_.input_budget_bytes),
      decode_budget_(settings_.input_budget_bytes),
      table_(static_cast<std::size_t>(settings_.io_threads)),
      loop_(transport::Loop::create()) {}

Server::~Server() = default;

base::Status Server::open() {
  auto roster = open_data_directory();
  if (!roster) return tl::unexpected(roster.error());
  auto hard_state = open_hard_state();
  if (!hard_state) return tl::unexpected(hard_state.error());
  writer_ = std::make_unique<WorkerPool>(1);
  decoders_ = std::make_unique<WorkerPool>(
      static_cast<std::size_t>(settings_.decode_threads));
  make_service(*roster, std::move(*hard_state));
  if (auto listening = listen(); !listening) return listening;
  if (auto listening = listen_for_peers(); !listening) return listening;
  if (auto listening = open_admin_port(); !listening) return listening;
  watch_signals();
  return write_address_file();
}

// Before anybody is told that there is somebody to signal: what comes earlier
// than the loop's first turn waits for it.
void Server::watch_signals() {
  signals_.push_back(
      loop_->on_signal(SIGTERM, [this] { on_stop_signal("SIGTERM"); }));
  signals_.push_back(
      loop_->on_signal(SIGINT, [this] { on_stop_signal("SIGINT"); }));
  signals_.push_back(loop_->on_signal(SIGHUP, [this] { on_hangup_(); }));
}

base::Result<std::vector<lifecycle::RosterEntry>>
Server::open_data_directory() {
  auto directory = store::DataDirectory::open(settings_.data_dir);
  if (!directory) return tl::unexpected(directory.error());
  data_directory_ = std::move(*directory);
  roster_store_ = store::make_file_roster_store(settings_.data_dir);
  auto roster = roster_store_->load();
  if (!roster) {
    // Not knowing whom to wait for is no reason not to serve.
    logger_.error(
        "the roster of known brokers cannot be read; starting "
        "without it",
        {{"why", roster.error().to_string()}});
    return std::vector<lifecycle::RosterEntry>{};
  }
  return roster;
}

// RocketMQ's configuration is taken over once, into a fresh directory: what is
// changed here later must not come back as it was.
base::Result<std::vector<store::Change>> Server::kv_to_import() const {
  if (settings_.kv_import_file.empty()) return std::vector<store::Change>{};
  if (std::filesystem::exists(settings_.data_dir + "/state.db")) {
    logger_.info(
        "key-value configuration of RocketMQ not read: the data directory has "
        "its own",
        {{"file", settings_.kv_import_file}});
    return std::vector<store::Change>{};
  }
  auto changes = read_kv_config(settings_.kv_import_file);
  if (!changes && changes.error().code == base::ErrorCode::kNotFound) {
    logger_.warn("there is no key-value configuration of RocketMQ to take over",
                 {{"why", changes.error().to_string()}});
    return std::vector<store::Change>{};
  }
  if (!changes) return changes;
  store::HardState tried;
  for (const store::Change& change : *changes) {
    auto fits = store::check(tried, change, settings_.service.hard_state);
    if (!fits) return tl::unexpected(fits.error());
    store::apply(tried, change);
  }
  return changes;
}

base::Status Server::import_kv(const std::vector<store::Change>& changes,
                               store::HardState& state) {
  if (changes.empty()) return {};
  if (auto kept = hard_state_store_->commit(changes); !kept) return kept;
  for (const store::Change& change : changes) store::apply(state, change);
  logger_.info("key-value configuration of RocketMQ taken over",
               {{"file", settings_.kv_import_file},
                {"entries", state.kv.entry_count()}});
  return {};
}

base::Result<store::HardState> Server::open_hard_state() {
  const auto imported = kv_to_import();
  if (!imported) return tl::unexpected(imported.error());
  hard_state_store_ = store::make_sqlite_state_store(settings_.data_dir);
  auto state = hard_state_store_->load();
  if (state) {
    if (auto done = import_kv(*imported, *state); !done) {
      return tl::unexpected(done.error());
    }
  }
  if (state || state.error().code != base::ErrorCode::kMalformed) return state;
  // Without configuration routes are as good as before.
  logger_.error("configuration and permission overrides are lost here",
                {{"why", state.error().to_string()}});
  return store::HardState{};
}

void Server::make_service(const std::vector<lifecycle::RosterEntry>& roster,
                          store::HardState hard_state) {
  service::NameServiceShell shell;
  shell.executor = loop_.get();
  shell.boot_time = [this] { return loop_->boot_time(); };
  shell.save_roster = [this](std::vector<lifecycle::RosterEntry> entries) {
    writer_->post([this, entries = std::move(entries)] {
      if (auto saved = roster_store_->save(entries); !saved) {
        logger_.error("the roster of known brokers cannot be written",
                      {{"why", saved.error().to_string()}});
      }
    });
  };
  shell.hard_state_store = hard_state_store_.get();
  shell.hard_state = std::move(hard_state);
  shell.run_on_store_thread = [this](std::function<void()> work) {
    writer_->post(std::move(work));
  };
  min_id_notifier_ = std::make_unique<handlers::MinBrokerIdNotifier>(
      *loop_, loop_->network(),
      logger_.for_component(base::LogComponent::kService));
  shell.notify_min_broker_id =
      [this](const registry::MinBrokerIdChange& change) {
        min_id_notifier_->notify(change);
      };
  shell.after_input_processed = [this](std::function<void()> done) {
    after_input_processed(std::move(done));
  };
  shell.logger = logger_;
  service_ = std::make_unique<service::NameService>(
      settings_.service, std::move(shell), table_, roster);
}

base::Status Server::listen() {
  // The I/O threads share the port, with nobody else.
  const auto port = transport::PortReservation::take(settings_.listen);
  if (!port) return tl::unexpected(port.error());
  const base::Endpoint& endpoint = port->endpoint();
  for (std::int64_t i = 0; i < settings_.io_threads; ++i) {
    io_threads_.push_back(std::make_unique<IoThread>(
        static_cast<std::size_t>(i), settings_,
        ServicePort::Shared{*service_, table_, input_budget_, decode_budget_,
                            [this](std::function<void()> task) {
                              decoders_->post(std::move(task));
                            },
                            logger_}));
    if (auto listening = io_threads_.back()->listen(endpoint); !listening) {
      return listening;
    }
  }
  if (settings_.name.empty()) service_->set_server_name(endpoint.to_string());
  return {};
}

base::Status Server::listen_for_peers() {
  if (!settings_.cluster.listen_at) return {};
  ClusterNode::Shell shell;
  shell.executor = loop_.get();
  shell.network = &loop_->network();
  shell.service = service_.get();
  shell.boot_time = [this] { return loop_->boot_time(); };
  shell.close_service_port = [this] {
    for (auto& io : io_threads_) io->pause();
  };
  shell.open_service_port = [this] { open_service_port(); };
  shell.client_connections = [this] { return client_connections(); };
  shell.service_address = io_threads_.front()->local();
  lease_ = make_lease(
      settings_, *loop_, loop_->network(),
      [this] { return loop_->boot_time(); }, logger_);
  shell.lease = lease_.get();
  auto down = store::load_down(settings_.data_dir);
  if (down) {
    shell.kept_down = std::move(*down);
  } else {
    logger_.error("this nameserver was set to down, as far as can be read",
                  {{"why", down.error().to_string()}});
    shell.kept_down.emplace();
  }
  shell.keep_down = [this](std::optional<model::PeerNames> left_behind) {
    writer_->post([this, left_behind = std::move(left_behind)] {
      if (auto kept = store::save_down(settings_.data_dir, left_behind);
          !kept) {
        logger_.error("that this nameserver was set to down cannot be kept",
                      {{"why", kept.error().to_string()}});
      }
    });
  };
  partitions_ = std::make_unique<PartitionKeeper>(
      store::make_sqlite_partition_store(settings_.data_dir),
      PartitionKeeper::Shell{
          loop_.get(),
          [this](std::function<void()> work) {
            writer_->post(std::move(work));
          },
          logger_.for_component(base::LogComponent::kCluster)});
  shell.kept_partitions = partitions_->load();
  shell.keep_partitions = [this](const membership::PartitionHistory& history,
                                 PartitionKeeper::Kept kept) {
    partitions_->keep(history, std::move(kept));
  };
  shell.logger = logger_;
  cluster_ = std::make_unique<ClusterNode>(settings_, std::move(shell));
  return cluster_->listen();
}

std::uint64_t Server::client_connections() const {
  std::uint64_t count = 0;
  for (const auto& io : io_threads_) count += io->connection_count();
  return count;
}

// Whoever took the port meanwhile will give it back, or an operator will see
// this.
void Server::open_service_port() {
  for (auto& io : io_threads_) {
    io->resume([this](const base::Status& listening) {
      if (listening) return;
      logger_.error("the service port cannot be opened again",
                    {{"why", listening.error().to_string()}});
    });
  }
}

// For scripts that asked for a free port, which wait for the last of these.
base::Status Server::write_address_file() {
  if (admin_port_ != nullptr) {
    auto written = write_address("admin-address", admin_port_->local());
    if (!written) return written;
  }
  if (cluster_ != nullptr) {
    auto written = write_address("cluster-address", cluster_->local());
    if (!written) return written;
  }
  return write_address("address", io_threads_.front()->local());
}

base::Status Server::write_address(const char* name,
                                   const base::Endpoint& address) const {
  const std::string path = settings_.data_dir + "/" + name;
  const std::string part = path + ".part";
  std::ofstream file(part);
  file << address.to_string() << '\n';
  file.close();
  if (file.fail() || std::rename(part.c_str(), path.c_str()) != 0) {
    return base::fail(base::ErrorCode::kInternal, "cannot write " + path,
                      "check the directory's permissions and free space");
  }
  return {};
}

void Server::run(std::function<void()> on_hangup) {
  // First what is stored, then who answers from it: otherwise the first
  // question finds an empty table, or does not wait for a peer's copy.
  service_->start();
  if (cluster_ != nullptr) cluster_->start();
  for (auto& io : io_threads_) io->start();
  start_admin_port();
  logger_.info("listening",
               {{"address", io_threads_.front()->local().to_string()},
                {"name", service_->settings().server_name},
                {"data_dir", settings_.data_dir},
                {"io_threads", settings_.io_threads}});
  on_hangup_ = std::move(on_hangup);
  loop_->run();
  drain_timer_.reset();
  stop_admin_port();
  if (cluster_ != nullptr) cluster_->stop();
  service_->stop();
  for (auto& io : io_threads_) io->stop();
  writer_.reset();  // the last roster is on disk after this
  decoders_.reset();
  cluster_.reset();
  logger_.info("stopped");
}

void Server::after_input_processed(std::function<void()> done) {
  auto left = std::make_shared<std::size_t>(io_threads_.size());
  for (auto& io : io_threads_) {
    io->after_input_processed([this, left, done] {
      loop_->post([left, done] {
        if (--*left == 0) done();
      });
    });
  }
}

void Server::on_stop_signal(const char* signal_name) {
  if (std::exchange(draining_, true)) {
    logger_.warn("stopping at once", {{"signal", signal_name}});
    loop_->stop();
    return;
  }
  logger_.info(
      "draining: telling clients to move on; a second signal stops "
      "at once",
      {{"signal", signal_name}});
  service_->start_draining(std::string("stopped by ") + signal_name);
  if (cluster_ != nullptr) cluster_->leave();
  for (auto& io : io_threads_) io->drain("this nameserver is stopping");
  drain_deadline_ = loop_->now() + settings_.drain_max_wait;
  wait_for_clients();
}

void Server::wait_for_clients() {
  auto left = std::make_shared<std::size_t>(io_threads_.size());
  auto clients = std::make_shared<std::size_t>(0);
  for (auto& io : io_threads_) {
    io->count_clients([this, left, clients](std::size_t count) {
      loop_->post([this, left, clients, count] {
        *clients += count;
        if (--*left > 0) return;
        if (*clients == 0 || loop_->now() >= drain_deadline_) {
          logger_.info("drained", {{"clients_left", *clients}});
          loop_->stop();
          return;
        }
        drain_timer_ =
            loop_->run_after(kDrainLook, [this] { wait_for_clients(); });
      });
    });
  }
}

}  // namespace waypost::server
