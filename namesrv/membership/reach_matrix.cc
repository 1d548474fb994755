#include "namesrv/membership/reach_matrix.h"

namespace waypost::membership {

bool ReachMatrix::set_row(const model::PeerName& observer, Row row) {
  Row& held = rows_[observer];
  if (held == row) return false;
  held = std::move(row);
  return true;
}

bool ReachMatrix::drop_row(const model::PeerName& observer) {
  return rows_.erase(observer) > 0;
}

model::PeerReach ReachMatrix::reach(const model::PeerName& observer,
                                    const model::PeerName& subject) const {
  const auto row = rows_.find(observer);
  if (row == rows_.end()) return model::PeerReach::kUnknown;
  const auto cell = row->second.find(subject);
  return cell == row->second.end() ? model::PeerReach::kUnknown : cell->second;
}

std::vector<ReachMatrix::Pair> ReachMatrix::unreachable(
    const model::PeerNames& among) const {
  std::vector<Pair> pairs;
  for (const auto& [observer, row] : rows_) {
    if (!among.contains(observer)) continue;
    for (const auto& [subject, reach] : row) {
      if (reach != model::PeerReach::kUnreachable) continue;
      if (among.contains(subject)) pairs.emplace_back(observer, subject);
    }
  }
  return pairs;
}

model::PeerNames ReachMatrix::reached_by(const model::PeerName& subject,
                                         const model::PeerNames& among) const {
  model::PeerNames names;
  for (const auto& [observer, row] : rows_) {
    if (!among.contains(observer)) continue;
    const auto cell = row.find(subject);
    if (cell != row.end() && cell->second == model::PeerReach::kReachable) {
      names.insert(observer);
    }
  }
  return names;
}

}  // namespace waypost::membership
