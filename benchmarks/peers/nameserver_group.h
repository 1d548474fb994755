#ifndef WAYPOST_BENCHMARKS_PEERS_NAMESERVER_GROUP_H_
#define WAYPOST_BENCHMARKS_PEERS_NAMESERVER_GROUP_H_

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/driver/cpu_time.h"
#include "benchmarks/driver/native_client.h"
#include "benchmarks/driver/servers.h"
#include "benchmarks/peers/tcp_traffic.h"
#include "wire/model/cluster.h"

namespace waypost::bench {

// A nameserver process, known to peers or alone.
struct Nameserver {
  Server server;
  base::Endpoint cluster;  // port 0: alone

  base::Result<CpuTime> cpu() const {
    return process_cpu_time(server.process->pid());
  }
  // State and size of its table.
  base::Result<model::ClusterView> view() const;
};

// The most that the process ever had in memory (VmHWM).
base::Result<std::size_t> peak_resident_bytes(const Nameserver& nameserver);

// Nameservers on this machine that know each other; each but the first is told
// of the first alone.
class NameserverGroup {
 public:
  NameserverGroup(std::string program, std::filesystem::path scratch)
      : program_(std::move(program)), scratch_(std::move(scratch)) {}

  // Both: while no other thread of ours runs. The next one of the group; it
  // answers connections, but is perhaps not ready.
  base::Status start_next();
  base::Result<Nameserver> start_alone() const;

  const std::vector<Nameserver>& members() const { return members_; }
  std::size_t pairs() const {
    return members_.size() * (members_.size() - 1) / 2;
  }
  // Until each reaches all others and knows all that they hold.
  base::Status wait_until_alike(base::Duration limit) const;
  // Between all of them.
  base::Result<TcpTraffic> traffic() const;

 private:
  base::Result<Nameserver> start(const std::string& name,
                                 std::vector<std::string> arguments) const;
  base::Result<bool> alike() const;

  const std::string program_;
  const std::filesystem::path scratch_;
  std::vector<Nameserver> members_;
};

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_PEERS_NAMESERVER_GROUP_H_
