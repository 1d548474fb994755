#ifndef WAYPOST_TESTS_SIM_SIM_CLIENT_H_
#define WAYPOST_TESTS_SIM_SIM_CLIENT_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/profile.h"
#include "client_sdk/core/broker_groups.h"
#include "client_sdk/runtime/nameserver_link.h"
#include "client_sdk/runtime/route_refresher.h"
#include "client_sdk/runtime/route_watcher.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::sim {

// An application with the SDK's loop side on a simulated node: the link to a
// nameserver and the route cache behind it.
class SimClient final : private client::NameserverLinkObserver,
                        private client::RouteObserver,
                        private client::RoutePushObserver {
 public:
  struct Options {
    std::vector<base::Endpoint> nameservers;
    std::optional<std::size_t> start;  // which of them
    bool close_on_timeout = true;
    bool watch = false;
  };
  SimClient(SimNode& node, const base::Profile& profile, Options options,
            base::Logger logger);
  ~SimClient() override;

  void follow(const std::string& topic);
  // Asks now, as an application that wants to know would.
  struct Asked {
    bool done = false;
    base::Status status;
    base::Duration took{0};
  };
  std::shared_ptr<const Asked> refresh(const std::string& topic);

  // Names of the broker groups in the cached route, sorted; with the groups'
  // suspects marked: "broker-a", "broker-b (suspect)".
  const std::vector<std::string>& brokers_of(const std::string& topic) const;
  // Every route this client ever had of a topic, in order.
  const std::vector<std::vector<std::string>>& history() const {
    return history_;
  }
  // Of all brokers that left: "broker broker-0/0@10.0.1.1:10911 left: expired
  // (silent for 120s)".
  const std::vector<std::string>& departures() const { return departures_; }
  const std::string& nameserver() const { return link_->current(); }
  // When the client last left a nameserver for another.
  std::optional<base::Instant> switched_at() const { return switched_at_; }
  // When a nameserver last answered a question in full.
  std::optional<base::Instant> answered_at() const { return answered_at_; }
  std::uint64_t switches() const { return link_->switches(); }
  const client::RouteRefresher& refresher() const { return *refresher_; }

 private:
  void on_nameserver_connected(const std::string& nameserver,
                               const model::HelloReply& reply) override;
  void on_nameserver_switched(const std::string& from, const std::string& to,
                              const std::string& why) override;
  void on_query_over(const std::vector<model::TopicName>& changed,
                     const model::RouteQueryRequest& asked,
                     const base::Status& status) override;
  void on_followed(const model::TopicName& topic) override;

  void on_nameserver_lost() override;
  void on_nameserver_push(codec::FrameKind kind,
                          std::span<const std::byte> payload) override;
  void on_routes_told(const std::vector<model::TopicName>& told,
                      const std::vector<model::TopicName>& changed) override;
  void on_departures_told(
      const std::vector<model::Departure>& departures) override;
  void on_departures_answered(
      const std::vector<model::Departure>& departures) override;
  void take_over(const std::vector<model::TopicName>& changed);

  std::vector<std::string> describe(const model::TopicName& topic) const;

  SimNode& node_;
  const base::Logger logger_;
  std::unique_ptr<client::NameserverLink> link_;
  std::unique_ptr<client::RouteRefresher> refresher_;
  std::unique_ptr<client::RouteWatcher> watcher_;  // null: only polls
  std::map<std::string, std::vector<std::string>, std::less<>> routes_;
  std::vector<std::vector<std::string>> history_;
  std::map<std::string, Route> shown_;
  client::BrokerGroups groups_;
  std::vector<std::string> departures_;
  std::optional<base::Instant> switched_at_;
  std::optional<base::Instant> answered_at_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_SIM_CLIENT_H_
