#ifndef WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_ENGINE_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_ENGINE_H_

// The half of a client that lives on the loop's thread: asks nameservers,
// publishes route tables to the ClientState, tells of events.
// It runs on whatever executor and network it is given, so that a simulated
// world can drive it.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "client_sdk/core/broker_groups.h"
#include "client_sdk/core/client_options.h"
#include "client_sdk/runtime/avoidance_keeper.h"
#include "client_sdk/runtime/client_state.h"
#include "client_sdk/runtime/event_emitter.h"
#include "client_sdk/runtime/nameserver_directory.h"
#include "client_sdk/runtime/nameserver_link.h"
#include "client_sdk/runtime/route_refresher.h"
#include "client_sdk/runtime/route_watcher.h"
#include "client_sdk/runtime/snapshot_keeper.h"
#include "waypost/events.hpp"

namespace waypost::client {

// Loop thread only. Destroying it ends everything without callbacks.
class ClientEngine final : private NameserverLinkObserver,
                           private RouteObserver,
                           private RoutePushObserver {
 public:
  using Done = RouteRefresher::Done;
  using WaiterId = RouteRefresher::WaiterId;

  // All references must outlive it; the options have been checked.
  ClientEngine(base::Executor& executor, transport::Network& network,
               const ClientOptions& options, const CheckedOptions& checked,
               ClientState& state, EventOutlet& events, base::Logger logger);
  ~ClientEngine() override;
  ClientEngine(const ClientEngine&) = delete;
  ClientEngine& operator=(const ClientEngine&) = delete;

  // A topic of the directory whose route is wanted.
  void want(TopicState& topic);
  void fault_changed(const FaultBoard::Change& change);

  // As RouteRefresher's; tables are published before `done` is called.
  void ensure(const TopicState& topic, Done done);
  WaiterId refresh(const TopicState& topic, Done done);
  WaiterId refresh_all(Done done);
  void withdraw(WaiterId waiter) { refresher_.withdraw(waiter); }
  std::string progress() const { return refresher_.progress(); }

 private:
  ClientEngine(base::Executor& executor, transport::Network& network,
               const ClientOptions& options, const CheckedOptions& checked,
               ClientState& state, EventOutlet& events, base::Logger logger,
               Snapshot remembered);

  void on_nameserver_connected(const std::string& nameserver,
                               const model::HelloReply& reply) override;
  void on_nameserver_lost() override;
  void on_nameserver_push(codec::FrameKind kind,
                          std::span<const std::byte> payload) override;
  void on_nameserver_switched(const std::string& from, const std::string& to,
                              const std::string& why) override;
  void on_query_over(const std::vector<model::TopicName>& changed,
                     const model::RouteQueryRequest& asked,
                     const base::Status& status) override;
  void on_followed(const model::TopicName& topic) override;

  void on_routes_told(const std::vector<model::TopicName>& told,
                      const std::vector<model::TopicName>& changed) override;
  void on_departures_told(
      const std::vector<model::Departure>& departures) override;
  void on_departures_answered(
      const std::vector<model::Departure>& departures) override;

  void on_nameservers_changed();
  void note_answers(const model::RouteQueryRequest& asked);
  void note(const CachedRoute& cached, TopicState& topic);
  Snapshot collect() const;
  void remember(const Snapshot& snapshot);
  void take_over(const model::TopicName& topic);
  std::optional<OrderConfig> order_of(const std::string& topic,
                                      const model::Route& route) const;
  void take_over_all(const std::vector<model::TopicName>& changed);
  void publish();
  void publish_soon();
  void tell_news();
  void update_facts();
  void on_avoided(bool failed);

  base::Executor& executor_;
  const ClientOptions& options_;
  const CheckedOptions& checked_;
  ClientState& state_;
  const base::Logger logger_;
  const EventEmitter emitter_;
  SnapshotKeeper keeper_;
  const NameserverSources sources_;
  NameserverDirectory nameservers_;
  NameserverLink link_;
  RouteRefresher refresher_;
  std::unique_ptr<RouteWatcher> watcher_;  // null: routes are only polled

  AvoidanceKeeper avoidances_;

  std::uint64_t pushed_routes_ = 0;
  std::vector<std::string> listed_;  // nameservers last told of

  // What the next table is made of.
  std::shared_ptr<const NameIndex> names_;
  std::vector<TopicState*> topics_;  // by slot, those in names_
  std::vector<std::shared_ptr<const TopicRoute>> routes_;  // by slot
  // To be told once they are published.
  std::vector<RouteChanged> news_;
  BrokerGroups groups_;
  std::unique_ptr<base::Timer> publish_timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_ENGINE_H_
