#include "namesrv/server/make_lease.h"

#include <algorithm>
#include <utility>

#include "namesrv/etcd/etcd_lease.h"
#include "namesrv/server/file_lease.h"

namespace waypost::server {

std::unique_ptr<cluster::Lease> make_lease(
    const ServerSettings& settings, base::Executor& executor,
    transport::Network& network, std::function<base::Duration()> boot_time,
    const base::Logger& logger) {
  const partition::Settings& partition = settings.cluster.keeper.partition;
  if (partition.mode != partition::Mode::kLeaseMajority) return nullptr;
  const std::string owner =
      cluster::lease_owner(settings.name, settings.service.incarnation);
  if (partition.lease_implementation == partition::LeaseKind::kFile) {
    return std::make_unique<FileLease>(executor, settings.cluster.lease_file,
                                       owner);
  }
  etcd::EtcdLeaseSettings lease = settings.cluster.etcd_lease;
  lease.owner = owner;
  const auto& endpoints = lease.servers.endpoints;
  const bool near = std::all_of(
      endpoints.begin(), endpoints.end(),
      [](const base::Endpoint& each) { return is_loopback(each.host); });
  if (!lease.user.name.empty() && lease.servers.tls == nullptr && !near) {
    logger.for_component(base::LogComponent::kCluster)
        .warn("the password for etcd can be read on its way there",
              {{"advice",
                "use https:// in "
                "cluster.lease-majority.etcd-endpoints"}});
  }
  auto in_etcd = std::make_unique<etcd::EtcdLease>(
      executor, network, std::move(boot_time), std::move(lease),
      logger.for_component(base::LogComponent::kCluster));
  in_etcd->watch_access();
  return in_etcd;
}

}  // namespace waypost::server
