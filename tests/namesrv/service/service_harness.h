#ifndef WAYPOST_TESTS_NAMESRV_SERVICE_SERVICE_HARNESS_H_
#define WAYPOST_TESTS_NAMESRV_SERVICE_SERVICE_HARNESS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "namesrv/service/name_service.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::service {

// A nameserver service on a simulated machine, with the roster in memory.
class ServiceHarness {
 public:
  explicit ServiceHarness(std::vector<lifecycle::RosterEntry> roster = {},
                          store::HardState hard_state = {},
                          NameServiceSettings settings = {}) {
    settings.incarnation = model::Incarnation(77);
    settings.lifecycle.smallest_expiry = std::chrono::seconds(120);
    NameServiceShell shell;
    shell.executor = &node_.executor();
    shell.boot_time = [this] { return world_.now().time_since_epoch(); };
    shell.save_roster = [this](std::vector<lifecycle::RosterEntry> entries) {
      roster_ = std::move(entries);
    };
    shell.hard_state = std::move(hard_state);
    shell.notify_min_broker_id =
        [this](const registry::MinBrokerIdChange& change) {
          min_id_changes.push_back(change);
        };
    service_ = std::make_unique<NameService>(settings, shell, table_, roster);
    node_.executor().post([this] {
      service_->start();
      view_at_start = view();
    });
    node_.executor().set_turn_hook([this] { table_.quiesce(0); });
    world_.run_for(std::chrono::milliseconds(1));
  }
  ~ServiceHarness() {
    table_.quiesce(0);
    service_.reset();
  }

  registry::Register registration(std::string broker, int binding,
                                  std::uint64_t epoch = 1) {
    registry::Register event;
    event.binding = model::BindingId(static_cast<std::uint64_t>(binding));
    event.request.cluster = model::ClusterName("c");
    event.request.broker = {model::BrokerName(std::move(broker)),
                            model::kMasterId};
    event.request.address = {"10.0.0.1", 1883};
    event.request.epoch = model::Epoch(epoch);
    event.request.topics = {{model::TopicName("orders"), {4, 4, {}, 0}}};
    return event;
  }

  // The same over remoting.
  registry::Register remoting(std::string broker, std::int64_t id,
                              model::BindingId binding) {
    registry::Register event = registration(std::move(broker), 0, 0);
    event.binding = binding;
    event.request.broker.broker_id = model::BrokerId(id);
    event.origin = registry::Origin::kRemoting;
    event.topics = id == 0 ? registry::TopicsPolicy::kMerge
                           : registry::TopicsPolicy::kIgnore;
    event.apply_if = registry::ApplyIf::kDifferent;
    event.remoting.address = event.request.broker.to_string() + ":10911";
    event.remoting.body = model::digest_bytes(event.remoting.address);
    return event;
  }

  registry::Reply write(registry::Event event) {
    std::optional<registry::Reply> answered;
    service_->write(std::move(event), [&](registry::Reply reply) {
      answered = std::move(reply);
    });
    REQUIRE(world_.run_until([&] { return answered.has_value(); },
                             std::chrono::seconds(1)));
    return *answered;
  }

  void close(int binding, registry::BindingClosed::Cause cause) {
    service_->write(
        registry::BindingClosed{
            model::BindingId(static_cast<std::uint64_t>(binding)), cause},
        nullptr);
    world_.run_for(std::chrono::milliseconds(1));
  }

  model::Route orders() {
    const registry::RouteTable& table = table_.pin(0);
    const auto* topic = table.find_topic("orders", model::hash_bytes("orders"));
    const auto route = topic == nullptr ? model::Route{} : table.route(*topic);
    table_.quiesce(0);
    return route;
  }
  std::size_t groups_of_orders() { return orders().groups.size(); }
  std::size_t topic_count() {
    const std::size_t count = table_.pin(0).topic_count();
    table_.quiesce(0);
    return count;
  }
  PublishedView view() {
    PublishedView seen = table_.pin_view(0);
    table_.quiesce(0);
    return seen;
  }
  // Runs until `done` was called with what is returned.
  base::Status change(store::Change change) {
    std::optional<base::Status> outcome;
    service_->change_state(std::move(change), [&](base::Status status) {
      outcome = std::move(status);
    });
    REQUIRE(world_.run_until([&] { return outcome.has_value(); },
                             std::chrono::seconds(1)));
    return *outcome;
  }

  sim::SimWorld& world() { return world_; }
  sim::SimNode& node() { return node_; }
  NameService& service() { return *service_; }
  const std::vector<lifecycle::RosterEntry>& roster() const { return roster_; }

  // As readers find it that begin when start() has returned.
  PublishedView view_at_start;
  std::vector<registry::MinBrokerIdChange> min_id_changes;

 private:
  sim::SimWorld world_{{.seed = 1}};
  sim::SimNode& node_ = world_.add_node("ns", "10.0.0.100");
  PublishedTable table_{1};
  std::unique_ptr<NameService> service_;
  std::vector<lifecycle::RosterEntry> roster_;
};

}  // namespace waypost::service

#endif  // WAYPOST_TESTS_NAMESRV_SERVICE_SERVICE_HARNESS_H_
