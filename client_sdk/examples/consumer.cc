// Subscribes to a topic at every broker that the route names and tells what
// arrives, as JSON lines: each message once as "received", again as
// "duplicate".
//
//   waypost-demo-consumer --client.nameservers 10.0.0.1:9876,10.0.0.2:9876
//                         --topic orders

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "client_sdk/examples/arguments.h"
#include "client_sdk/examples/event_line.h"
#include "client_sdk/examples/mqtt_link.h"
#include "client_sdk/examples/sdk_events.h"
#include "client_sdk/examples/stop_signal.h"
#include "waypost/waypost.hpp"

namespace waypost::examples {
namespace {

// Which of the run's numbers have arrived.
class Inbox {
 public:
  explicit Inbox(std::string run) : prefix_(std::move(run) + " ") {}

  // `payload`: "RUN NUMBER"; what belongs to another run is left out.
  void take(const std::string& broker, std::string_view payload) {
    if (!payload.starts_with(prefix_)) return;
    payload.remove_prefix(prefix_.size());
    std::uint64_t number = 0;
    std::from_chars(payload.data(), payload.data() + payload.size(), number);
    const std::lock_guard lock(mutex_);
    const bool fresh = numbers_.insert(number).second;
    if (!fresh) ++duplicates_;
    print_event(fresh ? "received" : "duplicate",
                {{"number", number}, {"broker", broker}});
  }

  void print_summary() {
    const std::lock_guard lock(mutex_);
    print_event("consumer-done",
                {{"unique", numbers_.size()}, {"duplicates", duplicates_}});
  }

 private:
  const std::string prefix_;
  std::mutex mutex_;
  std::unordered_set<std::uint64_t> numbers_;
  std::uint64_t duplicates_ = 0;
};

// A subscription at every broker that a route has named. One that left the
// route is kept: it may hold messages for us when it comes back.
class Subscriptions {
 public:
  Subscriptions(std::string topic, const std::string& run)
      : topic_(std::move(topic)), name_("consumer-" + run), inbox_(run) {}

  void follow(const Route& route) {
    for (const RouteGroup& group : route.groups) {
      for (const RouteReplica& replica : group.replicas) {
        subscribe(replica.broker);
      }
    }
  }

  void print_summary() {
    links_.clear();
    inbox_.print_summary();
  }

 private:
  void subscribe(const Broker& broker) {
    std::unique_ptr<MqttLink>& link = links_[broker.address];
    if (link) return;
    MqttOptions options;
    options.host = broker.host;
    options.port = broker.port;
    options.client_id = name_;
    options.clean_session = false;
    options.subscribe_to = topic_;
    options.on_message = [this, name = broker.name](std::string_view payload) {
      inbox_.take(name, payload);
    };
    options.on_state = [name = broker.name](bool connected,
                                            const std::string& why) {
      print_event(connected ? "subscribed" : "subscription-lost",
                  {{"broker", name}, {"why", why}});
    };
    link = std::make_unique<MqttLink>(std::move(options));
  }

  const std::string topic_;
  const std::string name_;
  Inbox inbox_;
  std::map<std::string, std::unique_ptr<MqttLink>> links_;
};

int consume(int argc, char** argv) {
  const StopSignal stop;
  const Arguments arguments(argc, argv, {{"topic", "orders"}, {"run", "demo"}});
  const std::string& topic = arguments.text("topic");
  ClientOptions options = arguments.client();
  options.name = "waypost-demo-consumer";
  options.on_event = print_sdk_event;
  auto client = Client::create(options);
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().to_string().c_str());
    return 2;
  }
  Subscriptions subscriptions(topic, arguments.text("run"));
  for (auto next = std::chrono::steady_clock::now(); !stop.wait_until(next);
       next += std::chrono::milliseconds(200)) {
    // From the cache, but for the first time.
    if (const auto route = client->route(topic)) subscriptions.follow(*route);
  }
  subscriptions.print_summary();
  return 0;
}

}  // namespace
}  // namespace waypost::examples

int main(int argc, char** argv) {
  return waypost::examples::consume(argc, argv);
}
