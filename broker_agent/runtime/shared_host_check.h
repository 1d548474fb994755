#ifndef WAYPOST_BROKER_AGENT_RUNTIME_SHARED_HOST_CHECK_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_SHARED_HOST_CHECK_H_

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/executor.h"
#include "wire/transport/network.h"

namespace waypost::agent {

// Looks each nameserver's name up, again until it is found, and tells of those
// that run on this host. A broker and a nameserver on one machine hang
// together: then nobody is left to notice the broker's silence, and clients
// that use this nameserver go on asking a dead one. Loop thread only.
class SharedHostCheck {
 public:
  using IsLocal = std::function<bool(const std::string& numeric_host)>;
  // With the nameserver's place in the list.
  using OnShared = std::function<void(std::size_t nameserver)>;

  SharedHostCheck(base::Executor& executor, transport::Network& network,
                  IsLocal is_local, OnShared on_shared)
      : executor_(executor),
        network_(network),
        is_local_(std::move(is_local)),
        on_shared_(std::move(on_shared)) {}

  void start(const std::vector<base::Endpoint>& nameservers);

 private:
  struct Lookup {
    std::size_t index;
    std::string host;
    std::unique_ptr<transport::Operation> operation;
    std::unique_ptr<base::Timer> retry;
  };
  void look_up(Lookup& lookup);
  void on_resolved(Lookup& lookup,
                   const base::Result<transport::ResolvedHost>& host);

  base::Executor& executor_;
  transport::Network& network_;
  const IsLocal is_local_;
  const OnShared on_shared_;
  std::list<Lookup> lookups_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_SHARED_HOST_CHECK_H_
