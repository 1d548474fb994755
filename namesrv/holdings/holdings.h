#ifndef WAYPOST_NAMESRV_HOLDINGS_HOLDINGS_H_
#define WAYPOST_NAMESRV_HOLDINGS_HOLDINGS_H_

// Which nameserver hears which broker at first hand, and what follows for our
// own table: a broker that we do not hear stays, or comes, as long as a
// reachable peer does; one that unregistered in order is not brought back.
//
// Each nameserver is the only author of its own list; the others keep a copy of
// it and compare digests with every heartbeat. So nothing has to be merged, and
// nobody can keep alive what another only believes. (Rejected: one list that
// all edit, by topic. A broker's registration is what the registry takes and
// gives; a health or address change would touch all its topics' rows, and two
// nameservers could each take a broker's life from the other's belief.)

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "namesrv/holdings/holding_list.h"
#include "wire/model/holding.h"

namespace waypost::holdings {

struct HoldingsSettings {
  // How long an unregistered broker is told of.
  base::Duration tombstone = std::chrono::seconds(120);
  // Brokers asked for in one request.
  std::size_t content_batch = 50;
  // A request that is not answered is repeated.
  base::Duration answer_timeout = std::chrono::seconds(3);
  std::size_t brokers_max = 100'000;  // of one list
};

// --- What comes of an event ---

// Ask this peer what differs from `query`.
struct AskHoldings {
  model::PeerName peer;
  model::HoldingsQuery query;
};
// Ask this peer for the registrations of these brokers, and tell
// on_content() or on_content_failed().
struct AskContent {
  model::PeerName peer;
  std::vector<model::BrokerKey> brokers;
};
// Tell this to all reachable peers.
struct PushChange {
  model::HoldingsChange change;
};
// Whether somebody reachable hears the broker: it is not to be removed by a
// close or by silence of ours.
struct Vouch {
  model::BrokerKey broker;
  // Nobody any more. `released`: those who did say that it has gone; otherwise
  // they are out of reach, and the broker is to be given its expiry.
  bool vouched = true;
  bool released = false;
};
// It unregistered at a peer: remove it, unless what we hear is newer.
struct Bury {
  model::Holding tombstone;
};
using Effect = std::variant<AskHoldings, AskContent, PushChange, Vouch, Bury>;
using Effects = std::vector<Effect>;

// A pure value. Methods return what is to be done.
class Holdings {
 public:
  explicit Holdings(HoldingsSettings settings) : settings_(settings) {}

  // --- Our own registry ---

  // A broker registered here, or what it registered changed.
  Effects on_held(const model::Holding& holding, base::Instant now);
  // We do not hear it any more: closed, expired, replaced. Also of one that we
  // had from peers, when the registry lets it go.
  Effects on_released(const model::BrokerKey& broker, base::Instant now);
  // It unregistered here; `holding.unregistered` is set.
  Effects on_unregistered(const model::Holding& holding, base::Instant now);

  // --- Peers ---

  // With each heartbeat: by how much its civil time was ahead of ours when it
  // arrived, in ms; less than it is by as long as that took.
  void on_clock(const model::PeerName& peer, std::int64_t ahead_ms);
  // With each heartbeat of a reachable peer: the digest of its list.
  Effects on_digest(const model::PeerName& peer, const model::SetDigest& digest,
                    base::Instant now);
  Effects on_page(const model::PeerName& peer, const model::HoldingsPage& page,
                  base::Instant now);
  // The question got lost: asked again with the next heartbeat.
  void on_query_failed(const model::PeerName& peer);
  Effects on_change(const model::PeerName& peer,
                    const model::HoldingsChange& change, base::Instant now);
  // The peer sent the registration of a broker, in this content. `taken`: the
  // registry has it now; otherwise it had something newer, or no use for it.
  Effects on_content(const model::PeerName& peer,
                     const model::BrokerKey& broker,
                     const model::Digest& content, bool taken,
                     base::Instant now);
  Effects on_content_failed(const model::PeerName& peer,
                            const std::vector<model::BrokerKey>& brokers,
                            base::Instant now);
  // Out of reach: what it held is not vouched for any more, but kept in mind.
  Effects on_lost(const model::PeerName& peer, base::Instant now);
  // Forgotten or set to down: nothing of it counts.
  Effects on_gone(const model::PeerName& peer, base::Instant now);

  Effects on_tick(base::Instant now);

  // Our answer to a peer's query, in pages of at most `page_max` holdings.
  std::vector<model::HoldingsPage> answer(const model::HoldingsQuery& query,
                                          std::size_t page_max) const;

  const HoldingList& own() const { return own_; }
  // Who reachable hears the broker, ourselves aside.
  model::PeerNames vouched_by(const model::BrokerKey& broker) const;
  // Whether all that the peer holds is ours too: its list as it last told, and
  // the content of every broker in it that we had to take from it.
  bool complete(const model::PeerName& peer) const;
  // Brokers on the peer's list as known here.
  std::size_t holdings_of(const model::PeerName& peer) const;

 private:
  struct Peer {
    bool reachable = false;
    // The last ones told. The largest is the nearest: each lacks its own delay.
    std::deque<std::int64_t> ahead_ms;
    HoldingList list;
    std::optional<model::SetDigest> told;  // its own digest, last heard
    std::optional<base::Instant> asked;    // for its list, unanswered since
    std::set<model::BrokerKey> wanted;     // content to be asked for
    std::map<model::BrokerKey, base::Instant> fetching;
  };

  // As stamped by our clock. What its author made by a clock that was set since
  // is off by as much; a tombstone for as long as it is told of.
  static model::Holding by_our_clock(const Peer& peer, model::Holding holding);
  void replace_buckets(Peer& peer, const model::PeerName& name,
                       const model::HoldingsPage& page);
  void take(const model::PeerName& name, Peer& peer,
            const model::Holding& holding);
  void lose(const model::PeerName& name, Peer& peer,
            const model::BrokerKey& broker);
  void want(const model::BrokerKey& broker, base::Instant now);
  void want_if_needed(Peer& peer, const model::Holding& holding);
  void ask_if_different(const model::PeerName& name, Peer& peer,
                        base::Instant now);
  void fetch(const model::PeerName& name, Peer& peer, base::Instant now);
  void vouch(const model::PeerName& name, const model::BrokerKey& broker);
  void unvouch(const model::PeerName& name, const model::BrokerKey& broker,
               bool released);
  void push(model::HoldingsChange change);
  Effects take_effects() { return std::exchange(effects_, {}); }

  HoldingsSettings settings_;
  HoldingList own_;
  std::map<model::BrokerKey, base::Instant> tombstones_;  // in own_: until
  std::map<model::PeerName, Peer> peers_;
  // Who vouches for each broker, reachable peers only.
  std::map<model::BrokerKey, model::PeerNames> vouchers_;
  // What peers have given us.
  std::map<model::BrokerKey, model::Digest> adopted_;
  Effects effects_;
};

}  // namespace waypost::holdings

#endif  // WAYPOST_NAMESRV_HOLDINGS_HOLDINGS_H_
