#ifndef WAYPOST_TESTS_BROKER_AGENT_PROCESS_NAMESERVER_THREAD_H_
#define WAYPOST_TESTS_BROKER_AGENT_PROCESS_NAMESERVER_THREAD_H_

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "tests/broker_agent/runtime/small_nameserver.h"
#include "wire/transport/loop.h"

namespace waypost::agent::testing {

// A SmallNameserver on 127.0.0.1 on a thread of its own; asked from the test's.
class NameserverThread {
 public:
  explicit NameserverThread(std::uint64_t incarnation = 1)
      : loop_(transport::Loop::create()) {
    std::promise<base::Endpoint> listening;
    loop_->post([this, incarnation, &listening] {
      server_.emplace(*loop_, loop_->network(), base::Endpoint{"127.0.0.1", 0},
                      incarnation);
      listening.set_value(server_->endpoint());
    });
    thread_ = std::thread([this] {
      loop_->run();
      server_.reset();
    });
    endpoint_ = listening.get_future().get();
  }
  ~NameserverThread() {
    loop_->stop();
    thread_.join();
  }
  NameserverThread(const NameserverThread&) = delete;
  NameserverThread& operator=(const NameserverThread&) = delete;

  std::string address() const { return endpoint_.to_string(); }

  void register_stock_broker(const std::string& name,
                             const base::Endpoint& address) {
    ask([&](SmallNameserver& server) {
      server.register_stock_broker(name, address, "orders");
      return true;
    });
  }
  std::optional<model::BrokerListing> broker(const std::string& name) {
    return ask([&](SmallNameserver& server) { return server.broker(name); });
  }
  bool is_healthy(const std::string& name) {
    const auto found = broker(name);
    return found && found->health == model::BrokerHealth::kHealthy;
  }
  bool is_unhealthy(const std::string& name) {
    const auto found = broker(name);
    return found && found->health == model::BrokerHealth::kUnhealthy;
  }
  std::vector<std::string> changes() {
    return ask([](SmallNameserver& server) { return server.changes(); });
  }

 private:
  template <typename Question>
  std::invoke_result_t<Question, SmallNameserver&> ask(Question question) {
    std::promise<std::invoke_result_t<Question, SmallNameserver&>> answer;
    loop_->post([&] { answer.set_value(question(*server_)); });
    return answer.get_future().get();
  }

  std::unique_ptr<transport::Loop> loop_;
  std::optional<SmallNameserver> server_;
  base::Endpoint endpoint_;
  std::thread thread_;
};

}  // namespace waypost::agent::testing

#endif  // WAYPOST_TESTS_BROKER_AGENT_PROCESS_NAMESERVER_THREAD_H_
