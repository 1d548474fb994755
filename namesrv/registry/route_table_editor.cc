#include "namesrv/registry/route_table_editor.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace waypost::registry {
namespace {

bool shows_the_same(const BrokerGroup& a, const BrokerGroup& b) {
  return a.cluster == b.cluster && a.broker_name == b.broker_name &&
         a.replicas == b.replicas && a.hidden == b.hidden &&
         a.write_dropped == b.write_dropped && a.permission == b.permission &&
         a.enable_acting_master == b.enable_acting_master &&
         a.other_clusters == b.other_clusters &&
         a.address_texts == b.address_texts &&
         a.filter_servers == b.filter_servers && a.mappings == b.mappings;
}

}  // namespace

std::uint64_t RouteTableEditor::touch() {
  if (!changed_) ++table_.version_;
  changed_ = true;
  return table_.version_;
}

std::uint64_t RouteTableEditor::touch_groups() {
  table_.groups_version_ = touch();
  return table_.groups_version_;
}

GroupSlot RouteTableEditor::add_group(BrokerGroup group) {
  GroupSlot slot = next_slot_;
  if (free_slots_.empty()) {
    ++next_slot_;
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  group.version = touch_groups();
  const std::uint64_t hash = model::hash_bytes(group.broker_name.value());
  table_.group_names_.insert({group.broker_name, hash, slot});
  table_.groups_.set(slot, std::move(group));
  changes_.add_group(slot);
  return slot;
}

void RouteTableEditor::set_group(GroupSlot slot, BrokerGroup group) {
  if (shows_the_same(*table_.group(slot), group)) return;
  group.version = touch_groups();
  table_.groups_.set(slot, std::move(group));
  changes_.add_group(slot);
}

void RouteTableEditor::remove_group(GroupSlot slot) {
  touch_groups();
  changes_.add_group(slot);
  const model::BrokerName& name = table_.group(slot)->broker_name;
  table_.group_names_.erase(name.value(), model::hash_bytes(name.value()));
  free_slot(slot);
}

void RouteTableEditor::retire_group(GroupSlot slot) {
  BrokerGroup gone;
  gone.broker_name = table_.group(slot)->broker_name;
  gone.version = touch_groups();
  const std::string& name = gone.broker_name.value();
  table_.group_names_.erase(name, model::hash_bytes(name));
  table_.groups_.set(slot, std::move(gone));
  changes_.add_group(slot);
  ++table_.gone_groups_;
}

void RouteTableEditor::remove_gone_group(GroupSlot gone) {
  --table_.gone_groups_;
  free_slot(gone);
}

void RouteTableEditor::free_slot(GroupSlot slot) {
  table_.groups_.erase(slot);
  free_slots_.push_back(slot);
}

// Where the group is among the members, or where it belongs. They are by broker
// name; a group that is gone may have a name that another one has taken.
std::size_t RouteTableEditor::place_of(const std::vector<TopicMember>& members,
                                       GroupSlot group) const {
  const model::BrokerName& name = table_.group(group)->broker_name;
  auto place = std::lower_bound(
      members.begin(), members.end(), name,
      [this](const TopicMember& member, const model::BrokerName& wanted) {
        return table_.group(member.group)->broker_name < wanted;
      });
  while (place != members.end() && place->group != group &&
         table_.group(place->group)->broker_name == name) {
    ++place;
  }
  return static_cast<std::size_t>(place - members.begin());
}

void RouteTableEditor::set_member(const InternedName* topic, GroupSlot group,
                                  const model::QueueData& queues) {
  TopicEntry* entry = table_.topics_.edit(topic->text(), topic->hash);
  if (entry == nullptr) {
    entry = table_.topics_.insert(
        TopicEntry{topic->name, topic->hash, {}, touch()});
    names_.retain(topic);
    index_.set(topic);
  }
  std::vector<TopicMember>& members = entry->members;
  const std::size_t at = place_of(members, group);
  if (at < members.size() && members[at].group == group) {
    if (members[at].queues == queues) return;
    members[at].queues = queues;
  } else {
    members.insert(members.begin() + static_cast<std::ptrdiff_t>(at),
                   TopicMember{group, queues});
  }
  entry->version = touch();
  changes_.add_topic(topic->hash);
}

void RouteTableEditor::remove_member(const InternedName* topic,
                                     GroupSlot group) {
  const TopicEntry* found = table_.topics_.find(topic->text(), topic->hash);
  WAYPOST_ASSERT(found != nullptr);
  const std::size_t at = place_of(found->members, group);
  WAYPOST_ASSERT(at < found->members.size() &&
                 found->members[at].group == group);
  changes_.add_topic(topic->hash);
  const std::uint64_t version = touch();
  if (found->members.size() == 1) {
    remove_topic(topic);
    return;
  }
  TopicEntry* entry = table_.topics_.edit(topic->text(), topic->hash);
  entry->members.erase(entry->members.begin() +
                       static_cast<std::ptrdiff_t>(at));
  entry->version = version;
}

void RouteTableEditor::forget_member(const InternedName* topic,
                                     GroupSlot gone) {
  TopicEntry* entry = table_.topics_.edit(topic->text(), topic->hash);
  WAYPOST_ASSERT(entry != nullptr);
  const std::size_t at = place_of(entry->members, gone);
  WAYPOST_ASSERT(at < entry->members.size() &&
                 entry->members[at].group == gone);
  if (entry->members.size() == 1) {
    remove_topic(topic);
    return;
  }
  // The route is the same as when the group was retired, and so is its stamp.
  entry->version = std::max(entry->version, table_.group(gone)->version);
  entry->members.erase(entry->members.begin() +
                       static_cast<std::ptrdiff_t>(at));
}

void RouteTableEditor::remove_topic(const InternedName* topic) {
  table_.topics_.erase(topic->text(), topic->hash);
  index_.erase(topic->text());
  names_.release(topic);
}

}  // namespace waypost::registry
