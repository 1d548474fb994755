// Large registrations are performed in parts, and others are heard in between.

#include <string>
#include <variant>
#include <vector>

#include "namesrv/registry/parts.h"
#include "namesrv/registry/prepare.h"
#include "tests/namesrv/service/service_harness.h"

namespace waypost::service {
namespace {

using std::chrono::seconds;
using Cause = registry::BindingClosed::Cause;

constexpr int kTopics = static_cast<int>(registry::kTopicsPerPart) * 5;

registry::Register large(ServiceHarness& harness, std::uint64_t epoch = 1) {
  auto event = harness.registration("large", 1, epoch);
  for (int i = 0; i < kTopics; ++i) {
    event.request.topics.push_back(
        {model::TopicName("topic-" + std::to_string(i)), {1, 1, {}, 0}});
  }
  REQUIRE(registry::prepare(event).has_value());
  return event;
}

// What is answered, in order.
struct Answers {
  ReplyCallback note(std::string what) {
    return [this, what = std::move(what)](const registry::Reply& reply) {
      const auto* error = std::get_if<base::Error>(&reply);
      told.push_back(what + (error == nullptr ? "" : ": refused"));
    };
  }
  std::string text() const {
    std::string all;
    for (const std::string& each : told) all += each + " ";
    return all;
  }
  std::vector<std::string> told;
};

// Asks for signs of life, each from within a turn of the thread, until the
// answer to something else is there.
void beat_until(ServiceHarness& harness, Answers& answers, std::size_t count) {
  registry::Heartbeat heartbeat;
  heartbeat.request.broker = {model::BrokerName("small"), model::kMasterId};
  heartbeat.request.epoch = model::Epoch(1);
  heartbeat.binding = model::BindingId(2);
  for (int turn = 0; answers.told.size() < count; ++turn) {
    REQUIRE(turn < 1000);
    std::size_t beats = 0;
    harness.service().write(heartbeat, [&](const registry::Reply& reply) {
      CHECK(std::get<model::HeartbeatReply>(reply).known);
      ++beats;
    });
    REQUIRE(harness.world().run_until([&] { return beats == 1; }, seconds(1)));
    if (answers.told.size() < count) answers.told.emplace_back("beat");
  }
}

TEST_CASE("others are heard while a large broker registers") {
  ServiceHarness harness;
  harness.write(harness.registration("small", 2));
  Answers answers;
  harness.service().write(large(harness), answers.note("large"));
  harness.service().write(harness.registration("next", 3),
                          answers.note("next"));
  beat_until(harness, answers, 4);
  // Six parts, two in a turn, and the whole in a fourth; who registered after
  // it comes after it.
  CHECK(answers.text() == "beat beat beat large next ");
  CHECK(harness.topic_count() == kTopics + 1);
  CHECK(harness.groups_of_orders() == 3);
}

TEST_CASE("a connection that closes ends the registration that it brought") {
  ServiceHarness harness;
  harness.write(harness.registration("small", 2));
  Answers answers;
  harness.service().write(large(harness), answers.note("large"));
  beat_until(harness, answers, 1);
  harness.close(1, Cause::kPeer);
  harness.write(harness.registration("next", 3));
  CHECK(answers.text() == "beat ");
  CHECK(harness.groups_of_orders() == 2);
  harness.world().run_for(seconds(1));
  CHECK(harness.topic_count() == 1);
}

TEST_CASE("a large registration is refused once and whole") {
  ServiceHarness harness;
  harness.write(harness.registration("large", 1, 5));
  Answers answers;
  harness.service().write(large(harness, 4), answers.note("large"));
  harness.world().run_for(seconds(1));
  CHECK(answers.text() == "large: refused ");
  CHECK(harness.topic_count() == 1);
}

}  // namespace
}  // namespace waypost::service
