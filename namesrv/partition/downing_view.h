#ifndef WAYPOST_NAMESRV_PARTITION_DOWNING_VIEW_H_
#define WAYPOST_NAMESRV_PARTITION_DOWNING_VIEW_H_

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "wire/model/peer.h"

namespace waypost::partition {

// A peer's way through the membership. Weakly-up is a joiner that works while
// some member is unreachable; leaving and exiting are orderly departure.
enum class MemberStatus : std::uint8_t {
  kJoining,
  kWeaklyUp,
  kUp,
  kLeaving,
  kExiting,
  kDown,
};
std::string_view member_status_name(MemberStatus status);

inline constexpr std::int64_t kNeverUp =
    std::numeric_limits<std::int32_t>::max();

// One member as the downing strategies see it.
struct Member {
  model::PeerName name;
  // Decides "lowest" before the name does. Akka orders by address; peers here
  // are ordered by name, so membership leaves it 0.
  std::int64_t order = 0;
  MemberStatus status = MemberStatus::kJoining;
  std::set<std::string> roles;
  // The n-th member to come up; smaller is older.
  std::int64_t up_number = kNeverUp;
  // Members of another one are not looked at. Waypost's peers are all in one,
  // whatever their zones: three nameservers in three zones must count together.
  std::string data_center;

  friend bool operator==(const Member&, const Member&) = default;
};

// `observer` cannot reach `subject`, by its own account.
struct Observation {
  model::PeerName observer;
  model::PeerName subject;

  friend auto operator<=>(const Observation&, const Observation&) = default;
};

// What a strategy decides from: the membership as one side knows it.
struct DowningView {
  std::string data_center;  // of the deciding side
  std::vector<Member> members;
  // By any observer on this side; may hold members with status down.
  model::PeerNames unreachable;
  std::vector<Observation> observations;
  // Who has seen the current state of the membership.
  model::PeerNames seen_by;

  friend bool operator==(const DowningView&, const DowningView&) = default;
};

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_DOWNING_VIEW_H_
