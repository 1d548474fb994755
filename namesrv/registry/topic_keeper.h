#ifndef WAYPOST_NAMESRV_REGISTRY_TOPIC_KEEPER_H_
#define WAYPOST_NAMESRV_REGISTRY_TOPIC_KEEPER_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "namesrv/registry/broker.h"
#include "namesrv/registry/route_table_editor.h"
#include "namesrv/registry/topic_list.h"
#include "namesrv/registry/topic_names.h"

namespace waypost::registry {

// Keeps the lists of topics that brokers and groups have, and the table's
// topics equal to those of each group's source (see Group), with what lies over
// their permissions. Touches only the topics that differ.
class TopicKeeper {
 public:
  // A group with more topics than `swept_above` is swept out.
  TopicKeeper(TopicNames& names, RouteTableEditor& editor,
              std::size_t swept_above)
      : names_(names), editor_(editor), swept_above_(swept_above) {}

  // Topic-broker pairs in all, with those that are still to be swept.
  std::size_t pair_count() const { return pairs_; }

  // `list` is the group's or one of its replicas', `changes` are against it.
  // The group is in the table.
  void apply(Group& group, TopicList& list,
             const std::vector<TopicChange>& changes);

  // The broker has left its group: the next source's topics take the place of
  // its own.
  void drop(Broker& broker);
  // The broker was the last of its group, which leaves the table: at once with
  // all its topics when they are few, else at once out of the routes, and its
  // topics with sweep().
  void drop_last(Broker& broker);
  // Takes up to `topics_max` topics of brokers that are gone.
  void sweep(std::size_t topics_max);
  bool has_to_sweep() const { return !gone_.empty(); }
  // A replica of the group may be of another origin than before: lists that
  // belong to nobody any more go.
  void settle(Group& group);

  // Changes the permission that is shown of all topics of the group; their
  // number.
  std::size_t change_permission(Group& group,
                                ChangeWritePermission::Change change);
  // A registration into `list` has brought topics, null: all of them, anew:
  // their registered permission is shown again.
  void bring_anew(Group& group, const TopicList& list,
                  const std::vector<model::TopicConfig>* topics);

 private:
  void apply_one(Group& group, TopicList& list, const TopicChange& change,
                 bool shown);
  void choose_source(Group& group);
  void show_instead(Group& group, const TopicList& before,
                    const TopicList& after);
  void show(const Group& group, const HeldTopic& held);
  void hide(Group& group, const InternedName* topic);
  void release(TopicList& list);

  // A list that is nobody's any more.
  struct Gone {
    TopicList topics;
    std::optional<GroupSlot> slot;  // of the group that showed it
  };
  void bury(TopicList& list, std::optional<GroupSlot> slot);
  void sweep(Gone& gone, std::size_t& topics_left);

  TopicNames& names_;
  RouteTableEditor& editor_;
  const std::size_t swept_above_;
  std::size_t pairs_ = 0;
  std::deque<Gone> gone_;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_TOPIC_KEEPER_H_
