#include <algorithm>

#include "base/units.h"
#include "namesrv/partition/settings.h"

namespace waypost::partition {
namespace {

using Sentences = std::vector<std::string>;

std::string nameservers(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " nameserver" : " nameservers");
}

void review_pause_minority(const Roster& roster, Sentences& out) {
  const std::size_t size = roster.members.size();
  if (size <= 2) {
    out.push_back("pause-minority with " + nameservers(size) +
                  " stops all service as soon as one is lost, because one of "
                  "two is no majority: use three nameservers, or ignore");
  } else if (size % 2 == 0) {
    out.push_back("pause-minority with " + nameservers(size) +
                  ": a cut through the middle pauses everybody, because half "
                  "is no majority: an odd number avoids that");
  }
}

void review_pause_if_all_down(const Settings& settings, const Roster& roster,
                              Sentences& out) {
  model::PeerNames strangers;
  for (const model::PeerName& name : settings.pause_if_all_down_nodes) {
    if (!roster.members.contains(name)) strangers.insert(name);
  }
  if (strangers.empty()) return;
  const bool all = strangers.size() == pause_policy(settings).preferred.size();
  out.push_back(
      "pause-if-all-down lists " + model::to_string(strangers) +
      ", not known as a peer" +
      (all ? "; as long as no listed node is a peer, nobody ever pauses" : ""));
}

void review_static_quorum(const Settings& settings, const Roster& roster,
                          Sentences& out) {
  const std::int64_t quorum = settings.quorum_size.value_or(1);
  const auto size = static_cast<std::int64_t>(roster.members.size());
  if (roster.complete && settings.static_quorum_role.empty() && size < quorum) {
    out.push_back("static-quorum of " + std::to_string(quorum) + " with " +
                  nameservers(roster.members.size()) +
                  ": the quorum is never there, so the first loss downs all "
                  "that is left");
  }
}

void review_downing(const Settings& settings, const Roster& roster,
                    Sentences& out) {
  if (settings.mode == Mode::kKeepOldest &&
      !settings.keep_oldest_down_if_alone) {
    out.push_back(
        "keep-oldest without down-if-alone: when the oldest nameserver dies, "
        "all others go down");
  }
  if (settings.mode == Mode::kDownAll) {
    out.push_back(
        "down-all: every partition and every death of a nameserver stops all "
        "of them until more than half can reach each other again");
  }
  if (settings.mode == Mode::kLeaseMajority &&
      settings.lease_implementation == LeaseKind::kFile) {
    out.push_back(
        "the file lease holds on one machine only: nameservers on several "
        "machines would all get it");
  }
  if (settings.mode == Mode::kLeaseMajority &&
      settings.lease_release_after <
          settings.acquire_lease_delay_for_minority + settings.stable_after) {
    out.push_back(
        "release-after of the lease (" +
        base::format_duration(settings.lease_release_after) +
        ") leaves a side that notices the cut late hardly time to find it "
        "taken: more than stable-after and acquire-lease-delay-for-minority "
        "together is safe");
  }
  if (settings.stable_after < roster.unreachable_after) {
    out.push_back("stable-after (" +
                  base::format_duration(settings.stable_after) +
                  ") is shorter than it takes to notice a loss (" +
                  base::format_duration(roster.unreachable_after) +
                  "): the sides of a cut may decide on different views");
  }
}

void review_gate(const Settings& settings, Sentences& out) {
  const auto& allow = settings.gate.allow;
  const bool any = std::find(allow.begin(), allow.end(), true) != allow.end();
  if (any && !settings.gate.all_members) {
    out.push_back(
        "allow-...-during-netsplit has no effect while cluster.netsplit-gate "
        "is off: everything is allowed");
  }
  if (settings.gate.all_members && family_of(settings.mode) == Family::kPause &&
      settings.mode != Mode::kIgnore) {
    out.push_back(
        "netsplit-gate = all-members with " +
        std::string(mode_name(settings.mode)) +
        ": the side that goes on is not ready either, and refuses what its "
        "gates do not allow");
  }
}

}  // namespace

std::vector<std::string> warnings(const Settings& settings,
                                  const Roster& roster) {
  Sentences out;
  switch (settings.mode) {
    case Mode::kPauseMinority:
      review_pause_minority(roster, out);
      break;
    case Mode::kPauseIfAllDown:
      review_pause_if_all_down(settings, roster, out);
      break;
    case Mode::kStaticQuorum:
      review_static_quorum(settings, roster, out);
      break;
    default:
      break;
  }
  if (family_of(settings.mode) == Family::kDowning) {
    review_downing(settings, roster, out);
  }
  review_gate(settings, out);
  return out;
}

base::Status check_roster(const Settings& settings, const Roster& roster) {
  // Members are only ever added to those known at start; with a role fewer may
  // count, and the strategy looks after that itself.
  if (settings.mode != Mode::kStaticQuorum ||
      !settings.static_quorum_role.empty()) {
    return {};
  }
  const std::int64_t quorum = settings.quorum_size.value_or(1);
  if (!quorum_reachable_twice(roster.members.size(), quorum)) return {};
  return base::fail(
      base::ErrorCode::kInvalidArgument,
      "static-quorum of " + std::to_string(quorum) + " with " +
          nameservers(roster.members.size()) +
          ": both sides of a cut could reach it, so every partition would "
          "down everybody",
      "set cluster.static-quorum.quorum-size to more than half, " +
          std::to_string(roster.members.size() / 2 + 1));
}

}  // namespace waypost::partition
