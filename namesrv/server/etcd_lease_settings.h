#ifndef WAYPOST_NAMESRV_SERVER_ETCD_LEASE_SETTINGS_H_
#define WAYPOST_NAMESRV_SERVER_ETCD_LEASE_SETTINGS_H_

#include "base/options.h"
#include "namesrv/server/cluster_settings.h"

namespace waypost::server {

// What an operator can set about a lease that is kept in etcd.
void declare_etcd_lease(ClusterOptions& options, base::OptionTable& table);

// Checks it, reads the files that it names and makes `etcd_lease` of it.
base::Status complete_etcd_lease(ClusterOptions& options);

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_ETCD_LEASE_SETTINGS_H_
