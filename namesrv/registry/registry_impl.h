#ifndef WAYPOST_NAMESRV_REGISTRY_REGISTRY_IMPL_H_
#define WAYPOST_NAMESRV_REGISTRY_REGISTRY_IMPL_H_

// The inside of Registry, for its sources alone: registry.cc (events and the
// parts they share), registration.cc, presence.cc (what keeps a broker or takes
// it away), listings.cc.

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "namesrv/registry/awake_clock.h"
#include "namesrv/registry/broker_directory.h"
#include "namesrv/registry/epoch_memory.h"
#include "namesrv/registry/liveness.h"
#include "namesrv/registry/registry.h"
#include "namesrv/registry/route_table_editor.h"
#include "namesrv/registry/topic_keeper.h"
#include "namesrv/registry/topic_names.h"

namespace waypost::registry {

class Registry::Impl {
 public:
  explicit Impl(RegistrySettings settings);

  Effects step(const Event& event, base::Instant now);

  const RouteTable& table() const { return editor_.table(); }
  model::Epoch largest_epoch(const model::BrokerKey& key) const;
  model::BrokerPage list_brokers(const model::PageRequest& page,
                                 base::Instant now) const;
  model::TopicPage list_topics(const model::PageRequest& page) const;
  void fill(model::ClusterView& view, base::Instant now) const;
  std::vector<Known> known_brokers() const;
  base::Duration smallest_expiry() const;

 private:
  // One for each event. `now` and all stamps are awake time; `effects` collects
  // what the event does besides its reply.
  Reply on(const Register& event, base::Instant now, Effects& effects);
  Reply on(const Heartbeat& event, base::Instant now, Effects& effects);
  Reply on(const Verdict& event, base::Instant now, Effects& effects);
  Reply on(const Observe& event, base::Instant now, Effects& effects);
  Reply on(const Unregister& event, base::Instant now, Effects& effects);
  Reply on(const Handover& event, base::Instant now, Effects& effects);
  Reply on(const BindingClosed& event, base::Instant now, Effects& effects);
  Reply on(const Scan& event, base::Instant now, Effects& effects);
  Reply on(const ClockGap& event, base::Instant now, Effects& effects);
  Reply on(const auto& event, base::Instant now, Effects& effects);

  // Registration, in its order: may it, what does it change, do it.
  base::Status admit(const Register& event, const Broker* known);
  base::Status admit_known(const Register& event, const Broker& known) const;
  base::Status admit_new(const Register& event, const Group* group) const;
  base::Status admit_growth(const Register& event,
                            const std::vector<TopicChange>& changes) const;
  std::vector<TopicChange> changes_of(const Register& event,
                                      const Broker* known) const;
  Broker& enter(const Register& event, base::Instant now);
  void renew(Broker& broker, const Register& event, base::Instant now,
             Effects& effects);
  void take_topics(Broker& broker, const Register& event,
                   const std::vector<TopicChange>& changes, bool is_new,
                   Effects& effects);
  base::Duration expiry_of(const Register& event) const;

  // The broker if that binding and epoch hold its registration, else null.
  Broker* holder(const model::BrokerKey& key, model::Epoch epoch,
                 model::BindingId binding);
  void heard(Broker& broker, base::Instant now, Effects& effects);
  // Replaces one verdict on the broker; tells when its health is another then.
  void judge(Broker& broker, HealthVerdict Broker::*which,
             HealthVerdict verdict, Effects& effects);
  void forget_observed(Broker& broker);
  void observe(Broker& broker, HealthVerdict verdict,
               base::Duration lapses_after, model::BindingId by,
               base::Instant now, Effects& effects);
  void lapse_verdicts(base::Instant now, Effects& effects);
  void expire(Broker& broker, base::Instant now, Effects& effects);
  void note_brake(const Liveness::Outcome& outcome, base::Instant now,
                  Effects& effects);
  void remove(Broker& broker, BrokerChange::What why, std::string detail,
              Effects& effects);
  void note(const Broker& broker, BrokerChange::What what, std::string detail,
            Effects& effects);

  // The group's replicas are to be shown anew when the event is done.
  void touch(Group& group);
  void show_touched();

  model::BrokerListing listing_of(const Broker& broker,
                                  base::Instant now) const;
  std::uint32_t page_limit(std::uint32_t asked) const;

  const RegistrySettings settings_;
  AwakeClock clock_;
  TopicNames names_;
  RouteTableEditor editor_;
  TopicKeeper topics_;
  BrokerDirectory directory_;
  Liveness liveness_;
  EpochMemory epochs_;
  // When observers' verdicts lapse.
  std::set<std::pair<base::Instant, Liveness::Id>> lapses_;
  std::vector<Group*> touched_;
  std::uint32_t unhealthy_count_ = 0;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_REGISTRY_IMPL_H_
