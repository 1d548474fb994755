#include "namesrv/service/published_table.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "namesrv/registry/registry.h"

namespace waypost::service {
namespace {

using std::chrono::seconds;

// A registry in which one topic's queue count counts up: its table's content
// tells how old it is.
class CountingRegistry {
 public:
  const registry::RouteTable& next() {
    registry::Register event;
    event.binding = model::BindingId(1);
    event.request.cluster = model::ClusterName("c");
    event.request.broker = {model::BrokerName("b"), model::kMasterId};
    event.request.address = {"10.0.0.1", 10911};
    event.request.epoch = model::Epoch(1);
    model::TopicConfig topic{model::TopicName("t"), {}};
    topic.queues.read_queues = ++count_;
    topic.queues.write_queues = count_;
    event.request.topics = {topic};
    registry_.step(event, base::Instant(seconds(1)));
    return registry_.table();
  }

 private:
  std::uint32_t count_ = 0;
  registry::Registry registry_{registry::RegistrySettings{}};
};

std::uint32_t count_in(const registry::RouteTable& table) {
  const auto* topic = table.find_topic("t", model::hash_bytes("t"));
  return topic == nullptr ? 0 : topic->members.at(0).queues.read_queues;
}

TEST_CASE("a reader keeps the table it has pinned until it quiesces") {
  PublishedTable published(2);
  CountingRegistry registry;
  published.publish(registry.next());
  const registry::RouteTable& pinned = published.pin(0);
  CHECK(count_in(pinned) == 1);

  published.publish(registry.next());
  published.publish(registry.next());
  CHECK(count_in(pinned) == 1);
  CHECK(count_in(published.pin(0)) == 1);
  CHECK(count_in(published.pin(1)) == 3);
  CHECK(published.retired_count() == 2);

  published.quiesce(0);
  published.reclaim();
  CHECK(published.retired_count() == 0);
  CHECK(count_in(published.pin(0)) == 3);
  published.quiesce(0);
  published.quiesce(1);
}

TEST_CASE("readers on other threads see whole tables that never go back") {
  constexpr std::size_t kReaders = 3;
  constexpr int kTables = 3000;
  PublishedTable published(kReaders);
  CountingRegistry registry;
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  std::atomic<int> backwards{0};
  for (std::size_t reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&, reader] {
      std::uint32_t last = 0;
      while (!done.load()) {
        for (int look = 0; look < 10; ++look) {
          const std::uint32_t seen = count_in(published.pin(reader));
          if (seen < last) ++backwards;
          last = seen;
        }
        published.quiesce(reader);
      }
    });
  }
  for (int i = 0; i < kTables; ++i) published.publish(registry.next());
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(backwards == 0);
  published.reclaim();
  CHECK(published.retired_count() == 0);
}

TEST_CASE("a large table that nobody sees any more is freed in pieces") {
  PublishedTable published(1);
  auto registry =
      std::make_unique<registry::Registry>(registry::RegistrySettings{});
  registry::Register event;
  event.binding = model::BindingId(1);
  event.request.cluster = model::ClusterName("c");
  event.request.broker = {model::BrokerName("b"), model::kMasterId};
  event.request.address = {"10.0.0.1", 10911};
  for (int i = 0; i < 100'000; ++i) {
    event.request.topics.push_back(
        {model::TopicName("t" + std::to_string(i)), {1, 1, {}, 0}});
  }
  registry->step(event, base::Instant(seconds(1)));
  published.publish(registry->table());
  // Nobody shares it with what comes after.
  registry.reset();
  published.publish(registry::RouteTable{});
  CHECK(published.retired_count() == 0);
  int turns = 0;
  while (published.reclaim()) ++turns;
  CHECK(turns > 2);
  CHECK(turns < 100);
}

}  // namespace
}  // namespace waypost::service
