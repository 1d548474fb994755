#ifndef WAYPOST_NAMESRV_CLUSTER_PARTITION_DRIVER_H_
#define WAYPOST_NAMESRV_CLUSTER_PARTITION_DRIVER_H_

#include <functional>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/log.h"
#include "namesrv/cluster/peer_calls.h"
#include "namesrv/membership/membership.h"
#include "namesrv/partition/settings.h"

namespace waypost::cluster {

// What a driver may see and do; made by the keeper, which outlives it.
class PartitionActions {
 public:
  virtual ~PartitionActions() = default;

  virtual const membership::Membership& members() const = 0;
  // As the peer last told.
  virtual model::ServerState state_of(const model::PeerName& peer) const = 0;

  // Pausing by the partition policy, beside other reasons to be paused.
  virtual void pause(const std::string& reason) = 0;
  virtual void resume() = 0;
  virtual void begin_restart(const std::string& reason) = 0;
  // Takes the winner's configuration; `done` is called when it is ours or
  // cannot be had, not after end_restart().
  virtual void copy_configuration(const model::PeerName& winner,
                                  std::function<void()> done) = 0;
  virtual void end_restart(const model::PeerName& winner) = 0;
  // `why` is noted first.
  virtual void set_down(const model::PeerNames& names,
                        const std::string& why) = 0;
  // For the partition's record and the log.
  virtual void note(const std::string& action) = 0;

  virtual PeerCalls& calls() = 0;
  virtual std::uint64_t client_connections() const = 0;
  virtual base::Executor& executor() = 0;
  virtual const base::Logger& logger() const = 0;
};

// Performs one family of partition handling: feeds its pure decisions with what
// the keeper sees and does what they say. Keeper's thread.
class PartitionDriver {
 public:
  virtual ~PartitionDriver() = default;

  virtual void on_lost(const model::PeerName&) {}
  virtual void on_back(const model::PeerName&, bool /*same_life*/) {}
  // It stopped serving, or lives anew.
  virtual void on_stopped(const model::PeerName&) {}
  // It has restarted in process, with another's state.
  virtual void on_restarted(const model::PeerName&) {}
  virtual void on_partial(const model::PeerName& /*suspect*/,
                          const model::PeerName& /*via*/) {}
  virtual void on_heal(const model::PeerName& /*from*/,
                       const model::HealMessage&) {}
  virtual void on_own_gap(base::Duration) {}
  virtual void on_heard(const model::PeerName&) {}
  // Members, statuses, reachability or leadership may be others now.
  virtual void on_view_changed() {}
  virtual void on_tick() {}
  // We go on as a new life, or came up as one.
  virtual void on_new_life() {}
  virtual model::HealStatusReply heal_status() const { return {}; }
};

std::unique_ptr<PartitionDriver> make_pause_driver(
    const partition::Settings& settings, PartitionActions& actions);
// `lease` may be null for modes that need none.
std::unique_ptr<PartitionDriver> make_downing_driver(
    const partition::Settings& settings, PartitionActions& actions,
    Lease* lease);

}  // namespace waypost::cluster

#endif  // WAYPOST_NAMESRV_CLUSTER_PARTITION_DRIVER_H_
