#include "benchmarks/peers/broker_fleet.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "benchmarks/driver/prepared_table.h"
#include "wire/codec/native.h"

namespace waypost::bench {
namespace {

using std::chrono::steady_clock;

constexpr base::Duration kCallDeadline = std::chrono::seconds(60);
constexpr std::chrono::seconds kBeatInterval(1);
constexpr std::size_t kRegisterSeconds = 30;
// Sent before answers are awaited: what a connection's buffers hold.
constexpr std::size_t kWindow = 32;
// Nobody expires because this machine was busy.
constexpr base::Duration kExpiry = std::chrono::minutes(10);

model::Epoch epoch_of_this_process() {
  static const auto kEpoch = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count());
  return model::Epoch(kEpoch);
}

base::Status check_known(const std::string& answer) {
  const auto reply = codec::decode<model::HeartbeatReply>(
      std::as_bytes(std::span(answer)).subspan(codec::kFrameHeaderBytes));
  if (!reply) return tl::unexpected(reply.error());
  if (reply->known) return {};
  return base::fail(base::ErrorCode::kStale,
                    "the nameserver has forgotten a broker");
}

}  // namespace

model::RegisterRequest fleet_registration(const PeerTableSpec& spec,
                                          std::size_t broker,
                                          std::uint32_t queues) {
  model::RegisterRequest request =
      bench_registration(numbered("fleet-broker-", broker), 0);
  request.address = {"10." + std::to_string(1 + broker / 62'500) + "." +
                         std::to_string(broker / 250 % 250) + "." +
                         std::to_string(broker % 250 + 1),
                     10911};
  request.epoch = epoch_of_this_process();
  request.expiry = kExpiry;
  const std::size_t count = spec.topics_per_broker();
  const std::size_t first = broker / spec.copies * count;
  for (std::size_t i = first; i < first + count; ++i) {
    model::TopicConfig topic;
    topic.name = bench_topic(i);
    topic.queues.read_queues = queues;
    topic.queues.write_queues = queues;
    request.topics.push_back(topic);
  }
  request.topics_digest = model::digest_topics(request.topics);
  return request;
}

base::Result<std::unique_ptr<BrokerFleet>> BrokerFleet::connect(
    const base::Endpoint& target, const PeerTableSpec& spec) {
  auto client = NativeClient::connect(target, kCallDeadline);
  if (!client) return tl::unexpected(client.error());
  return std::unique_ptr<BrokerFleet>(
      new BrokerFleet(spec, std::move(*client)));
}

BrokerFleet::~BrokerFleet() { (void)rest(); }

base::Status BrokerFleet::register_all(std::uint32_t queues) {
  registrations_.clear();
  heartbeats_.clear();
  for (std::size_t i = 0; i < spec_.brokers; ++i) {
    const auto request = fleet_registration(spec_, i, queues);
    registrations_.push_back(codec::encode(request));
    heartbeats_.push_back(codec::encode(model::HeartbeatRequest{
        request.broker, request.epoch, request.topics_digest}));
  }
  return register_some(0, registrations_.size());
}

base::Status BrokerFleet::register_some(std::size_t first, std::size_t end) {
  for (; first < end; first += kWindow) {
    const auto at = registrations_.begin();
    const auto answers = client_->call_all(
        codec::FrameKind::kRegister,
        {at + static_cast<std::ptrdiff_t>(first),
         at + static_cast<std::ptrdiff_t>(std::min(first + kWindow, end))});
    if (!answers) return tl::unexpected(answers.error());
  }
  return {};
}

base::Status BrokerFleet::beat_all() {
  const auto answers =
      client_->call_all(codec::FrameKind::kHeartbeat, heartbeats_);
  if (!answers) return tl::unexpected(answers.error());
  for (const std::string& answer : *answers) {
    if (auto known = check_known(answer); !known) return known;
  }
  return {};
}

void BrokerFleet::keep_alive() {
  stop_ = false;
  thread_ = std::thread([this] { run(); });
}

void BrokerFleet::run() {
  std::size_t second = 0;
  auto due = steady_clock::now();
  for (;;) {
    due += kBeatInterval;
    {
      std::unique_lock lock(mutex_);
      if (stop_changed_.wait_until(lock, due, [this] { return stop_; })) return;
    }
    status_ = beat_all();
    if (!status_) return;
    const std::size_t count = registrations_.size();
    status_ = register_some(second * count / kRegisterSeconds,
                            (second + 1) * count / kRegisterSeconds);
    if (!status_) return;
    second = (second + 1) % kRegisterSeconds;
  }
}

base::Status BrokerFleet::rest() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stop_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  return status_;
}

base::Result<std::unique_ptr<Pulse>> Pulse::start(
    const base::Endpoint& target) {
  auto client = NativeClient::connect(target, kCallDeadline);
  if (!client) return tl::unexpected(client.error());
  std::unique_ptr<Pulse> pulse(new Pulse(std::move(*client)));
  // Of another name at each nameserver, or they would be one broker.
  model::RegisterRequest request =
      bench_registration("pulse-" + std::to_string(target.port), 1);
  request.expiry = kExpiry;
  pulse->heartbeat_ = codec::encode(model::HeartbeatRequest{
      request.broker, request.epoch, request.topics_digest});
  const auto registered =
      pulse->client_->call(codec::FrameKind::kRegister, codec::encode(request));
  if (!registered) return tl::unexpected(registered.error());
  pulse->thread_ = std::thread([self = pulse.get()] { self->run(); });
  return pulse;
}

Pulse::~Pulse() { (void)stop(); }

void Pulse::run() {
  auto due = steady_clock::now();
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
    }
    due += std::chrono::milliseconds(10);
    std::this_thread::sleep_until(due);
    const auto answer = client_->call(codec::FrameKind::kHeartbeat, heartbeat_);
    if (!answer) {
      status_ = tl::unexpected(answer.error());
      return;
    }
    status_ = check_known(*answer);
    if (!status_) return;
    latencies_ns_.push_back(static_cast<std::uint64_t>(
        std::chrono::nanoseconds(steady_clock::now() - due).count()));
  }
}

base::Result<std::vector<std::uint64_t>> Pulse::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) thread_.join();
  if (!status_) return tl::unexpected(status_.error());
  return latencies_ns_;
}

}  // namespace waypost::bench
