// Who is the smallest of a group, its master if there is one, and who has to
// know when that is somebody else.

#include <utility>

#include "namesrv/registry/registry_impl.h"

namespace waypost::registry {

Registry::Impl::GroupBefore Registry::Impl::look_at(
    const model::BrokerName& name) {
  GroupBefore before;
  const Group* group = directory_.find_group(name);
  if (group == nullptr || group->replicas.empty()) return before;
  const Broker& smallest = *group->replicas[0];
  before.min_id = smallest.key.broker_id;
  before.address = smallest.address_text();
  if (smallest.remoting != nullptr) {
    before.ha_address = smallest.remoting->ha_address;
  }
  return before;
}

void Registry::Impl::note_members(Group& group, const GroupBefore& before,
                                  const Broker& came, Effects& effects) {
  if (before != look_at(group.name)) forget_bodies(group);
  if (!before.min_id || came.key.broker_id >= *before.min_id) return;
  std::optional<std::string> ha;
  if (came.remoting != nullptr && !came.remoting->ha_address.empty()) {
    ha = came.remoting->ha_address;
  }
  note_min_id(group, std::nullopt, std::move(ha), effects);
}

// One word for each group, however many of it went in one event.
void Registry::Impl::note_gone(Effects& effects) {
  for (const auto& [name, before] : gone_) {
    Group* group = directory_.find_group(name);
    if (group == nullptr) continue;
    const GroupBefore now = look_at(name);
    if (before != now) forget_bodies(*group);
    if (before.min_id == now.min_id || !group->enables_acting_master()) {
      continue;
    }
    note_min_id(*group, before.address, std::nullopt, effects);
  }
  gone_.clear();
}

// When a broker came, those that were there before are told, when one went,
// all that are left: RouteInfoManager.chooseBrokerAddrsToNotify of 5.x.
void Registry::Impl::note_min_id(const Group& group,
                                 std::optional<std::string> offline,
                                 std::optional<std::string> ha,
                                 Effects& effects) {
  const Broker& smallest = *group.replicas[0];
  MinBrokerIdChange change;
  change.broker_name = group.name;
  change.min_id = smallest.key.broker_id;
  change.min_address = smallest.address_text();
  change.offline_address = std::move(offline);
  change.ha_address = std::move(ha);
  const bool tell_all = change.offline_address || group.replicas.size() == 1;
  for (const Broker* broker : group.replicas) {
    if (broker->remoting == nullptr) continue;
    if (broker == &smallest && !tell_all) continue;
    change.notify.push_back(broker->remoting->address);
  }
  if (!change.notify.empty()) effects.min_id_changes.push_back(change);
}

void Registry::Impl::forget_bodies(Group& group) {
  for (Broker* broker : group.replicas) {
    if (broker->remoting != nullptr) broker->remoting->body = {};
  }
}

}  // namespace waypost::registry
