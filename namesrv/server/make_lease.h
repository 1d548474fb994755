#ifndef WAYPOST_NAMESRV_SERVER_MAKE_LEASE_H_
#define WAYPOST_NAMESRV_SERVER_MAKE_LEASE_H_

#include <functional>
#include <memory>

#include "base/executor.h"
#include "base/log.h"
#include "namesrv/cluster/peer_calls.h"
#include "namesrv/server/settings.h"
#include "wire/transport/network.h"

namespace waypost::server {

// The lease that lease-majority asks for, as configured; null in other modes.
// What is given must outlive it; `boot_time` is CLOCK_BOOTTIME.
std::unique_ptr<cluster::Lease> make_lease(
    const ServerSettings& settings, base::Executor& executor,
    transport::Network& network, std::function<base::Duration()> boot_time,
    const base::Logger& logger);

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_MAKE_LEASE_H_
