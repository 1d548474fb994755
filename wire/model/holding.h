#ifndef WAYPOST_WIRE_MODEL_HOLDING_H_
#define WAYPOST_WIRE_MODEL_HOLDING_H_

// What a nameserver tells its peers of the brokers that it hears itself.

#include <cstdint>
#include <string>
#include <vector>

#include "wire/model/ids.h"
#include "wire/model/peer.h"

namespace waypost::model {

// One broker as one nameserver knows it at first hand. Only that nameserver
// says so; a broker that it knows through peers is not among its holdings.
struct Holding {
  BrokerKey broker;
  // Not there any more, in order. Kept for one expiry, so that no peer brings
  // the broker back.
  bool unregistered = false;
  // How new: the epoch, natively; over remoting, which has none, 0 and then
  // the milliseconds of civil time at which it registered or unregistered.
  Epoch epoch;
  std::int64_t stamp_ms = 0;
  // Over all that it registered; none once it is unregistered.
  Digest content;

  bool newer_than(const Holding& other) const {
    return epoch != other.epoch ? epoch > other.epoch
                                : stamp_ms > other.stamp_ms;
  }

  friend bool operator==(const Holding&, const Holding&) = default;
};

// A sum over many items that does not depend on their order: equal for equal
// sets, and changed by one item at the cost of that item.
struct SetDigest {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  void add(const Digest& item) {
    low += item.low;
    high += item.high;
  }
  void remove(const Digest& item) {
    low -= item.low;
    high -= item.high;
  }
  bool empty() const { return low == 0 && high == 0; }

  friend bool operator==(const SetDigest&, const SetDigest&) = default;
};

// Of all that the nameserver says of itself.
Digest digest_holding(const Holding& holding);

// In which of the buckets a broker's holding is counted.
inline constexpr std::size_t kHoldingBuckets = 1024;
std::size_t holding_bucket(const BrokerKey& broker);

// "Your holdings are other than I have them: these are the digests of my
// buckets." All kHoldingBuckets, or none for "I have nothing".
struct HoldingsQuery {
  std::vector<SetDigest> buckets;
};
// The whole content of the buckets that differ; pages of one answer follow each
// other.
struct HoldingsPage {
  std::vector<std::uint32_t> buckets;  // that this page replaces
  std::vector<Holding> holdings;
  SetDigest all;  // of the sender's holdings when it answered
  bool last = true;
};
// Pushed when a holding changes: `after` is the digest of all then, so that who
// has missed something notices.
struct HoldingsChange {
  std::vector<Holding> changed;
  std::vector<BrokerKey> dropped;
  SetDigest after;
};

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_HOLDING_H_
