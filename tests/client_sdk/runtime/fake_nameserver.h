#ifndef WAYPOST_TESTS_CLIENT_SDK_RUNTIME_FAKE_NAMESERVER_H_
#define WAYPOST_TESTS_CLIENT_SDK_RUNTIME_FAKE_NAMESERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/executor.h"
#include "wire/model/operations.h"
#include "wire/rpc/acceptor.h"
#include "wire/transport/network.h"

namespace waypost::client {

// A route with four read and write queues at each broker; "broker-a" is at
// 10.1.0.1, "broker-b" at 10.1.0.2, ...; "broker-a?" is suspect.
model::VersionedRoute route_of(const std::string& topic,
                               const std::vector<std::string>& brokers);

// Speaks the native protocol and does what the test says. Runs on the simulated
// network and on the real one.
class FakeNameserver {
 public:
  enum class Behaviour {
    kServes,
    kStarting,       // every query: the end says starting
    kNotReadyError,  // every query: an error frame, not ready
    kSilent,         // answers hello, never anything else
    kNoEnd,          // sends routes, never the end
    kNoHello,        // accepts, never answers anything
    kWrongCount,     // the end's count of unchanged topics is wrong
    kGarbage,        // answers queries with bytes that are no payload
    kNoise,          // answers queries with bytes that are no frame
    kDenies,         // nobody serves anything
  };
  static constexpr std::size_t kBehaviours = 10;

  FakeNameserver(base::Executor& executor, transport::Network& network,
                 std::string name, const base::Endpoint& listen);

  Behaviour behaviour = Behaviour::kServes;
  base::Duration answer_delay{0};  // of queries
  bool pushes = true;              // false: as a server that will not
  base::ErrorCode watch_refusal = base::ErrorCode::kUnsupported;
  std::function<void()> before_answer;  // to a query, in the same turn
  bool refuses_pings = false;           // as a server that does not know them
  // Watchers are told of the topics that they watch.
  void set_route(const std::string& topic,
                 const std::vector<std::string>& brokers);
  void remove_route(const std::string& topic);
  void tell_route(const model::VersionedRoute& route);
  // Tells all clients to move on.
  void drain(const std::string& reason);
  const base::Endpoint& address() const { return acceptor_.local(); }
  rpc::Acceptor& acceptor() { return acceptor_; }

  std::map<std::string, model::VersionedRoute> routes;
  std::vector<model::RouteQueryRequest> queries;  // as they came
  std::size_t routes_sent = 0;
  std::size_t pings = 0;
  std::vector<model::RouteQueryRequest> watches;            // as they came
  model::ServerState state = model::ServerState::kServing;  // told at hello
  std::vector<model::HelloRequest> hellos;

 private:
  class Session;
  void answer(rpc::ServerSession& session, const codec::FrameView& frame);
  void answer_later(rpc::ServerSession& session, std::uint64_t id,
                    const model::RouteQueryRequest& query);
  void answer_query(rpc::ServerSession& session, std::uint64_t id,
                    const model::RouteQueryRequest& query,
                    codec::FrameKind kind = codec::FrameKind::kQueryRoutes);
  void watch(rpc::ServerSession& session, std::uint64_t id,
             const model::RouteQueryRequest& query);
  void tell_watchers(const std::string& topic);

  base::Executor& executor_;
  const std::string name_;
  rpc::Acceptor acceptor_;
  std::vector<std::unique_ptr<base::Timer>> delayed_;
  std::map<std::string, std::set<std::uint64_t>> watchers_;  // sessions
};

}  // namespace waypost::client

#endif  // WAYPOST_TESTS_CLIENT_SDK_RUNTIME_FAKE_NAMESERVER_H_
