#include "wire/transport/name_lookup.h"

#include <algorithm>
#include <utility>

namespace waypost::transport {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::Duration kDeadline = seconds(5);
constexpr base::Duration kAgainMin = seconds(10);
constexpr base::Duration kAgainMax = minutes(5);
// The hosts file and other places that tell no time to live.
constexpr base::Duration kAgainWithoutTtl = seconds(30);
constexpr base::Duration kRetryMin = seconds(1);
constexpr base::Duration kRetryMax = seconds(30);
constexpr double kJitter = 0.1;

}  // namespace

NameLookup::NameLookup(base::Executor& executor, Network& network,
                       std::string host, base::Random random,
                       std::function<void()> on_change)
    : executor_(executor),
      network_(network),
      host_(std::move(host)),
      random_(random),
      backoff_(kRetryMin, kRetryMax),
      on_change_(std::move(on_change)) {
  look_up();
}

void NameLookup::look_up() {
  timer_.reset();
  operation_ = network_.resolve(host_, kDeadline, [this](auto host) {
    // The operation is not destroyed within its own callback.
    timer_ = executor_.run_after(base::Duration::zero(),
                                 [this, host = std::move(host)] {
                                   operation_.reset();
                                   on_resolved(host);
                                 });
  });
}

void NameLookup::on_resolved(const base::Result<ResolvedHost>& host) {
  base::Duration again{0};
  if (host) {
    failure_.clear();
    backoff_.reset();
    // Name servers answer in another order each time, which is no change.
    addresses_ = host->addresses;
    std::sort(addresses_.begin(), addresses_.end());
    const base::Duration ttl =
        host->ttl > base::Duration::zero() ? host->ttl : kAgainWithoutTtl;
    again = random_.jittered(std::clamp(ttl, kAgainMin, kAgainMax), kJitter);
  } else {
    failure_ = host.error().message;
    again = backoff_.next(random_);
  }
  timer_ = executor_.run_after(again, [this] { look_up(); });
  on_change_();
}

}  // namespace waypost::transport
