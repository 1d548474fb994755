#ifndef WAYPOST_NAMESRV_MEMBERSHIP_REACH_MATRIX_H_
#define WAYPOST_NAMESRV_MEMBERSHIP_REACH_MATRIX_H_

#include <map>
#include <utility>
#include <vector>

#include "wire/model/peer_messages.h"

namespace waypost::membership {

// Who reaches whom, by the account of each that is heard. Tells a dead peer
// (nobody reaches it) from a bad link (somebody does), and a one-sided loss
// (one end hears the other, which has written it off). A pure value.
class ReachMatrix {
 public:
  using Row = std::map<model::PeerName, model::PeerReach>;
  using Pair =
      std::pair<model::PeerName, model::PeerName>;  // observer, subject

  // True when the row differs from what was known.
  bool set_row(const model::PeerName& observer, Row row);
  bool drop_row(const model::PeerName& observer);

  model::PeerReach reach(const model::PeerName& observer,
                         const model::PeerName& subject) const;

  // All (observer, subject) of `among` where the observer says unreachable.
  std::vector<Pair> unreachable(const model::PeerNames& among) const;
  // Those of `among` that reach the subject by their own account.
  model::PeerNames reached_by(const model::PeerName& subject,
                              const model::PeerNames& among) const;

 private:
  std::map<model::PeerName, Row> rows_;
};

}  // namespace waypost::membership

#endif  // WAYPOST_NAMESRV_MEMBERSHIP_REACH_MATRIX_H_
