#ifndef WAYPOST_TESTS_BROKER_AGENT_RUNTIME_SMALL_NAMESERVER_H_
#define WAYPOST_TESTS_BROKER_AGENT_RUNTIME_SMALL_NAMESERVER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "namesrv/registry/registry.h"
#include "wire/model/operations.h"
#include "wire/rpc/acceptor.h"
#include "wire/transport/network.h"

namespace waypost::agent::testing {

// The real registry behind the real protocol, on any executor and network, with
// just what an agent needs, so that the agent's tests do not wait for a whole
// nameserver process.
class SmallNameserver {
 public:
  SmallNameserver(base::Executor& executor, transport::Network& network,
                  const base::Endpoint& listen, std::uint64_t incarnation);
  ~SmallNameserver();

  const base::Endpoint& endpoint() const { return acceptor_->local(); }

  // As a RocketMQ broker does that speaks for itself; again for a sign of life.
  void register_stock_broker(const std::string& name,
                             const base::Endpoint& address,
                             const std::string& topic);

  // None: not registered.
  std::optional<model::BrokerListing> broker(const std::string& name,
                                             std::int64_t id = 0) const;
  // Whether clients would see the broker in the topic's route, and may write.
  struct InRoute {
    bool present = false;
    bool writable = false;
    base::Endpoint address;
  };
  InRoute in_route(const std::string& topic, const std::string& broker) const;

  // Every broker change, "unhealthy broker-a/0", in order.
  const std::vector<std::string>& changes() const { return changes_; }
  std::size_t requests(codec::FrameKind kind) const;
  std::size_t connection_count() const { return acceptor_->connection_count(); }

 private:
  class Session;

  registry::Effects step(const registry::Event& event);
  void scan();

  base::Executor& executor_;
  const model::Incarnation incarnation_;
  registry::Registry registry_;
  std::vector<std::string> changes_;
  std::map<codec::FrameKind, std::size_t> requests_;
  std::uint64_t last_binding_ = 0;
  std::unique_ptr<base::Timer> scan_timer_;
  std::unique_ptr<rpc::Acceptor> acceptor_;
};

}  // namespace waypost::agent::testing

#endif  // WAYPOST_TESTS_BROKER_AGENT_RUNTIME_SMALL_NAMESERVER_H_
