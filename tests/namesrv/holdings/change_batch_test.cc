#include "namesrv/holdings/change_batch.h"

#include <string>

#include <doctest/doctest.h>

namespace waypost::holdings {
namespace {

using namespace std::chrono_literals;

constexpr base::Instant kStart{1000h};

model::Holding held(const std::string& name, std::uint64_t epoch = 1) {
  model::Holding holding;
  holding.broker = {model::BrokerName(name), model::kMasterId};
  holding.epoch = model::Epoch(epoch);
  return holding;
}

TEST_CASE("a lone change is told at once, what follows is gathered") {
  ChangeBatch batch;
  CHECK_FALSE(batch.due());
  batch.add({{held("a")}, {}, {1, 0}});
  REQUIRE(batch.due());
  CHECK(*batch.due() <= kStart);
  const auto first = batch.take(kStart);
  CHECK(first.changed == std::vector{held("a")});
  CHECK(first.after == model::SetDigest{1, 0});
  CHECK_FALSE(batch.due());

  batch.add({{held("b")}, {}, {2, 0}});
  batch.add({{held("c")}, {held("a").broker}, {3, 0}});
  CHECK(batch.due() == kStart + 20ms);
  const auto second = batch.take(kStart + 20ms);
  CHECK(second.changed == std::vector{held("b"), held("c")});
  CHECK(second.dropped == std::vector{held("a").broker});
  CHECK(second.after == model::SetDigest{3, 0});
}

TEST_CASE("of one broker the last is told") {
  ChangeBatch batch;
  batch.add({{held("a", 1), held("b", 1)}, {}, {1, 0}});
  batch.add({{}, {held("a").broker}, {2, 0}});
  batch.add({{held("b", 2)}, {}, {3, 0}});
  const auto change = batch.take(kStart);
  CHECK(change.changed == std::vector{held("b", 2)});
  CHECK(change.dropped == std::vector{held("a").broker});
  batch.add({{}, {held("c").broker}, {4, 0}});
  batch.add({{held("c", 3)}, {}, {5, 0}});
  const auto back = batch.take(kStart + 20ms);
  CHECK(back.changed == std::vector{held("c", 3)});
  CHECK(back.dropped.empty());
}

TEST_CASE("a thousand at once are a few messages, none larger than allowed") {
  ChangeBatch batch({.interval = 20ms, .brokers_max = 200});
  std::size_t messages = 0;
  std::size_t brokers = 0;
  for (int i = 0; i < 1000; ++i) {
    batch.add({{held("broker-" + std::to_string(i))}, {}, {}});
    if (*batch.due() > kStart) continue;
    const auto change = batch.take(kStart);
    CHECK(change.changed.size() <= 200);
    ++messages;
    brokers += change.changed.size();
  }
  // The first alone, then full ones; what is left is due after the interval.
  CHECK(messages == 5);
  CHECK(brokers == 801);
  CHECK(batch.due() == kStart + 20ms);
  CHECK(batch.take(kStart + 20ms).changed.size() == 199);
}

}  // namespace
}  // namespace waypost::holdings
