#include "namesrv/partition/settled_members.h"

#include <algorithm>

namespace waypost::partition {

void SettledMembers::look(const model::PeerName& self, const UpMembers& up,
                          bool agreed) {
  // An earlier life counts no more.
  std::erase_if(settled_, [&](const auto& each) {
    const auto found = up.find(each.first);
    return found == up.end() || found->second.generation != each.second;
  });
  if (agreed) {
    for (const auto& [name, each] : up) settled_[name] = each.generation;
    agreed_once_ = agreed_once_ || up.contains(self);
    return;
  }
  const auto own = up.find(self);
  if (agreed_once_ || own == up.end()) return;
  // Who was up before this life count: they were told of each other. Without
  // any, this is the beginning, and all that begin count.
  const bool joined = std::any_of(up.begin(), up.end(), [&](const auto& each) {
    return each.second.up_number < own->second.up_number;
  });
  for (const auto& [name, each] : up) {
    const bool before = each.up_number < own->second.up_number;
    const bool with = each.up_number == own->second.up_number && !joined;
    if (before || with) settled_[name] = each.generation;
  }
}

}  // namespace waypost::partition
