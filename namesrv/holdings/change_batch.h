#ifndef WAYPOST_NAMESRV_HOLDINGS_CHANGE_BATCH_H_
#define WAYPOST_NAMESRV_HOLDINGS_CHANGE_BATCH_H_

// What peers are to be told of our list, gathered: a thousand brokers that
// register at once are a few messages and not a thousand for each peer. A lone
// change is due at once; what follows it within the interval is told together,
// of each broker the last. That interval also is time for a broker that
// restarts to tell the peers itself, who then need not ask us for what it
// registered.

#include <cstddef>
#include <map>
#include <optional>

#include "base/clock.h"
#include "wire/model/holding.h"

namespace waypost::holdings {

struct ChangeBatchSettings {
  base::Duration interval = std::chrono::milliseconds(20);
  // Brokers in one message; with the longest names that is 64 KiB, the smallest
  // payload that a nameserver may be told to take.
  std::size_t brokers_max = 200;
};

// A pure value.
class ChangeBatch {
 public:
  explicit ChangeBatch(ChangeBatchSettings settings = {})
      : settings_(settings) {}

  void add(const model::HoldingsChange& change);
  // When it is to be sent; none: there is nothing. A full one is due at once:
  // the digest in it is that of a list which holds exactly what it says.
  std::optional<base::Instant> due() const;
  // REQUIRES: due() is now or earlier.
  model::HoldingsChange take(base::Instant now);

 private:
  ChangeBatchSettings settings_;
  std::map<model::BrokerKey, std::optional<model::Holding>> brokers_;
  model::SetDigest after_;
  base::Instant next_;  // nothing is due before, unless it is full
};

}  // namespace waypost::holdings

#endif  // WAYPOST_NAMESRV_HOLDINGS_CHANGE_BATCH_H_
