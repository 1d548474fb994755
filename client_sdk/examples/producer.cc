// Publishes numbered messages to a topic at a steady rate and tells how each of
// them went, as JSON lines. What an application does with the SDK is in
// `Producer::send_one`: Client::send picks the broker and retries on another;
// the application's own transport is libmosquitto.
//
//   waypost-demo-producer --client.nameservers 10.0.0.1:9876,10.0.0.2:9876
//                         --topic orders --rate 20

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client_sdk/examples/arguments.h"
#include "client_sdk/examples/event_line.h"
#include "client_sdk/examples/mqtt_link.h"
#include "client_sdk/examples/sdk_events.h"
#include "client_sdk/examples/stop_signal.h"
#include "waypost/waypost.hpp"

namespace waypost::examples {
namespace {

// One connection for each broker, made when it is first picked.
class Links {
 public:
  explicit Links(std::string name) : name_(std::move(name)) {}

  std::shared_ptr<MqttLink> link_to(const Broker& broker) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<MqttLink>& link = links_[broker.address];
    if (!link) {
      MqttOptions options;
      options.host = broker.host;
      options.port = broker.port;
      options.client_id = name_ + "-" + std::to_string(++made_);
      link = std::make_shared<MqttLink>(std::move(options));
    }
    return link;
  }

  // After a failure: what the link still has to send is sent by another one, so
  // it must not arrive late. It ends with its last user.
  void drop(const Broker& broker, const std::shared_ptr<MqttLink>& link) {
    const std::lock_guard lock(mutex_);
    const auto found = links_.find(broker.address);
    if (found != links_.end() && found->second == link) links_.erase(found);
  }

 private:
  const std::string name_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<MqttLink>> links_;
  std::uint64_t made_ = 0;
};

// The numbers that wait to be sent; as many threads take them as may be needed
// to keep the rate while a broker hangs.
class Queue {
 public:
  void push(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    numbers_.push_back(number);
    changed_.notify_one();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // False when closed and empty.
  bool pop(std::uint64_t& number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !numbers_.empty(); });
    if (numbers_.empty()) return false;
    number = numbers_.front();
    numbers_.pop_front();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::uint64_t> numbers_;
  bool closed_ = false;
};

class Producer {
 public:
  Producer(Client& client, const Arguments& arguments)
      : client_(client),
        topic_(arguments.text("topic")),
        run_(arguments.text("run")),
        period_(std::chrono::nanoseconds(std::chrono::seconds(1)) /
                arguments.number("rate")),
        links_("producer-" + run_) {
    const auto threads =
        static_cast<std::size_t>(arguments.client().send_timeout / period_ + 8);
    for (std::size_t i = 0; i < threads; ++i) {
      workers_.emplace_back([this] {
        for (std::uint64_t number = 0; queue_.pop(number);) send_one(number);
      });
    }
  }

  void run(const StopSignal& stop) {
    auto next = std::chrono::steady_clock::now();
    for (std::uint64_t number = 1; !stop.wait_until(next); ++number) {
      queue_.push(number);
      next += period_;
    }
    queue_.close();
    for (std::thread& worker : workers_) worker.join();
    print_event("producer-done",
                {{"acked", acked_.load()}, {"failed", failed_.load()}});
  }

 private:
  void send_one(std::uint64_t number) {
    const std::string payload = run_ + " " + std::to_string(number);
    print_event("sent", {{"number", number}});
    const auto attempt = [&](const Pick& pick,
                             std::chrono::nanoseconds budget) {
      const auto link = links_.link_to(pick.broker());
      std::string why = link->publish(topic_, payload, budget);
      if (why.empty()) return AttemptResult::ok();
      links_.drop(pick.broker(), link);
      return AttemptResult::failed(std::move(why));
    };
    const SendResult result = client_.send(topic_, attempt);
    if (result.ok()) {
      ++acked_;
      print_event("acked",
                  {{"number", number},
                   {"broker", result.attempts.back().pick.broker_name()},
                   {"attempts", result.attempts.size()},
                   {"ms", milliseconds(result.elapsed)}});
    } else {
      ++failed_;
      print_event("failed", {{"number", number},
                             {"ms", milliseconds(result.elapsed)},
                             {"why", result.status.error().to_string()}});
    }
    for (const AttemptRecord& each : result.attempts) {
      if (each.outcome == Outcome::kOk) continue;
      print_event("attempt-failed", {{"number", number},
                                     {"broker", each.pick.broker_name()},
                                     {"ms", milliseconds(each.latency)},
                                     {"budget_ms", milliseconds(each.budget)},
                                     {"why", each.detail}});
    }
  }

  Client& client_;
  const std::string topic_;
  const std::string run_;
  const std::chrono::nanoseconds period_;
  Links links_;
  Queue queue_;
  std::atomic<std::uint64_t> acked_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::vector<std::thread> workers_;
};

int produce(int argc, char** argv) {
  const StopSignal stop;
  const Arguments arguments(
      argc, argv, {{"topic", "orders"}, {"rate", "20"}, {"run", "demo"}});
  ClientOptions options = arguments.client();
  options.name = "waypost-demo-producer";
  options.topics = {arguments.text("topic")};
  options.on_event = print_sdk_event;
  auto client = Client::create(options);
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().to_string().c_str());
    return 2;
  }
  Producer(*client, arguments).run(stop);
  return 0;
}

}  // namespace
}  // namespace waypost::examples

int main(int argc, char** argv) {
  return waypost::examples::produce(argc, argv);
}
