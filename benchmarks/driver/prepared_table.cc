#include "benchmarks/driver/prepared_table.h"

#include <chrono>
#include <cstdio>
#include <span>

#include "wire/codec/native.h"

namespace waypost::bench {
namespace {

constexpr base::Duration kCallDeadline = std::chrono::seconds(10);
constexpr std::chrono::seconds kHeartbeatInterval(1);
constexpr std::uint32_t kQueues = 8;

// A second run against the same nameserver must not be an older process than
// the first. (Agents ask for the largest known epoch instead: theirs must hold
// when clocks are wrong.)
model::Epoch epoch_of_this_run() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return model::Epoch(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count()));
}

}  // namespace

std::string numbered(const std::string& prefix, std::size_t number) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%06zu", number);
  return prefix + digits;
}

model::TopicName bench_topic(std::size_t number) {
  return model::TopicName(numbered("bench-topic-", number));
}

model::RegisterRequest bench_registration(const std::string& broker_name,
                                          std::size_t topics) {
  model::RegisterRequest request;
  request.cluster = model::ClusterName("bench");
  request.broker = {model::BrokerName(broker_name), model::kMasterId};
  request.address = {"10.0.0.1", 10911};
  request.epoch = epoch_of_this_run();
  for (std::size_t i = 0; i < topics; ++i) {
    model::TopicConfig topic;
    topic.name = bench_topic(i);
    topic.queues.read_queues = kQueues;
    topic.queues.write_queues = kQueues;
    request.topics.push_back(topic);
  }
  request.topics_digest = model::digest_topics(request.topics);
  return request;
}

base::Result<std::unique_ptr<PreparedTable>> PreparedTable::create(
    const base::Endpoint& target, const TableSpec& spec) {
  auto client = NativeClient::connect(target, kCallDeadline);
  if (!client) return tl::unexpected(client.error());
  std::unique_ptr<PreparedTable> table(
      new PreparedTable(spec, std::move(*client)));
  const base::Status registered = table->register_all();
  if (!registered) {
    return tl::unexpected(registered.error().with_context("prepare the table"));
  }
  table->keeper_ = std::thread([self = table.get()] { self->keep_alive(); });
  return table;
}

PreparedTable::~PreparedTable() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stop_changed_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

base::Status PreparedTable::check() {
  const std::lock_guard lock(mutex_);
  return status_;
}

base::Status PreparedTable::register_all() {
  for (std::size_t i = 0; i < spec_.brokers; ++i) {
    model::RegisterRequest request =
        bench_registration(numbered("bench-broker-", i), spec_.topics);
    request.address = {
        "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1),
        10911};
    const auto answer =
        client_->call(codec::FrameKind::kRegister, codec::encode(request));
    if (!answer) return tl::unexpected(answer.error());
    heartbeats_.push_back(
        {request.broker, request.epoch, request.topics_digest});
  }
  return {};
}

base::Status PreparedTable::heartbeat_all() {
  for (const model::HeartbeatRequest& heartbeat : heartbeats_) {
    const auto answer =
        client_->call(codec::FrameKind::kHeartbeat, codec::encode(heartbeat));
    if (!answer) return tl::unexpected(answer.error());
    const auto reply = codec::decode<model::HeartbeatReply>(
        std::as_bytes(std::span(*answer)).subspan(codec::kFrameHeaderBytes));
    if (!reply) return tl::unexpected(reply.error());
    if (!reply->known) {
      return base::fail(
          base::ErrorCode::kStale,
          "the nameserver has forgotten " + heartbeat.broker.to_string());
    }
  }
  return {};
}

void PreparedTable::keep_alive() {
  std::unique_lock lock(mutex_);
  while (!stop_ && status_) {
    stop_changed_.wait_for(lock, kHeartbeatInterval, [this] { return stop_; });
    if (stop_) return;
    lock.unlock();
    const base::Status status = heartbeat_all();
    lock.lock();
    if (!status) {
      status_ =
          tl::unexpected(status.error().with_context("keep the table alive"));
    }
  }
}

}  // namespace waypost::bench
