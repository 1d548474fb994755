#include "tests/sim/incidents/producer.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kEach = 200ms;
constexpr base::Duration kBudget = 3s;
constexpr base::Duration kRoundTrip = 5ms;

}  // namespace

struct Producer::Message {
  base::Instant deadline;
  int attempts_left = 0;
  std::vector<Pick> failed;
  std::unique_ptr<base::Timer> timer;
};

Producer::Producer(SimNode& node, ClientOptions options, std::string topic,
                   int attempts, Acknowledges acknowledges, base::Logger logger)
    : node_(node),
      options_(std::move(options)),
      topic_(std::move(topic)),
      attempts_(attempts),
      acknowledges_(std::move(acknowledges)),
      logger_(logger) {
  options_.on_event = [this](const waypost::Event& event) { note(event); };
  options_.event_delivery = EventDelivery::kExecutor;
  options_.event_executor = [](const auto& task) { task(); };
  options_.topics = {topic_};
  outlet_ = *client::EventOutlet::create(options_);
  checked_ = *client::check_options(options_);
  client::EngineMailbox& mailbox = *this;  // a private base
  state_ =
      std::make_unique<client::ClientState>(options_, node.executor(), mailbox);
}

Producer::~Producer() = default;

void Producer::start() {
  engine_ = std::make_unique<client::ClientEngine>(
      node_.executor(), node_.network(), options_, checked_, *state_, *outlet_,
      logger_);
  WAYPOST_ASSERT(state_->topic(topic_).has_value());
  send();
}

// Once the route is known, each 200 ms.
void Producer::send() {
  next_ = node_.executor().run_after(kEach, [this] { send(); });
  if (!state_->route(topic_)) return;
  std::erase_if(under_way_, [](const auto& each) { return !each->timer; });
  auto message = std::make_shared<Message>();
  message->deadline = node_.executor().now() + kBudget;
  message->attempts_left = attempts_;
  under_way_.push_back(message);
  ++sent_;
  attempt(message);
}

void Producer::attempt(const std::shared_ptr<Message>& message) {
  const base::Instant now = node_.executor().now();
  PickOptions options;
  options.avoid = message->failed;
  const auto pick = state_->pick(topic_, options);
  if (!pick || message->attempts_left == 0 || now >= message->deadline) {
    ++lost_;
    last_loss_ = now;
    message->timer.reset();
    return;
  }
  if (pick->broker().id != 0) ++to_replicas_;
  const bool well = acknowledges_(pick->address());
  const base::Duration share =
      (message->deadline - now) / message->attempts_left;
  --message->attempts_left;
  message->timer = node_.executor().run_after(
      well ? kRoundTrip : share,
      [this, weak = std::weak_ptr(message), pick = *pick, well, now] {
        const auto it = weak.lock();
        if (it == nullptr) return;
        state_->report(pick, well ? Outcome::kOk : Outcome::kFailed,
                       node_.executor().now() - now);
        const auto done = std::exchange(it->timer, nullptr);
        if (well) return;
        it->failed.push_back(pick);
        attempt(it);
      });
}

void Producer::note(const waypost::Event& event) {
  if (std::holds_alternative<BrokerAvoided>(event.what) && !avoided_at_) {
    avoided_at_ = node_.executor().now();
  }
  logger_.info(event.to_string());
}

std::vector<std::string> Producer::masters() const {
  std::vector<std::string> names;
  const auto route = state_->route(topic_);
  if (!route) return names;
  for (const auto& group : route->groups) {
    for (const auto& replica : group.replicas) {
      if (replica.broker.id == 0) names.push_back(group.name);
    }
  }
  return names;
}

}  // namespace waypost::sim
