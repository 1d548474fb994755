#ifndef WAYPOST_NAMESRV_REGISTRY_TOPIC_KEEPER_H_
#define WAYPOST_NAMESRV_REGISTRY_TOPIC_KEEPER_H_

#include <cstddef>
#include <vector>

#include "namesrv/registry/broker.h"
#include "namesrv/registry/route_table_editor.h"
#include "namesrv/registry/topic_list.h"
#include "namesrv/registry/topic_names.h"

namespace waypost::registry {

// Keeps each broker's topics, and the table's topics equal to those of each
// group's source (the replica with the lowest id that has any). Touches only
// the topics that differ.
class TopicKeeper {
 public:
  TopicKeeper(TopicNames& names, RouteTableEditor& editor)
      : names_(names), editor_(editor) {}

  // Topic-broker pairs in all.
  std::size_t pair_count() const { return pairs_; }

  // `changes` are against the broker's present topics. Its group is in the
  // table.
  void apply(Broker& broker, const std::vector<TopicChange>& changes);

  // The broker has left its group: the next source's topics take the place of
  // its own.
  void drop(Broker& broker);

 private:
  void apply_one(Broker& broker, const TopicChange& change, bool shown);
  void choose_source(Group& group);
  void show_instead(const TopicList& before, const TopicList& after,
                    GroupSlot slot);

  TopicNames& names_;
  RouteTableEditor& editor_;
  std::size_t pairs_ = 0;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_TOPIC_KEEPER_H_
