#ifndef WAYPOST_NAMESRV_REGISTRY_ROUTE_TABLE_EDITOR_H_
#define WAYPOST_NAMESRV_REGISTRY_ROUTE_TABLE_EDITOR_H_

#include <string_view>
#include <utility>
#include <vector>

#include "namesrv/registry/route_changes.h"
#include "namesrv/registry/route_table.h"
#include "namesrv/registry/sorted_chunks.h"
#include "namesrv/registry/topic_names.h"

namespace waypost::registry {

struct InternedNameKey {
  static std::string_view key(const InternedName* name) { return name->text(); }
};
// The names of the topics that somebody serves, in order: for listings.
using TopicIndex = SortedChunks<const InternedName*, InternedNameKey>;

// The only writer of a RouteTable. All edits from one begin() to the next carry
// one version, so that they are published as one change. Registry thread only.
class RouteTableEditor {
 public:
  // `names` must outlive the editor.
  explicit RouteTableEditor(TopicNames& names) : names_(names) {}

  const RouteTable& table() const { return table_; }
  const TopicIndex& index() const { return index_; }

  void begin() { changed_ = false; }
  // Whether there was an edit since begin().
  bool changed() const { return changed_; }

  // What the edits since the last call have changed.
  RouteChanges take_changes() { return std::exchange(changes_, {}); }
  // To be told with the edits that it explains.
  void note_departure(GroupSlot slot, model::Departure departure) {
    changes_.add_departure({slot, std::move(departure)});
  }

  GroupSlot add_group(BrokerGroup group);
  // Puts `group` in place of what is there, unless they show the same.
  void set_group(GroupSlot slot, BrokerGroup group);
  // REQUIRES: no topic has it as a member.
  void remove_group(GroupSlot slot);
  // Takes the group out of all routes at once, while its topics still have it
  // as a member; forget_member() takes it from each of them, unseen, and
  // remove_gone_group() ends that.
  void retire_group(GroupSlot slot);
  void forget_member(const InternedName* topic, GroupSlot gone);
  // REQUIRES: no topic has it as a member.
  void remove_gone_group(GroupSlot gone);

  // Makes the group a member of the topic with these queues. A topic comes with
  // its first member and goes with its last.
  void set_member(const InternedName* topic, GroupSlot group,
                  const model::QueueData& queues);
  void remove_member(const InternedName* topic, GroupSlot group);

 private:
  std::uint64_t touch();
  std::uint64_t touch_groups();
  std::size_t place_of(const std::vector<TopicMember>& members,
                       GroupSlot group) const;
  void remove_topic(const InternedName* topic);
  void free_slot(GroupSlot slot);

  TopicNames& names_;
  RouteTable table_;
  TopicIndex index_;
  std::vector<GroupSlot> free_slots_;
  GroupSlot next_slot_ = 0;
  bool changed_ = false;
  RouteChanges changes_;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_ROUTE_TABLE_EDITOR_H_
