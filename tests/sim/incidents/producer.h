#ifndef WAYPOST_TESTS_SIM_INCIDENTS_PRODUCER_H_
#define WAYPOST_TESTS_SIM_INCIDENTS_PRODUCER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "client_sdk/runtime/client_engine.h"
#include "client_sdk/runtime/client_state.h"
#include "client_sdk/runtime/event_outlet.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::sim {

// An application that sends a message each 200 ms through the SDK: its routes,
// its fault table, its choice of brokers. A message has 3 s for its attempts,
// each of which gets its share.
class Producer final : private client::EngineMailbox {
 public:
  // Whether a broker, by its address, acknowledges now.
  using Acknowledges = std::function<bool(const std::string& address)>;

  Producer(SimNode& node, ClientOptions options, std::string topic,
           int attempts, Acknowledges acknowledges, base::Logger logger);
  ~Producer() override;

  void start();

  std::size_t sent() const { return sent_; }
  std::size_t lost() const { return lost_; }
  // Messages given to a broker that is not its group's master.
  std::size_t to_replicas() const { return to_replicas_; }
  std::optional<base::Instant> last_loss() const { return last_loss_; }
  std::string nameserver() const { return state_->stats().nameserver; }
  // Names of the broker groups in the route that have a master.
  std::vector<std::string> masters() const;
  // When it first avoided a broker.
  std::optional<base::Instant> avoided_at() const { return avoided_at_; }

 private:
  struct Message;

  void send();
  void attempt(const std::shared_ptr<Message>& message);
  void note(const waypost::Event& event);
  void want(client::TopicState& topic) override { engine_->want(topic); }
  void fault_changed(const client::FaultBoard::Change& change) override {
    engine_->fault_changed(change);
  }

  SimNode& node_;
  ClientOptions options_;
  const std::string topic_;
  const int attempts_;
  const Acknowledges acknowledges_;
  const base::Logger logger_;
  client::CheckedOptions checked_;
  std::shared_ptr<client::EventOutlet> outlet_;
  std::unique_ptr<client::ClientState> state_;
  std::unique_ptr<client::ClientEngine> engine_;
  std::unique_ptr<base::Timer> next_;
  std::vector<std::shared_ptr<Message>> under_way_;
  std::size_t sent_ = 0;
  std::size_t lost_ = 0;
  std::size_t to_replicas_ = 0;
  std::optional<base::Instant> last_loss_;
  std::optional<base::Instant> avoided_at_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_INCIDENTS_PRODUCER_H_
