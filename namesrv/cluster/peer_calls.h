#ifndef WAYPOST_NAMESRV_CLUSTER_PEER_CALLS_H_
#define WAYPOST_NAMESRV_CLUSTER_PEER_CALLS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "namesrv/partition/netsplit_gate.h"
#include "wire/model/administration.h"
#include "wire/model/held_registration.h"
#include "wire/model/operations.h"
#include "wire/model/peer_messages.h"

namespace waypost::cluster {

// What is heard from peers, on the keeper's thread, never inside a call.
class PeerObserver {
 public:
  virtual ~PeerObserver() = default;

  // A peer's answer to our heartbeat, from this address.
  virtual void on_answer(const model::PeerHeartbeat& heartbeat,
                         const base::Endpoint& dialed) = 0;
  // Nobody answered at an address.
  virtual void on_no_answer(const base::Endpoint& dialed) = 0;
  // The last connection with the peer was closed by its side: it stopped, or
  // its process died. Silence is not told.
  virtual void on_link_closed(const model::PeerName& peer) = 0;
};

// How the keeper reaches other nameservers; TCP connections in production and
// in simulation. Callbacks come on the keeper's thread, each exactly once,
// never inside the call; none after the object's end.
class PeerCalls {
 public:
  virtual ~PeerCalls() = default;

  virtual void set_observer(PeerObserver* observer) = 0;

  // Where a peer is to be called: a name, once it is known, and addresses to
  // try one after another.
  struct Target {
    std::optional<model::PeerName> name;
    std::vector<base::Endpoint> addresses;
  };
  // Sends the heartbeat to all of them; whoever is no target any more is
  // disconnected.
  virtual void beat(const std::vector<Target>& targets,
                    const model::PeerHeartbeat& heartbeat) = 0;

  // To peers that have answered a heartbeat; kUnavailable to others.
  virtual void probe(const model::PeerName& to, const model::PeerProbe& probe,
                     std::function<void(base::Result<bool>)> on_answer) = 0;
  virtual void heal(const model::PeerName& to,
                    const model::HealMessage& message) = 0;
  virtual void heal_status(
      const model::PeerName& to,
      std::function<void(base::Result<model::HealStatusReply>)> on_answer) = 0;

  // `on_page` is called for each page of the answer, or once with an error.
  virtual void ask_holdings(
      const model::PeerName& to, const model::HoldingsQuery& query,
      std::function<void(base::Result<model::HoldingsPage>)> on_page) = 0;
  virtual void push_holdings(const model::PeerName& to,
                             const model::HoldingsChange& change) = 0;
  // `on_part` is called for each registration, and then with none or an error.
  using RegistrationPart = std::optional<model::HeldRegistration>;
  virtual void ask_registrations(
      const model::PeerName& to, const model::ContentQuery& query,
      std::function<void(base::Result<RegistrationPart>)> on_part) = 0;

  // One page of what operators have configured at a peer.
  virtual void ask_kv(
      const model::PeerName& to, const model::KvListRequest& request,
      std::function<void(base::Result<model::KvPage>)> on_page) = 0;
  virtual void ask_overrides(
      const model::PeerName& to, const model::PageRequest& request,
      std::function<void(base::Result<model::OverridePage>)> on_page) = 0;

  // Closes all connections with the peer and makes and takes none for a while.
  virtual void disconnect(const model::PeerName& peer,
                          base::Duration stay_off) = 0;
};

// All that operators have configured at a peer.
struct PeerConfiguration {
  std::vector<model::KvEntry> kv;
  std::vector<model::PermissionOverride> overrides;
};

// What the keeper may do to the name service around it.
class ServiceControl {
 public:
  virtual ~ServiceControl() = default;

  // Closes the service port and its connections, freezes the registry; the
  // closes remove no broker. The latest reason is the one that shows. Never
  // called twice without resume() between, but with another reason.
  virtual void pause(const std::string& reason) = 0;
  // Opens it again; stamps restart from now.
  virtual void resume() = 0;
  // Route queries wait until end_restart(); connections and what their brokers
  // registered stay. What peers told goes.
  virtual void begin_restart(const std::string& reason) = 0;
  // Ours becomes this, in one step and on the disk, but for what has been
  // changed here since begin_restart(). `done` is called once, on this thread,
  // with how much that was or with why nothing was.
  virtual void take_configuration(
      const PeerConfiguration& configuration,
      std::function<void(base::Result<std::size_t>)> done) = 0;
  virtual void end_restart(const model::PeerName& winner) = 0;
  // A peer had written us off, or we did not run, and one that serves is
  // reachable: reads wait until its copy is here.
  virtual void start_resync(const std::string& reason) = 0;
  virtual void on_resynced() = 0;
  // A start waits for a peer's copy, for a bounded time; see
  // lifecycle::Lifecycle.
  virtual void start_copying() = 0;
  virtual void end_copying(bool copied) = 0;
  // Whether all members are fine, looked at each second and on every change.
  virtual void set_readiness(const partition::Readiness& readiness) = 0;

  virtual model::ServerState state() const = 0;
  virtual std::string state_reason() const = 0;
  virtual std::uint64_t client_connections() const = 0;
};

// What the cluster does to the table of brokers, and asks of it.
class TableControl {
 public:
  virtual ~TableControl() = default;

  enum class Change : std::uint8_t { kHeld, kReleased, kUnregistered };
  // Tells what changes by the brokers' own doing, from inside of what caused
  // it, the calls below included.
  using Listener = std::function<void(
      Change change, const model::BrokerKey& broker, model::Epoch epoch)>;
  virtual void set_listener(Listener listener) = 0;

  // Of a broker that is registered here itself; the stamp is left open.
  virtual std::optional<model::Holding> holding(
      const model::BrokerKey& broker) const = 0;
  virtual std::vector<model::BrokerKey> held_brokers() const = 0;

  virtual void vouch(const model::BrokerKey& broker, bool vouched,
                     bool released) = 0;
  virtual void bury(const model::BrokerKey& broker, model::Epoch epoch) = 0;
  // False when the table has something newer, or no use for it.
  virtual bool adopt(model::HeldRegistration registration) = 0;
};

// Mutual exclusion between nameservers, for lease-majority. Callbacks come on
// the keeper's thread, never inside the call.
class Lease {
 public:
  virtual ~Lease() = default;

  using Done = std::function<void(bool)>;
  // True: ours from now on, until release() or the loss of whatever keeps it.
  // A failure of any kind is false.
  virtual void acquire(Done done) = 0;
  virtual void release(Done done) = 0;
  // As far as is known without asking.
  virtual bool held() const = 0;
  // Who had it when acquire() was refused last, as lease_owner() names it.
  // Empty: unknown.
  virtual std::string holder() const { return {}; }
  // Why it could not be acquired now, found out ahead of need, in words for the
  // operator. Empty: no reason is known.
  virtual std::string trouble() const { return {}; }
};

// The name of a nameserver's process as that of a lease's owner: a restarted
// one must not take what an earlier one had for its own.
inline std::string lease_owner(const std::string& name,
                               model::Incarnation incarnation) {
  return name + "/" + std::to_string(incarnation.value());
}

}  // namespace waypost::cluster

#endif  // WAYPOST_NAMESRV_CLUSTER_PEER_CALLS_H_
