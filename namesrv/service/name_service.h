#ifndef WAYPOST_NAMESRV_SERVICE_NAME_SERVICE_H_
#define WAYPOST_NAMESRV_SERVICE_NAME_SERVICE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "namesrv/lifecycle/lifecycle.h"
#include "namesrv/partition/netsplit_gate.h"
#include "namesrv/registry/registry.h"
#include "namesrv/service/hard_state_keeper.h"
#include "namesrv/service/published_table.h"
#include "namesrv/service/route_feed.h"
#include "namesrv/service/write_queue.h"

namespace waypost::service {

struct NameServiceSettings {
  std::string server_name = "namesrv";
  std::string server_version;
  model::Incarnation incarnation;  // drawn at random for each process
  base::Duration scan_interval = std::chrono::seconds(10);
  // How often the roster is written when nothing but the time changed in it.
  base::Duration roster_interval = std::chrono::seconds(30);
  registry::RegistrySettings registry;
  lifecycle::LifecycleSettings lifecycle;
  WriteQueue::Limits queue;
  RemotingSettings remoting;
  store::HardStateLimits hard_state;
};

// What the service needs of the process around it; the simulator has its own.
struct NameServiceShell {
  // The registry thread.
  base::Executor* executor = nullptr;
  // CLOCK_BOOTTIME, to notice our own sleep.
  std::function<base::Duration()> boot_time;
  // Keeps the roster, on whatever thread it likes; never called again before
  // it has returned. Null: nothing is kept.
  std::function<void(std::vector<lifecycle::RosterEntry>)> save_roster;
  // Where hard state is kept and what is there; null: in memory alone. Its
  // calls are made through `run_on_store_thread`, one after another.
  store::HardStateStore* hard_state_store = nullptr;
  store::HardState hard_state;
  std::function<void(std::function<void()>)> run_on_store_thread;
  // 905, to be sent to brokers; called on the registry thread. Null: not sent.
  std::function<void(const registry::MinBrokerIdChange&)> notify_min_broker_id;
  // Calls back on the registry thread after every I/O loop has gone through its
  // waiting input once. Null: at once.
  std::function<void(std::function<void()>)> after_input_processed;
  base::Logger logger;
};

// The nameserver's state and why, as readers see it.
struct StateView {
  model::ServerState state = model::ServerState::kStarting;
  std::string reason;
};

// The nameserver without its protocols: one method for each operation. It owns
// the registry and the lifecycle, feeds them on the registry thread, performs
// their effects (publishing, logging, keeping the roster), and answers.
//
// Threads: write(), look() and the methods marked so may be called from any
// thread; start(), stop() and everything inside on the registry thread.
// Replies come on the registry thread, after publication: who is told that a
// broker is registered finds it in the next query, at any loop.
class NameService {
 public:
  NameService(NameServiceSettings settings, NameServiceShell shell,
              PublishedTable& table,
              const std::vector<lifecycle::RosterEntry>& roster);
  ~NameService();
  NameService(const NameService&) = delete;
  NameService& operator=(const NameService&) = delete;

  // When it is known only after listening. Before start() and any other thread.
  void set_server_name(std::string name) {
    settings_.server_name = std::move(name);
  }

  // Publishes the table with what was stored, before it returns, and starts
  // scanning: readers begin after this. Registry thread.
  void start();
  // Keeps the roster a last time; no callback comes after it. Registry thread.
  void stop();

  // --- From any thread ---

  // Feeds an event to the registry. `on_reply` gets its reply, or kBusy when
  // too much is waiting (then from inside this call).
  void write(registry::Event event, ReplyCallback on_reply);

  // Runs `look` on the registry thread, between events: for listings. kBusy,
  // and not run, when too much is waiting.
  using Look = std::function<void(const registry::Registry&, base::Instant)>;
  base::Status look(Look look);

  // A number for a connection that is about to register brokers.
  model::BindingId new_binding() {
    return model::BindingId(next_binding_.fetch_add(1) + 1);
  }
  // The same, for a connection that is to be closed when its last broker has
  // expired: `close` is then called, once, on the registry thread. The
  // connection's BindingClosed, which must come in any case, drops it.
  model::BindingId new_binding(std::function<void()> close);

  // Changes hard state: an entry of the key-value configuration, a permission
  // override. `done` is called on the registry thread when the change is on
  // the disk and readers see it, or with what prevented that: kTooLarge and
  // kInvalidArgument by the limits, kInternal by the disk, kBusy when too much
  // waits (then from inside this call).
  using Done = std::function<void(base::Status)>;
  void change_state(store::Change change, Done done);
  // All of them at once, or none.
  void change_state_together(std::vector<store::Change> changes, Done done);

  // `change` is applied to the settings in force, on the registry thread;
  // `done` is called there when the outcome is.
  void change_remoting_settings(std::function<void(RemotingSettings&)> change,
                                Done done);

  // Hands the current table to `take`, on the registry thread; the lease may be
  // carried to any thread, held as long as a walk over all topics takes, and
  // must be dropped before the service ends. kBusy as look().
  using TableLease = std::shared_ptr<const registry::RouteTable>;
  base::Status lease_table(std::function<void(TableLease)> take);

  // Which routes change, for who pushes them; everything, when route queries
  // begin to be answered.
  RouteFeed& route_feed() { return route_feed_; }

  model::Incarnation incarnation() const { return settings_.incarnation; }
  model::ServerState state() const {
    return state_.load(std::memory_order_acquire);
  }
  StateView state_view() const;
  // False: route queries get not_ready().
  bool answers_routes() const {
    return answers_routes_.load(std::memory_order_acquire);
  }
  base::Error not_ready() const;
  // False while the operation is refused for a netsplit: then gate_refusal().
  bool gate_open(partition::Operation operation) const {
    return (closed_gates_.load(std::memory_order_acquire) &
            (1U << static_cast<unsigned>(operation))) == 0;
  }
  base::Error gate_refusal(partition::Operation operation) const;
  // Route queries are answered; so may be pushed what changes.
  bool tells_routes() const {
    return answers_routes() && gate_open(partition::Operation::kQuery);
  }
  const NameServiceSettings& settings() const { return settings_; }

  // --- Registry thread ---

  // Everything of the cluster view but the registry's own counts.
  model::ClusterView server_view() const;

  // The whole cluster view.
  model::ClusterView view() const;

  // A partition policy or an operator stops service here: queries are answered
  // not-ready, the registry is frozen and nobody is removed. Again with another
  // reason: that one shows. Ports and connections are the caller's.
  void pause(std::string reason);
  // Stamps go on from now.
  void resume();
  // Queries are answered not-ready until resume() or start_resync(), but
  // connections and what their brokers say stay.
  void restart(std::string reason);
  // What a netsplit lets through (partition::gate_open).
  void set_gates(const partition::GateSettings& settings,
                 const partition::Readiness& readiness);
  // Peers may know what this nameserver missed: reads wait until on_resynced(),
  // for five seconds at most, and nobody is removed meanwhile.
  void start_resync(std::string reason);
  void on_resynced();
  // As Lifecycle's.
  void start_copying();
  void end_copying(bool copied);

  // What peers say of brokers; not while paused. Readers see it soon.
  registry::Reply apply_from_peers(const registry::Event& event);
  // Told, from inside of what caused it, whenever peers may have to know.
  void set_holding_listener(
      std::function<void(const registry::HoldingChange&)> listener) {
    holding_listener_ = std::move(listener);
  }
  const registry::Registry& registry() const { return registry_; }
  // What is on the disk and shown to readers.
  const HardStateKeeper::State& hard_state() const { return applied_state_; }
  // Where the nameservers of the group are, for the cluster view; null: this
  // one knows no others. Called on the registry thread.
  void set_nameservers(
      std::function<std::vector<model::NameserverAddresses>()> nameservers) {
    nameservers_ = std::move(nameservers);
  }

  // Says good-bye: the state becomes draining, and closed connections remove
  // nobody any more.
  void start_draining(std::string reason);

 private:
  void enqueue_wakeup(WriteQueue::Pushed pushed);
  void drain_queue();
  void perform(Write& write);
  void apply(const registry::Event& event, const ReplyCallback& on_reply);
  registry::Effects step(const registry::Event& event);
  bool hold_back(const registry::Event& event);
  void tick();
  void scan(base::Instant now);
  void notice_gap();
  void publish_state();
  void publish_table();
  void sweep_soon();
  void sweep();
  void log_change(const registry::BrokerChange& change) const;
  void keep_roster();

  // registrations.cc
  void perform_registrations();
  std::size_t perform_some(Write& write);
  bool take_part(registry::Event& event, const ReplyCallback& on_reply);

  // peers_state.cc
  bool refuse_while_paused(const registry::Event& event,
                           const ReplyCallback& on_reply);
  bool frozen() const { return paused_at_ && !restarting_; }
  std::function<void(const registry::HoldingChange&)> holding_listener_;
  std::function<std::vector<model::NameserverAddresses>()> nameservers_;
  bool publishing_ = false;  // publish_table() is on its way
  std::optional<base::Instant> paused_at_;
  bool restarting_ = false;

  // configuration.cc
  bool run_soon(std::function<void()> work);
  void take_state(HardStateKeeper::State state,
                  std::vector<std::function<void()>> replies);
  void override_permissions(const store::HardState& before,
                            const store::HardState& now);
  void note_order(const store::KvTable& before, const store::KvTable& now);
  void lapse_overrides();
  void apply(const RemotingSettings& settings);
  void close_expired(const std::vector<model::BindingId>& bindings);
  void drop_returned_leases();

  NameServiceSettings settings_;  // constant after start(), but `remoting`
  const NameServiceShell shell_;
  const base::Logger logger_;
  PublishedTable& table_;

  // Any thread.
  RouteFeed route_feed_;
  WriteQueue queue_;
  std::atomic<std::uint64_t> next_binding_{0};
  std::mutex closers_mutex_;
  std::unordered_map<model::BindingId, std::function<void()>>
      closers_;  // guarded by closers_mutex_
  // Tables that other threads have done with. Their nodes are the registry
  // thread's to count and free.
  struct ReturnedLeases {
    std::mutex mutex;
    std::vector<std::unique_ptr<const registry::RouteTable>> tables;
  };
  const std::shared_ptr<ReturnedLeases> returned_leases_;
  std::atomic<model::ServerState> state_{model::ServerState::kStarting};
  std::atomic<bool> answers_routes_{false};
  std::atomic<unsigned> closed_gates_{0};  // a bit for each operation
  mutable std::mutex state_view_mutex_;
  StateView state_view_;            // guarded by state_view_mutex_
  partition::Readiness readiness_;  // guarded by state_view_mutex_

  // Registry thread.
  registry::Registry registry_;
  lifecycle::Lifecycle lifecycle_;
  bool resynced_ = false;  // from a serving peer, while recovering
  std::unique_ptr<base::Timer> tick_timer_;
  base::Instant started_;
  base::Instant last_turn_;
  base::Instant next_scan_;
  base::Instant next_look_;
  base::Instant next_roster_;
  HardStateKeeper state_keeper_;
  HardStateKeeper::State applied_state_;  // that the registry knows
  std::uint64_t settings_version_ = 0;
  // Taken from the queue and not yet performed.
  static constexpr std::size_t kRegistrationsAtWork = 16;
  std::deque<Write> registrations_;
  // Of the first of them, where it is performed in parts.
  std::optional<std::size_t> next_topic_;
  bool lapsing_ = false;
  bool sweep_wanted_ = false;  // by the registry
  bool sweeping_ = false;      // sweep() is on its way
  bool table_changed_ = false;
  bool settings_changed_ = false;         // `remoting` or the hard state
  registry::RouteChanges order_changes_;  // not yet published
  bool roster_changed_ = false;
  bool stopped_ = false;
  // Replies of the batch in progress, given after it is published.
  std::vector<std::pair<ReplyCallback, registry::Reply>> replies_;
  std::vector<std::function<void()>> other_replies_;
  // Bindings whose close overtook registrations that still wait: those must
  // not come to life. Emptied when no registration waits.
  std::unordered_set<model::BindingId> closed_bindings_;
  // What the roster said at start; kept while starting.
  std::vector<lifecycle::RosterEntry> inherited_roster_;
  // Lets callbacks that outlive the service find out.
  std::shared_ptr<NameService*> self_;
};

}  // namespace waypost::service

#endif  // WAYPOST_NAMESRV_SERVICE_NAME_SERVICE_H_
