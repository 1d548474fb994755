#ifndef WAYPOST_NAMESRV_MEMBERSHIP_PEER_TABLE_H_
#define WAYPOST_NAMESRV_MEMBERSHIP_PEER_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wire/model/peer_messages.h"

namespace waypost::membership {

// Who is a peer, as far as one nameserver has heard. Everything in it is merged
// by rules that need no order and no agreement: the latest word of each about
// itself, the largest life that was set to down, the latest verdict of an
// operator. So whoever has heard the same holds the same, and nobody's absence
// holds up anybody. A pure value.
class PeerTable {
 public:
  struct Record {
    model::PeerInfo info;
    model::Generation down_through = 0;
    // The same, but only in the opinion of one that was set to down itself:
    // told to nobody, and no part of the digest.
    model::Generation presumed_through = 0;
    bool forgotten = false;

    bool down() const {
      return info.generation <= std::max(down_through, presumed_through);
    }
    // Counts as a member, whether it is there or not.
    bool member() const { return !forgotten && !down(); }
  };

  explicit PeerTable(std::size_t records_max = 1000)
      : records_max_(records_max) {}

  enum class Merge {
    kNothing,  // known already, older, or the table is full
    kNew,
    kNewLife,  // of one that was known
    kChanged,  // within its life
  };
  Merge merge(const model::PeerInfo& info);
  // True when that changed whether the peer's known life is down.
  bool merge_down(const model::PeerName& name, model::Generation through);
  // That its known life is down, until it is confirmed or withdrawn. True when
  // that is news.
  bool presume_down(const model::PeerName& name);
  void withdraw_presumption(const model::PeerName& name);
  void withdraw_presumptions();
  void confirm_presumptions();
  // True when that changed whether it is forgotten.
  bool merge(const model::PeerVerdict& verdict);
  // One that overrules all that are known of this name.
  model::PeerVerdict next_verdict(const model::PeerName& name,
                                  bool forgotten) const;

  // `name` answered at this address. Told again by nobody: an address belongs
  // to whoever answered there last.
  void answered_at(const model::PeerName& name, const base::Endpoint& address);
  // Who answered there last.
  std::optional<model::PeerName> owner_of(const base::Endpoint& address) const;

  const Record* find(const model::PeerName& name) const;
  bool forgotten(const model::PeerName& name) const;
  const std::map<model::PeerName, Record>& records() const { return records_; }
  model::PeerNames members() const;
  std::vector<model::PeerVerdict> verdicts() const;
  std::int64_t largest_up_number() const;  // 0 when nobody is up

  // Over all of it but addresses; equal for equal content.
  model::Digest digest() const;

 private:
  std::size_t records_max_;
  std::map<model::PeerName, Record> records_;
  std::map<model::PeerName, model::PeerVerdict> verdicts_;
  std::map<base::Endpoint, model::PeerName> answered_;
};

}  // namespace waypost::membership

#endif  // WAYPOST_NAMESRV_MEMBERSHIP_PEER_TABLE_H_
