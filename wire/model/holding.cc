#include "wire/model/holding.h"

namespace waypost::model {

Digest digest_holding(const Holding& holding) {
  std::string text = holding.broker.to_string();
  for (const std::uint64_t number :
       {holding.epoch.value(), static_cast<std::uint64_t>(holding.stamp_ms),
        holding.content.low, holding.content.high,
        static_cast<std::uint64_t>(holding.unregistered)}) {
    text += '\n';
    text += std::to_string(number);
  }
  return digest_bytes(text);
}

std::size_t holding_bucket(const BrokerKey& broker) {
  return hash_bytes(broker.to_string()) % kHoldingBuckets;
}

}  // namespace waypost::model
