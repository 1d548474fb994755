#ifndef WAYPOST_NAMESRV_PARTITION_SETTLED_MEMBERS_H_
#define WAYPOST_NAMESRV_PARTITION_SETTLED_MEMBERS_H_

#include <cstdint>
#include <map>

#include "wire/model/peer.h"

namespace waypost::partition {

// Which members count when a side of a cut is measured: those that all knew to
// be up at a moment when nobody was out of reach. One that came up later, while
// somebody could not be told of it, works but does not count: that somebody
// measures the sides without it, and both could take themselves for the one
// that stays. (Akka calls it weakly-up, and has its leader tell; ours come up
// by themselves, so each member finds out for itself.)
//
// A pure value, of one life of one member.
class SettledMembers {
 public:
  struct Up {
    std::uint64_t generation = 0;
    std::int64_t up_number = 0;
  };
  using UpMembers = std::map<model::PeerName, Up>;

  // `up` holds whoever is up, reachable or not; `agreed`: all members are
  // reachable and know the same of the membership.
  void look(const model::PeerName& self, const UpMembers& up, bool agreed);

  bool counts(const model::PeerName& name) const {
    return settled_.contains(name);
  }

 private:
  bool agreed_once_ = false;
  std::map<model::PeerName, std::uint64_t> settled_;  // generations
};

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_SETTLED_MEMBERS_H_
