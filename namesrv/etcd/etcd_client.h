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

// "http://h1:2379,http://h2:2379"; "http://" may be left out. https is refused
// in words: put a TLS proxy beside the nameserver.
base::Result<std::vector<base::Endpoint>> parse_etcd_endpoints(
    std::string_view text);

// Asks the members of an etcd cluster in turn, beginning with the one that
// answered last. Nothing blocks: it runs on the executor's loop.
class EtcdClient {
 public:
  EtcdClient(base::Executor& executor, transport::Network& network,
             std::vector<base::Endpoint> endpoints);

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
  const std::vector<base::Endpoint> endpoints_;
  std::size_t first_ = 0;
};

}  // namespace waypost::etcd

#endif  // WAYPOST_NAMESRV_ETCD_ETCD_CLIENT_H_
