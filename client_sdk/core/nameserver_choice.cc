#include "client_sdk/core/nameserver_choice.h"

#include <cmath>

#include "base/assert.h"

namespace waypost::client {

NameserverChoice::NameserverChoice(std::size_t count,
                                   std::optional<std::size_t> pinned,
                                   base::Random& random)
    : penalties_(count) {
  WAYPOST_ASSERT(count > 0 && (!pinned || *pinned < count));
  current_ = pinned.value_or(static_cast<std::size_t>(random.below(count)));
}

double NameserverChoice::penalty(std::size_t server, base::Instant now) const {
  const Penalty& each = penalties_[server];
  if (each.value <= 0) return 0;
  const double half_lives = static_cast<double>((now - each.at).count()) /
                            static_cast<double>(kPenaltyHalfLife.count());
  return half_lives >= 10 ? 0 : each.value * std::exp2(-half_lives);
}

void NameserverChoice::on_failure(std::size_t server, base::Instant now) {
  penalties_[server] = {penalty(server, now) + 1, now};
}

void NameserverChoice::on_success(std::size_t server) {
  penalties_[server] = {};
}

std::optional<std::size_t> NameserverChoice::best(
    const std::vector<bool>& excluded, base::Instant now) const {
  std::optional<std::size_t> found;
  double smallest = 0;
  for (std::size_t step = 0; step < count(); ++step) {
    const std::size_t server = (current_ + step) % count();
    if (excluded[server]) continue;
    const double value = penalty(server, now);
    if (!found || value < smallest) {
      found = server;
      smallest = value;
    }
  }
  return found;
}

std::optional<std::size_t> NameserverChoice::best_untried(
    const std::vector<bool>& tried, base::Instant now) const {
  WAYPOST_ASSERT(tried.size() == count());
  return best(tried, now);
}

std::optional<std::size_t> NameserverChoice::best_other(
    base::Instant now) const {
  std::vector<bool> excluded(count(), false);
  excluded[current_] = true;
  return best(excluded, now);
}

}  // namespace waypost::client
