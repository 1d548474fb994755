#ifndef WAYPOST_NAMESRV_PARTITION_POPULATION_H_
#define WAYPOST_NAMESRV_PARTITION_POPULATION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "namesrv/partition/downing_view.h"

namespace waypost::partition {

// Who is counted. The two switches make the counts for the second look of
// keep-majority and keep-oldest: what the other side may have changed without
// our knowledge.
struct Counting {
  std::string role;              // empty: all roles
  bool with_joining = false;     // joining and weakly-up may be up over there
  bool without_leaving = false;  // leaving may have left over there
};

// The counted members of a view, split by reachability. Of the own data center;
// exiting and down are never in it.
struct Population {
  std::vector<const Member*> members;  // lowest first
  std::vector<const Member*> reachable;
  std::vector<const Member*> unreachable;

  bool empty() const { return members.empty(); }
};

// The pointers are into `view`, which must outlive the result.
Population count(const DowningView& view, const Counting& counting);

bool is_unreachable(const DowningView& view, const Member& member);

// Lowest: by order, then name. Oldest: by up-number, then lowest. `members` is
// not empty.
const Member& lowest(const std::vector<const Member*>& members);
const Member& oldest(const std::vector<const Member*>& members);

// Who may be set to down: all but exiting and down; a role never narrows it.
model::PeerNames downable(const DowningView& view);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_POPULATION_H_
