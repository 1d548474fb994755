#include "namesrv/partition/population.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace waypost::partition {
namespace {

bool lower(const Member* one, const Member* other) {
  return std::tie(one->order, one->name) < std::tie(other->order, other->name);
}

bool older(const Member* one, const Member* other) {
  if (one->up_number != other->up_number) {
    return one->up_number < other->up_number;
  }
  return lower(one, other);
}

bool counts(const Member& member, const Counting& counting) {
  switch (member.status) {
    case MemberStatus::kJoining:
    case MemberStatus::kWeaklyUp:
      if (!counting.with_joining) return false;
      break;
    case MemberStatus::kUp:
      break;
    case MemberStatus::kLeaving:
      if (counting.without_leaving) return false;
      break;
    case MemberStatus::kExiting:
    case MemberStatus::kDown:
      return false;
  }
  return counting.role.empty() || member.roles.contains(counting.role);
}

}  // namespace

std::string_view member_status_name(MemberStatus status) {
  static constexpr std::array<std::string_view, 6> kNames = {
      "joining", "weakly-up", "up", "leaving", "exiting", "down"};
  return kNames[static_cast<std::size_t>(status)];
}

Population count(const DowningView& view, const Counting& counting) {
  Population population;
  for (const Member& member : view.members) {
    if (member.data_center != view.data_center) continue;
    if (counts(member, counting)) population.members.push_back(&member);
  }
  std::sort(population.members.begin(), population.members.end(), lower);
  for (const Member* member : population.members) {
    (is_unreachable(view, *member) ? population.unreachable
                                   : population.reachable)
        .push_back(member);
  }
  return population;
}

bool is_unreachable(const DowningView& view, const Member& member) {
  return view.unreachable.contains(member.name);
}

const Member& lowest(const std::vector<const Member*>& members) {
  return **std::min_element(members.begin(), members.end(), lower);
}

const Member& oldest(const std::vector<const Member*>& members) {
  return **std::min_element(members.begin(), members.end(), older);
}

model::PeerNames downable(const DowningView& view) {
  model::PeerNames names;
  for (const Member& member : view.members) {
    if (member.data_center != view.data_center) continue;
    if (member.status == MemberStatus::kExiting) continue;
    if (member.status == MemberStatus::kDown) continue;
    names.insert(member.name);
  }
  return names;
}

}  // namespace waypost::partition
