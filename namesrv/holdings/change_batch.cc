#include "namesrv/holdings/change_batch.h"

#include <utility>

namespace waypost::holdings {

void ChangeBatch::add(const model::HoldingsChange& change) {
  for (const model::Holding& holding : change.changed) {
    brokers_[holding.broker] = holding;
  }
  for (const model::BrokerKey& broker : change.dropped) {
    brokers_[broker].reset();
  }
  after_ = change.after;
}

std::optional<base::Instant> ChangeBatch::due() const {
  if (brokers_.empty()) return std::nullopt;
  return brokers_.size() >= settings_.brokers_max ? base::Instant() : next_;
}

model::HoldingsChange ChangeBatch::take(base::Instant now) {
  model::HoldingsChange change;
  for (auto& [broker, holding] : std::exchange(brokers_, {})) {
    if (holding) {
      change.changed.push_back(std::move(*holding));
    } else {
      change.dropped.push_back(broker);
    }
  }
  change.after = after_;
  next_ = now + settings_.interval;
  return change;
}

}  // namespace waypost::holdings
