#ifndef WAYPOST_NAMESRV_ETCD_ETCD_CLIENT_H_
#define WAYPOST_NAMESRV_ETCD_ETCD_CLIENT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/executor.h"
#include "namesrv/etcd/http_call.h"
#include "wire/transport/network.h"

namespace waypost::etcd {

struct EtcdEndpoints {
  std::vector<base::Endpoint> endpoints;
  bool tls = false;
};

// "http://h1:2379,http://h2:2379", or all of them https; "http://" may be left
// out.
base::Result<EtcdEndpoints> parse_etcd_endpoints(std::string_view text);

// The members of an etcd cluster.
struct EtcdServers {
  std::vector<base::Endpoint> endpoints;
  std::shared_ptr<const transport::TlsContext> tls;  // null: plain HTTP
};

// Asks the members of an etcd cluster in turn, beginning with the one that
// answered last. Nothing blocks: it runs on the executor's loop.
class EtcdClient {
 public:
  EtcdClient(base::Executor& executor, transport::Network& network,
             EtcdServers servers);

  // The time is for all tries together; each gets an even share of what is
  // left. Who cannot be reached, answers with 5xx or no HTTP is passed over;
  // any other status is the answer. The callback comes once, never inside the
  // call, and not once the operation is destroyed, which may be done in it.
  [[nodiscard]] std::unique_ptr<transport::Operation> post(
      HttpRequest request, base::Duration within, HttpCall::Done done);

 private:
  class Call;

  base::Executor& executor_;
  transport::Network& network_;
  const EtcdServers servers_;
  std::size_t first_ = 0;
};

}  // namespace waypost::etcd

#endif  // WAYPOST_NAMESRV_ETCD_ETCD_CLIENT_H_
