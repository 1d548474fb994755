#ifndef WAYPOST_NAMESRV_CLUSTER_CLUSTER_KEEPER_H_
#define WAYPOST_NAMESRV_CLUSTER_CLUSTER_KEEPER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "namesrv/cluster/configuration_copy.h"
#include "namesrv/cluster/holdings_keeper.h"
#include "namesrv/cluster/partition_driver.h"
#include "namesrv/cluster/peer_calls.h"
#include "namesrv/membership/membership.h"
#include "namesrv/membership/partition_history.h"
#include "namesrv/partition/netsplit_gate.h"
#include "namesrv/partition/settings.h"
#include "wire/model/cluster.h"

namespace waypost::cluster {

struct ClusterSettings {
  membership::MembershipSettings membership;
  partition::Settings partition;
  std::vector<base::Endpoint> peers;
};

struct ClusterShell {
  base::Executor* executor = nullptr;
  // CLOCK_BOOTTIME, to notice our own sleep.
  std::function<base::Duration()> boot_time;
  PeerCalls* calls = nullptr;
  ServiceControl* service = nullptr;
  TableControl* table = nullptr;
  Lease* lease = nullptr;  // null unless the mode needs one
  // Keeps, over restarts, that this nameserver was set to down and which
  // members were not; none: it is up again. Null: it is not kept. What was kept
  // comes back as MembershipSettings::down_before.
  std::function<void(std::optional<model::PeerNames>)> keep_down;
  membership::KeptPartitions kept_partitions;
  // Keeps the history, when its version has grown; called each second and
  // whenever somebody waits. `kept`, which may be null, is called once, on the
  // executor or from inside, when what is in it is where it survives. Null: it
  // is not kept.
  using Kept = std::function<void(base::Status)>;
  std::function<void(const membership::PartitionHistory&, Kept kept)>
      keep_partitions;
  base::Logger logger;
};

// A nameserver's part in its group: sends and answers heartbeats, follows who
// is there, handles partitions as configured, records them, and tells
// operators. One thread, that of its executor.
class ClusterKeeper : private PartitionActions, private PeerObserver {
 public:
  ClusterKeeper(ClusterSettings settings, model::PeerInfo self,
                ClusterShell shell);
  ~ClusterKeeper() override;
  ClusterKeeper(const ClusterKeeper&) = delete;
  ClusterKeeper& operator=(const ClusterKeeper&) = delete;

  void start();
  // Says that we leave, in the next heartbeat to everybody, which goes out now.
  void leave();
  void stop();

  // --- From peers ---

  model::PeerHeartbeat on_heartbeat(const model::PeerHeartbeat& heartbeat);
  // `answer` is called once, perhaps from inside.
  void on_probe(const model::PeerProbe& probe,
                std::function<void(bool)> answer);
  void on_heal(const model::PeerName& from, const model::HealMessage& message);
  model::HealStatusReply on_heal_status() const;

  std::vector<model::HoldingsPage> on_holdings_query(
      const model::HoldingsQuery& query) const {
    return holdings_.answer(query);
  }
  void on_holdings_change(const model::PeerName& from,
                          const model::HoldingsChange& change);

  // --- From operators ---

  model::ClusterMembers show() const;
  // This nameserver and all others that were not forgotten, by name.
  std::vector<model::NameserverAddresses> addresses() const;
  model::PartitionList partitions() const;
  // How many records went. `kept` is called once, perhaps from inside, when
  // they are gone from the disk too, or with what prevented that.
  std::size_t clear_partitions(std::function<void(base::Status)> kept = {});
  // kNotFound: nobody is known by that name; kConflict: it is ourselves.
  base::Result<bool> forget(const model::PeerName& name, bool forgotten);
  void set_peers(std::vector<base::Endpoint> peers);

  const membership::Membership& members() const override { return membership_; }
  const partition::Readiness& readiness() const { return readiness_; }

 private:
  // PartitionActions.
  model::ServerState state_of(const model::PeerName& peer) const override;
  void pause(const std::string& reason) override;
  void resume() override;
  void begin_restart(const std::string& reason) override;
  void copy_configuration(const model::PeerName& winner,
                          std::function<void()> done) override;
  void end_restart(const model::PeerName& winner) override;
  void set_down(const model::PeerNames& names, const std::string& why) override;
  void note(const std::string& action) override;
  PeerCalls& calls() override { return *shell_.calls; }
  std::uint64_t client_connections() const override {
    return shell_.service->client_connections();
  }
  base::Executor& executor() override { return *shell_.executor; }
  const base::Logger& logger() const override { return logger_; }

  // PeerObserver.
  void on_answer(const model::PeerHeartbeat& heartbeat,
                 const base::Endpoint& dialed) override;
  void on_no_answer(const base::Endpoint& dialed) override;
  void on_link_closed(const model::PeerName& peer) override;

  // Why the service is paused, when it is; several reasons may hold at once.
  enum class PauseCause { kForgotten, kDown, kPolicy };
  void hold(PauseCause cause, const std::string& reason);
  void hold_as_down();
  void let_go(PauseCause cause);

  void tick();
  void notice_gap();
  void beat();
  void step(const membership::Event& event);
  void perform(const membership::Effect& effect);
  void hear(const model::PeerHeartbeat& heartbeat,
            const std::optional<base::Endpoint>& dialed);
  model::PeerHeartbeat own_heartbeat() const;
  void mistrust(const std::string& why);
  void follow_holdings(const model::PeerHeartbeat& heartbeat);
  // Whether what we waited for is here, at start and after a gap.
  void check_copies();
  bool nobody_has_more() const;
  // Whether we had lost it as well: nothing one-sided about it then.
  bool lost_lately(const model::PeerName& peer) const;
  void note_observers();
  // Up, and the others had time to be heard.
  bool settled() const;
  void note_never_heard();
  void tell_missing();
  void check_readiness();
  void warn_of_settings();
  void keep_history(std::function<void(base::Status)> kept = {});
  base::Instant now() const { return shell_.executor->now(); }

  const ClusterSettings settings_;
  const ClusterShell shell_;
  const base::Logger logger_;
  membership::Membership membership_;
  membership::PartitionHistory history_;
  partition::Readiness readiness_;
  std::unique_ptr<PartitionDriver> driver_;
  HoldingsKeeper holdings_;
  std::uint32_t restarts_ = 0;  // by autoheal, in process
  std::unique_ptr<ConfigurationCopy> copy_;
  std::uint64_t copies_ = 0;  // made so far
  bool copying_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<PauseCause, std::string> pause_reasons_;
  struct Told {
    model::ServerState state = model::ServerState::kStarting;
    std::string reason;
    base::Instant at{};
    std::uint32_t restarts = 0;
  };
  std::map<model::PeerName, Told> told_;
  std::vector<std::string> warnings_;
  std::optional<base::Duration> last_boot_time_;
  std::unique_ptr<base::Timer> timer_;
  bool view_changed_ = false;
  bool deciding_ = false;  // we set somebody to down just now
  base::Instant started_{};
  bool looked_for_silent_ = false;
  model::PeerNames missing_told_;  // in the log
  // Since when a copy is waited for; what was heard before does not end it.
  std::optional<base::Instant> resyncing_since_;
  std::optional<base::Instant> copying_since_;
};

}  // namespace waypost::cluster

#endif  // WAYPOST_NAMESRV_CLUSTER_CLUSTER_KEEPER_H_
