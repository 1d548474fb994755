#include "tests/hostile/victim.h"

#include <algorithm>
#include <utility>

#include <doctest/doctest.h>

#include "base/options.h"

namespace waypost::hostile {
namespace {

constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

model::RegisterRequest registration(const std::string& topic) {
  model::RegisterRequest request;
  request.cluster = model::ClusterName("c1");
  request.broker = {model::BrokerName("broker-a"), model::kMasterId};
  request.address = {"127.0.0.1", 1001};
  request.epoch = model::Epoch(1);
  model::TopicConfig config;
  config.name = model::TopicName(topic);
  config.queues.read_queues = 4;
  config.queues.write_queues = 4;
  request.topics.push_back(std::move(config));
  request.topics_digest = model::digest_topics(request.topics);
  return request;
}

}  // namespace

Bystander::Bystander(const base::Endpoint& nameserver, std::string topic)
    : inquirer_(nameserver), topic_(std::move(topic)), thread_([this] {
        // At least once, however quickly the attack is over.
        do {
          ask();
        } while (!stop_);
      }) {}

Bystander::~Bystander() {
  if (thread_.joinable()) stop();
}

void Bystander::ask() {
  const support::Stopwatch watch;
  const auto answer = inquirer_.ask(topic_, scaled(Milliseconds(10'000)));
  experience_.longest = std::max(experience_.longest, watch.elapsed());
  if (!answer.error && answer.brokers().size() == 1) {
    ++experience_.answers;
  } else {
    ++experience_.failures;
    experience_.last_failure = answer.to_string();
  }
  // Leaves some of a small machine to the attack.
  support::let_pass(Milliseconds(1), "between two questions");
}

Bystander::Experience Bystander::stop() {
  stop_ = true;
  thread_.join();
  return experience_;
}

Victim::Victim()
    : nameserver_(
          "rocketmq-4",
          {"--limits.payload", base::format_bytes(kPayloadMax),
           "--limits.input", base::format_bytes(kInputMax), "--limits.output",
           base::format_bytes(kOutputMax), "--limits.first-frame",
           std::to_string(kFirstFrame.count()) + "ms", "--io.threads", "2",
           "--drain.max-wait", "100ms"}) {
  REQUIRE(nameserver_.start());
  register_broker();
  REQUIRE(support::wait_for_route(endpoint(), kTopic, {"broker-a"},
                                  scaled(Milliseconds(5'000))));
  memory_at_start_ = nameserver_.process().memory_bytes();
  REQUIRE(memory_at_start_ > 0);
  bystander_ = std::make_unique<Bystander>(endpoint(), kTopic);
}

RawClient Victim::guest() const {
  RawClient client(endpoint());
  REQUIRE(client.connected());
  REQUIRE(client.send_preface());
  REQUIRE(client.request(codec::FrameKind::kHello, 1, model::HelloRequest{}));
  const auto reply = client.read_frame();
  REQUIRE(reply.has_value());
  REQUIRE(reply->header.kind == codec::FrameKind::kHello);
  return client;
}

void Victim::register_broker() {
  broker_ = guest();
  REQUIRE(
      broker_.request(codec::FrameKind::kRegister, 2, registration(kTopic)));
  const auto reply = broker_.read_frame();
  REQUIRE(reply.has_value());
  REQUIRE(reply->header.kind == codec::FrameKind::kRegister);
}

std::size_t Victim::growth_bytes() const {
  const std::size_t now = const_cast<Victim*>(this)->process().memory_bytes();
  return now > memory_at_start_ ? now - memory_at_start_ : 0;
}

std::size_t Victim::peak_growth_bytes() const {
  const std::size_t peak =
      const_cast<Victim*>(this)->process().memory_peak_bytes();
  return peak > memory_at_start_ ? peak - memory_at_start_ : 0;
}

std::size_t Victim::allowed(std::size_t bytes) {
  return kSanitized ? bytes * 4 + 400 * kMiB : bytes;
}

void Victim::verify() {
  INFO(process().transcript().substr(0, 4000));
  CHECK(process().running());
  CHECK(support::wait_for_route(endpoint(), kTopic, {"broker-a"},
                                scaled(Milliseconds(5'000))));
  const auto experience = bystander_->stop();
  CAPTURE(experience.last_failure);
  CHECK(experience.failures == 0);
  CHECK(experience.answers > 0);
  CHECK(experience.longest < scaled(Milliseconds(2'000)));
  process().terminate();
  const auto exit = process().wait(scaled(Milliseconds(10'000)));
  REQUIRE(exit.has_value());
  // A sanitizer that found something ends it with another status.
  CHECK(exit->status == 0);
}

}  // namespace waypost::hostile
