#ifndef WAYPOST_NAMESRV_HOLDINGS_HOLDING_LIST_H_
#define WAYPOST_NAMESRV_HOLDINGS_HOLDING_LIST_H_

#include <array>
#include <cstddef>
#include <map>
#include <unordered_map>
#include <vector>

#include "wire/model/holding.h"

namespace waypost::holdings {

// One nameserver's holdings, by its own account, with digests over all of them
// and over each of 1 024 buckets: two lists are compared by one number, and
// where they differ is found by comparing 1 024. A pure value.
class HoldingList {
 public:
  using Bucket = std::map<model::BrokerKey, model::Holding>;

  // True when that changed anything.
  bool set(const model::Holding& holding);
  bool drop(const model::BrokerKey& broker);
  const model::Holding* find(const model::BrokerKey& broker) const;

  std::size_t size() const { return size_; }
  const model::SetDigest& digest() const { return digest_; }
  const Bucket& bucket(std::size_t number) const { return buckets_[number]; }
  std::vector<model::SetDigest> bucket_digests() const;
  // The buckets whose digest is another than in `digests`, which has as many
  // elements as there are buckets, or none.
  std::vector<std::uint32_t> differing(
      const std::vector<model::SetDigest>& digests) const;

 private:
  std::array<Bucket, model::kHoldingBuckets> buckets_;
  std::array<model::SetDigest, model::kHoldingBuckets> digests_{};
  model::SetDigest digest_;
  std::size_t size_ = 0;
};

}  // namespace waypost::holdings

#endif  // WAYPOST_NAMESRV_HOLDINGS_HOLDING_LIST_H_
