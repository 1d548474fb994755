#ifndef WAYPOST_NAMESRV_CLUSTER_HOLDINGS_KEEPER_H_
#define WAYPOST_NAMESRV_CLUSTER_HOLDINGS_KEEPER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "namesrv/cluster/peer_calls.h"
#include "namesrv/holdings/change_batch.h"
#include "namesrv/holdings/holdings.h"

namespace waypost::cluster {

// Keeps the tables of a group alike: performs what holdings::Holdings decides,
// between the table and the peers. Keeper's thread.
class HoldingsKeeper {
 public:
  // `on_progress` is called when something from a peer has been taken.
  HoldingsKeeper(base::Executor& executor, PeerCalls& calls,
                 TableControl& table, std::function<void()> on_progress,
                 base::Logger logger);
  ~HoldingsKeeper();
  HoldingsKeeper(const HoldingsKeeper&) = delete;
  HoldingsKeeper& operator=(const HoldingsKeeper&) = delete;

  // What is said of our own list.
  const model::SetDigest& digest() const { return holdings_.own().digest(); }
  std::vector<model::HoldingsPage> answer(
      const model::HoldingsQuery& query) const;

  // With each heartbeat of a peer that is reachable and not paused.
  // `sent_at_ms`: the peer's civil time, 0: unknown.
  void on_heartbeat(const model::PeerName& peer, const model::SetDigest& digest,
                    std::int64_t sent_at_ms);
  void on_change(const model::PeerName& peer,
                 const model::HoldingsChange& change);
  // Out of reach, or paused: it vouches for nobody.
  void on_lost(const model::PeerName& peer);
  // Set to down or forgotten.
  void on_gone(const model::PeerName& peer);
  void on_tick();

  bool complete(const model::PeerName& peer) const {
    return holdings_.complete(peer);
  }
  // For how long the peer's list and what is known of it here have differed.
  std::optional<base::Duration> diverges_for(const model::PeerName& peer) const;
  std::size_t holdings_of(const model::PeerName& peer) const {
    return holdings_.holdings_of(peer);
  }

 private:
  void on_table_change(TableControl::Change change,
                       const model::BrokerKey& broker, model::Epoch epoch);
  std::int64_t stamp_after(const model::BrokerKey& broker) const;
  std::int64_t civil_ms() const;
  void perform(holdings::Effects effects);
  void push_what_is_due();
  void ask(holdings::AskHoldings ask);
  void ask(holdings::AskContent ask);
  base::Instant now() const { return executor_.now(); }

  base::Executor& executor_;
  PeerCalls& calls_;
  TableControl& table_;
  const std::function<void()> on_progress_;
  const base::Logger logger_;
  holdings::Holdings holdings_;
  holdings::ChangeBatch changes_;
  std::unique_ptr<base::Timer> push_timer_;  // while changes wait
  model::PeerNames reachable_;
  struct Divergence {
    base::Instant since;
    bool told = false;
  };
  std::map<model::PeerName, Divergence> divergences_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace waypost::cluster

#endif  // WAYPOST_NAMESRV_CLUSTER_HOLDINGS_KEEPER_H_
