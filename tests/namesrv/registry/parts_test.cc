// A large registration in parts, and then whole, leaves what it leaves at once.

#include "namesrv/registry/parts.h"

#include <string>

#include <doctest/doctest.h>

#include "namesrv/registry/prepare.h"
#include "namesrv/registry/registry.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;

constexpr base::Instant kStart{1000h};
constexpr int kTopics = static_cast<int>(kTopicsPerPart) * 2 + 100;

Register registration(Origin origin, int first, int count, std::uint32_t queues,
                      std::int64_t version) {
  Register event;
  event.origin = origin;
  event.binding = model::BindingId(1);
  event.request.cluster = model::ClusterName("c");
  event.request.broker = {model::BrokerName("large"), model::kMasterId};
  event.request.address = {"10.0.0.1", 10911};
  event.request.epoch = model::Epoch(origin == Origin::kNative ? 1 : 0);
  for (int i = first; i < first + count; ++i) {
    event.request.topics.push_back(
        {model::TopicName("topic-" + std::to_string(i)),
         {queues, queues, {}, 0}});
  }
  if (origin == Origin::kRemoting) {
    event.topics = TopicsPolicy::kMerge;
    event.apply_if = ApplyIf::kDifferent;
    event.remoting.address = "10.0.0.1:10911";
    event.remoting.version.counter = version;
    model::StaticTopicMapping mapping;
    mapping.topic = model::TopicName("mapped");
    event.remoting.mappings.push_back(mapping);
  }
  REQUIRE(prepare(event).has_value());
  return event;
}

RegistrySettings telling() {
  RegistrySettings settings;
  settings.tells_holdings = true;
  return settings;
}

void take_in_parts(Registry& registry, Register event) {
  REQUIRE(registry.topics_to_change(event, kTopicsPerPart) > kTopicsPerPart);
  for (std::size_t at = 0; at < event.request.topics.size();
       at += kTopicsPerPart) {
    const Effects effects = registry.step(part_of(event, at), kStart);
    REQUIRE_FALSE(std::holds_alternative<base::Error>(effects.reply));
    CHECK(effects.holdings.empty());
  }
  CHECK(registry.topics_to_change(event, kTopicsPerPart) == 0);
  CHECK(registry.step(event, kStart).holdings.size() == 1);
}

void check_same(Registry& one, Registry& other) {
  REQUIRE(one.table().topic_count() == other.table().topic_count());
  const model::BrokerKey large{model::BrokerName("large"), model::kMasterId};
  CHECK(one.holding(large) == other.holding(large));
  const auto of_one = one.registration(large);
  const auto of_other = other.registration(large);
  CHECK(of_one->request.topics == of_other->request.topics);
  CHECK(of_one->remoting == of_other->remoting);
  const std::string name = "topic-20000";
  const auto* topic = one.table().find_topic(name, model::hash_bytes(name));
  const auto* same = other.table().find_topic(name, model::hash_bytes(name));
  REQUIRE(topic != nullptr);
  CHECK(one.table().route(*topic) == other.table().route(*same));
}

TEST_CASE("in parts or at once: the same") {
  for (const Origin origin : {Origin::kNative, Origin::kRemoting}) {
    Registry in_parts(telling());
    Registry at_once(telling());
    // The first one; others go, change and come; and of no version, which over
    // remoting is that of a broker which has not been heard.
    for (const auto& event : {registration(origin, 0, kTopics, 1, 0),
                              registration(origin, 5, kTopics, 2, 7)}) {
      take_in_parts(in_parts, event);
      at_once.step(event, kStart);
      check_same(in_parts, at_once);
    }
  }
}

TEST_CASE("what changes few topics needs no parts") {
  Registry registry(telling());
  auto event = registration(Origin::kNative, 0, kTopics, 1, 0);
  registry.step(event, kStart);
  CHECK(registry.topics_to_change(event, kTopicsPerPart) == 0);
  event.request.topics[7].queues.read_queues = 9;
  event.prepared = false;
  REQUIRE(prepare(event).has_value());
  CHECK(registry.topics_to_change(event, kTopicsPerPart) == 1);
}

TEST_CASE("what may not fit is judged as a whole") {
  RegistrySettings settings;
  settings.topics_max = kTopics - 1;
  Registry registry(settings);
  const auto event = registration(Origin::kNative, 0, kTopics, 1, 0);
  CHECK(registry.topics_to_change(event, kTopicsPerPart) == 0);
}

}  // namespace
}  // namespace waypost::registry
