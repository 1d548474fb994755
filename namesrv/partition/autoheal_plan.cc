#include "namesrv/partition/autoheal_plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/assert.h"

namespace waypost::partition {

const model::PeerName& heal_leader(const model::PeerNames& members) {
  WAYPOST_ASSERT(!members.empty());
  return *members.begin();
}

std::optional<model::PeerName> ask_for_heal(const PausePolicy& policy,
                                            bool healing, const Reach& reach,
                                            const model::PeerNames& separated) {
  if (!policy.heals() || healing || separated.empty()) return std::nullopt;
  if (!may_resume(policy, ResumeWhen::kAllUp, reach)) return std::nullopt;
  return heal_leader(reach.members);
}

HealAnswer judge_heal_request(
    const model::PeerName& leader, const model::PeerNames& members,
    bool healing, const model::PeerNames& leader_separated,
    const std::map<model::PeerName, std::optional<HealStatus>>& replies) {
  if (healing || leader_separated.empty()) {
    return {HealVerdict::kIgnored, {}};
  }
  model::PeerNames silent;
  model::PeerNames cut_off;
  for (const model::PeerName& name : members) {
    if (name == leader) continue;
    const auto reply = replies.find(name);
    if (reply == replies.end() || !reply->second) {
      silent.insert(name);
      continue;
    }
    const model::PeerNames& reached = reply->second->reachable;
    if (!std::includes(reached.begin(), reached.end(), members.begin(),
                       members.end())) {
      cut_off.insert(name);
    }
  }
  if (!silent.empty()) return {HealVerdict::kNodesDown, silent};
  if (!cut_off.empty()) return {HealVerdict::kRemoteDown, cut_off};
  return {HealVerdict::kGoAhead, {}};
}

std::vector<Part> find_parts(const Part& members_in_list_order,
                             const std::vector<HealView>& views) {
  std::vector<Part> parts = {members_in_list_order};
  for (const HealView& view : views) {
    const auto home =
        std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
          return std::find(part.begin(), part.end(), view.node) != part.end();
        });
    if (home == parts.end()) continue;  // not a member
    Part kept;
    Part lost;
    for (const model::PeerName& name : *home) {
      (view.cannot_see.contains(name) ? lost : kept).push_back(name);
    }
    if (kept.empty() || lost.empty()) continue;
    parts.erase(home);
    parts.insert(parts.begin(), {std::move(kept), std::move(lost)});
  }
  return parts;
}

HealWinner choose_winner(
    const std::vector<Part>& parts,
    const std::map<model::PeerName, std::uint64_t>& client_connections) {
  WAYPOST_ASSERT(!parts.empty());
  const auto connections = [&](const Part& part) {
    std::uint64_t sum = 0;
    for (const model::PeerName& name : part) {
      const auto count = client_connections.find(name);
      if (count == client_connections.end()) continue;
      const std::uint64_t room = UINT64_MAX - sum;
      sum += std::min(room, count->second);
    }
    return sum;
  };
  std::vector<Part> ranked = parts;
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](const Part& one, const Part& other) {
                     const auto size = one.size();
                     const auto other_size = other.size();
                     const auto sum = connections(one);
                     const auto other_sum = connections(other);
                     return std::tie(sum, size, one) >
                            std::tie(other_sum, other_size, other);
                   });
  HealWinner result{ranked.front().front(), {}};
  for (std::size_t i = 1; i < ranked.size(); ++i) {
    result.losers.insert(result.losers.end(), ranked[i].begin(),
                         ranked[i].end());
  }
  return result;
}

}  // namespace waypost::partition
