#ifndef WAYPOST_NAMESRV_REGISTRY_REGISTRY_H_
#define WAYPOST_NAMESRV_REGISTRY_REGISTRY_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "namesrv/registry/events.h"
#include "namesrv/registry/route_changes.h"
#include "namesrv/registry/route_table.h"
#include "wire/model/held_registration.h"
#include "wire/model/holding.h"
#include "wire/model/operations.h"

namespace waypost::registry {

struct RegistrySettings {
  base::Duration broker_expiry = std::chrono::seconds(120);  // remoting
  base::Duration agent_expiry = std::chrono::seconds(120);   // native
  // A broker may bring its own expiry within these.
  base::Duration expiry_min = std::chrono::seconds(1);
  base::Duration expiry_max = std::chrono::hours(1);
  base::Duration suspect_after = std::chrono::seconds(5);  // native; 0: never
  bool expiry_brake = true;
  // An observer's verdict without its own time lapses after three of the
  // default probe intervals.
  base::Duration observed_lapse = std::chrono::seconds(3);
  base::Duration handover_grace_max = std::chrono::minutes(5);
  std::size_t topics_max = 10'000'000;  // topic-broker pairs in all
  std::size_t brokers_max = 100'000;
  std::size_t replicas_max = 64;  // of one group
  // The topics of a group that goes are taken out of the table at once when
  // they are at most so many, else piece by piece (Sweep).
  std::size_t swept_above = 512;
  std::size_t epochs_remembered = 100'000;  // of brokers that are gone
  bool tells_holdings = false;              // there are peers
  std::uint32_t page_default = 1000;
  std::uint32_t page_max = 10'000;
};

// Who serves what: clusters, broker groups, topics, liveness. A pure value:
// `step(event, now)` is its only way to change, `now` never goes back, and it
// does nothing but compute. One thread; the tables it hands out may be read by
// others (see RouteTable).
class Registry {
 public:
  explicit Registry(RegistrySettings settings);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Effects step(const Event& event, base::Instant now);

  // The current table. The next step() may edit it in place: to keep or publish
  // a version, copy it, which costs a few instructions and shares everything.
  const RouteTable& table() const;

  // Which routes the steps since the last call may have changed. To be taken
  // with each table that is published.
  RouteChanges take_changes();

  // Largest epoch seen for a broker, also of one that is gone (for a while).
  model::Epoch largest_epoch(const model::BrokerKey& broker) const;

  // In the order of names (and ids); the cost is the page's. A token that was
  // not ours gives some page.
  model::BrokerPage list_brokers(const model::PageRequest& page,
                                 base::Instant now) const;
  model::TopicPage list_topics(const model::PageRequest& page) const;
  // Counts and the brake; the server's own fields are the service's to fill.
  void fill(model::ClusterView& view, base::Instant now) const;

  // Everybody who is registered, for the roster: identity and last heard.
  struct Known {
    model::ClusterName cluster;
    model::BrokerKey broker;
    base::Instant heard;
    base::Duration expiry;
  };
  std::vector<Known> known_brokers() const;

  // What a peer is to be told of a broker that is registered here and not
  // indirect: its epoch and a digest of all that it registered (the stamp is
  // the caller's), and the registration itself.
  std::optional<model::Holding> holding(const model::BrokerKey& broker) const;
  std::optional<model::HeldRegistration> registration(
      const model::BrokerKey& broker) const;
  std::vector<model::BrokerKey> held_brokers() const;

  // How many topics the registration would add or change, at most: where it
  // has more than `limit` topics, these are compared with what is held, up to
  // one more than `limit`.
  std::size_t topics_to_change(const Register& event, std::size_t limit);

  // The smallest expiry of a registered broker, the settings' while there is
  // none: what a gap in our own running is measured against.
  base::Duration smallest_expiry() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_REGISTRY_H_
