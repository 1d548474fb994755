#include "namesrv/holdings/holding_list.h"

namespace waypost::holdings {

bool HoldingList::set(const model::Holding& holding) {
  const std::size_t number = model::holding_bucket(holding.broker);
  const auto [place, is_new] =
      buckets_[number].try_emplace(holding.broker, holding);
  if (!is_new) {
    if (place->second == holding) return false;
    const model::Digest before = model::digest_holding(place->second);
    digests_[number].remove(before);
    digest_.remove(before);
    place->second = holding;
  } else {
    ++size_;
  }
  const model::Digest after = model::digest_holding(holding);
  digests_[number].add(after);
  digest_.add(after);
  return true;
}

bool HoldingList::drop(const model::BrokerKey& broker) {
  const std::size_t number = model::holding_bucket(broker);
  const auto found = buckets_[number].find(broker);
  if (found == buckets_[number].end()) return false;
  const model::Digest before = model::digest_holding(found->second);
  digests_[number].remove(before);
  digest_.remove(before);
  buckets_[number].erase(found);
  --size_;
  return true;
}

const model::Holding* HoldingList::find(const model::BrokerKey& broker) const {
  const Bucket& bucket = buckets_[model::holding_bucket(broker)];
  const auto found = bucket.find(broker);
  return found == bucket.end() ? nullptr : &found->second;
}

std::vector<model::SetDigest> HoldingList::bucket_digests() const {
  return {digests_.begin(), digests_.end()};
}

std::vector<std::uint32_t> HoldingList::differing(
    const std::vector<model::SetDigest>& digests) const {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < model::kHoldingBuckets; ++i) {
    const model::SetDigest theirs =
        i < digests.size() ? digests[i] : model::SetDigest{};
    if (digests_[i] != theirs) numbers.push_back(i);
  }
  return numbers;
}

}  // namespace waypost::holdings
