#ifndef WAYPOST_NAMESRV_SERVER_CLUSTER_SETTINGS_H_
#define WAYPOST_NAMESRV_SERVER_CLUSTER_SETTINGS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/options.h"
#include "namesrv/cluster/cluster_keeper.h"
#include "namesrv/etcd/etcd_lease.h"

namespace waypost::server {

// All that an operator can set about peers. Texts as read; complete_cluster()
// makes `keeper` of them.
struct ClusterOptions {
  std::string listen;     // empty: no peers, no cluster port
  std::string advertise;  // empty: `listen`
  std::string peers;
  std::string secret;
  std::string secret_file;
  std::string roles;
  std::string zone;
  std::size_t detector = 0;
  std::int64_t phi_threshold = 8;
  std::size_t partition_handling = 0;
  std::string pause_nodes;
  std::string pause_recover;
  std::string down_all_when_unstable = "on";
  std::int64_t quorum_size = 0;
  std::string lease_implementation;
  std::string lease_file;
  std::string etcd_endpoints;
  std::string etcd_ca_file;
  std::string etcd_certificate_file;
  std::string etcd_key_file;
  std::string etcd_user;
  std::string etcd_password_file;
  std::size_t netsplit_gate = 0;

  cluster::ClusterSettings keeper;
  etcd::EtcdLeaseSettings etcd_lease;          // but for the owner
  std::optional<base::Endpoint> listen_at;     // set: there is a cluster port
  std::optional<base::Endpoint> advertise_as;  // none: the address listened on
};

void declare_cluster_options(ClusterOptions& options, base::OptionTable& table);

// Checks how values relate; `name` is the nameserver's own.
base::Status complete_cluster(ClusterOptions& options, const std::string& name);

// On the loopback interface alone, where no secret is asked for.
bool is_loopback(const std::string& host);

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_CLUSTER_SETTINGS_H_
