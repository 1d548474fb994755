#ifndef WAYPOST_NAMESRV_REGISTRY_REGISTRY_IMPL_H_
#define WAYPOST_NAMESRV_REGISTRY_REGISTRY_IMPL_H_

// The inside of Registry, for its sources alone: registry.cc (events and the
// parts they share), registration.cc, remoting_registration.cc, presence.cc
// (what keeps a broker or takes it away), remoting_presence.cc, members.cc (who
// is the smallest of a group), topic_operations.cc, listings.cc, peers.cc
// (whom other nameservers hear).

#include <map>
#include <optional>
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
  RouteChanges take_changes() { return editor_.take_changes(); }
  model::Epoch largest_epoch(const model::BrokerKey& key) const;
  model::BrokerPage list_brokers(const model::PageRequest& page,
                                 base::Instant now) const;
  model::TopicPage list_topics(const model::PageRequest& page) const;
  void fill(model::ClusterView& view, base::Instant now) const;
  std::vector<Known> known_brokers() const;
  base::Duration smallest_expiry() const;
  std::optional<model::Holding> holding(const model::BrokerKey& key) const;
  std::optional<model::HeldRegistration> registration(
      const model::BrokerKey& key) const;
  std::vector<model::BrokerKey> held_brokers() const;
  std::size_t topics_to_change(const Register& event, std::size_t limit);

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
  Reply on(const BindingIdle& event, base::Instant now, Effects& effects);
  Reply on(const Scan& event, base::Instant now, Effects& effects);
  Reply on(const ClockGap& event, base::Instant now, Effects& effects);
  Reply on(const SettleGap& event, base::Instant now, Effects& effects);
  Reply on(const RegisterUnchanged& event, base::Instant now, Effects& effects);
  Reply on(const BrokerHeartbeat& event, base::Instant now, Effects& effects);
  Reply on(const QueryDataVersion& event, base::Instant now, Effects& effects);
  Reply on(const RemotingUnregister& event, base::Instant now,
           Effects& effects);
  Reply on(const ChangeWritePermission& event, base::Instant now,
           Effects& effects);
  Reply on(const OverridePermission& event, base::Instant now,
           Effects& effects);
  Reply on(const DeleteTopic& event, base::Instant now, Effects& effects);
  Reply on(const RegisterTopic& event, base::Instant now, Effects& effects);
  Reply on(const Retune& event, base::Instant now, Effects& effects);
  Reply on(const Sweep& event, base::Instant now, Effects& effects);
  Reply on(const Vouch& event, base::Instant now, Effects& effects);
  Reply on(const Bury& event, base::Instant now, Effects& effects);
  Reply on(const DropIndirect& event, base::Instant now, Effects& effects);

  // Registration, in its order: may it, what does it change, do it.
  base::Status admit(const Register& event, const Broker* known);
  base::Status admit_known(const Register& event, const Broker& known) const;
  base::Status admit_new(const Register& event, const Group* group) const;
  base::Status admit_growth(const Register& event,
                            const std::vector<TopicChange>& changes) const;
  std::vector<TopicChange> changes_of(const Register& event,
                                      const Broker* known) const;
  Broker& enter(const Register& event, base::Instant now, Effects& effects);
  void renew(Broker& broker, const Register& event, base::Instant now,
             Effects& effects);
  void take_topics(Broker& broker, const Register& event,
                   const std::vector<TopicChange>& changes, bool is_new,
                   Effects& effects);
  void note_topics(const Broker& broker,
                   const std::vector<TopicChange>& changes, Effects& effects);
  base::Duration expiry_of(const Register& event) const;

  // The same over remoting.
  struct RemotingPlan;
  Reply register_remoting(const Register& event, base::Instant now,
                          Effects& effects);
  bool yields_to_holder(const Register& event, const Broker& known) const;
  RemotingPlan plan(const Register& event, const Broker* known);
  bool brings_topics(const Register& event, const Group* group,
                     const RemotingPlan& plan) const;
  bool brings_another_version(const Register& event, const Broker* known) const;
  void renew_remoting(Broker& broker, const Register& event,
                      const RemotingPlan& plan);
  void leave_remoting(Broker& broker);
  void take_remoting_topics(Broker& broker, const Register& event,
                            const RemotingPlan& plan, bool is_new,
                            Effects& effects);
  void take_mappings(Group& group,
                     const std::vector<model::StaticTopicMapping>& mappings);
  void show_mappings(Group& group);
  RemotingRegisterReply remoting_reply(const Broker& broker) const;
  // By key, those that wrote their address so.
  std::vector<Broker*> find_remoting(const std::string& address) const;

  // Who was the smallest of a group before an event, if there was anybody.
  struct GroupBefore {
    std::optional<model::BrokerId> min_id;
    std::string address;
    std::string ha_address;
    friend bool operator==(const GroupBefore&, const GroupBefore&) = default;
  };
  GroupBefore look_at(const model::BrokerName& name);
  void note_members(Group& group, const GroupBefore& before, const Broker& came,
                    Effects& effects);
  void note_gone(Effects& effects);
  void note_min_id(const Group& group, std::optional<std::string> offline,
                   std::optional<std::string> ha, Effects& effects);
  // The next registrations of its brokers are to be parsed.
  void forget_bodies(Group& group);

  void take_away(Group& group, const model::TopicName& topic);
  void note_group(const model::ClusterName& cluster,
                  const model::BrokerName& name, std::string detail,
                  Effects& effects);

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
  // peers.cc
  void tell(const Broker& broker, HoldingChange::What what, Effects& effects);
  // It is not heard here any more: it stays while a peer vouches for it.
  void lose(Broker& broker, BrokerChange::What why, std::string detail,
            base::Instant now, Effects& effects);
  void make_indirect(Broker& broker, std::string detail, base::Instant now,
                     Effects& effects);
  void make_direct(Broker& broker, base::Instant now, Effects& effects);
  base::Status admit_adopted(const Register& event, const Broker* known) const;
  void lapse_verdicts(base::Instant now, Effects& effects);
  void expire(Broker& broker, base::Instant now, Effects& effects);
  void note_brake(const Liveness::Outcome& outcome, base::Instant now,
                  Effects& effects);
  void remove(Broker& broker, BrokerChange::What why, std::string detail,
              Effects& effects);
  // Who watches routes is to be told why it is not in them any more.
  void depart(const Broker& broker, model::DepartureReason reason,
              std::string detail);
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
  // Groups of which brokers have gone in this step, as they were before it.
  std::map<model::BrokerName, GroupBefore> gone_;
  // Operators' overrides, also of groups that are not there.
  std::map<model::BrokerName, model::Permission> permissions_;
  bool delete_topics_with_registration_ = false;
  // Whom reachable peers hear, also of those that are not here.
  std::set<model::BrokerKey> vouched_;
  std::size_t indirect_count_ = 0;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_REGISTRY_IMPL_H_
