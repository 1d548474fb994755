#include "broker_agent/runtime/shared_host_check.h"

#include <algorithm>

namespace waypost::agent {
namespace {

constexpr base::Duration kLookupDeadline = std::chrono::seconds(5);
constexpr base::Duration kRetryAfter = std::chrono::seconds(30);

}  // namespace

void SharedHostCheck::start(const std::vector<base::Endpoint>& nameservers) {
  for (const base::Endpoint& nameserver : nameservers) {
    lookups_.push_back({lookups_.size(), nameserver.host, nullptr, nullptr});
    look_up(lookups_.back());
  }
}

void SharedHostCheck::look_up(Lookup& lookup) {
  lookup.operation = network_.resolve(
      lookup.host, kLookupDeadline,
      [this, &lookup](const base::Result<transport::ResolvedHost>& host) {
        on_resolved(lookup, host);
      });
}

void SharedHostCheck::on_resolved(
    Lookup& lookup, const base::Result<transport::ResolvedHost>& host) {
  if (!host) {
    lookup.retry =
        executor_.run_after(kRetryAfter, [this, &lookup] { look_up(lookup); });
    return;
  }
  if (std::any_of(host->addresses.begin(), host->addresses.end(), is_local_)) {
    on_shared_(lookup.index);
  }
}

}  // namespace waypost::agent
