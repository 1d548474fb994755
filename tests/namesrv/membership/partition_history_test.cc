#include "namesrv/membership/partition_history.h"

#include <doctest/doctest.h>

namespace waypost::membership {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kStart{500000h};
const model::PeerName kB("b"), kC("c"), kD("d");

TEST_CASE("losses that overlap are one record") {
  PartitionHistory history;
  history.on_lost(kB, kStart);
  history.on_lost(kC, kStart + 1s);
  history.on_seen_by(kD, kB);
  history.on_seen_by(kC, kD);  // of no concern: kD is here
  history.note("paused: reaches 1 of 3");
  CHECK(history.any_open());
  REQUIRE(history.records().size() == 1);
  CHECK(history.records()[0].kind == PartitionKind::kLoss);
  history.on_back(kB, true, kStart + 60s);
  CHECK(history.records()[0].open());
  history.on_back(kC, true, kStart + 61s);
  const PartitionRecord& record = history.records()[0];
  CHECK_FALSE(history.any_open());
  CHECK(record.kind == PartitionKind::kPartition);
  CHECK(record.peers == model::PeerNames{kB, kC});
  CHECK(record.seen_by == model::PeerNames{kD});
  CHECK(record.until == kStart + 61s);
  CHECK(record.actions == std::vector<std::string>{"paused: reaches 1 of 3"});
  // What came of it is noted where it belongs.
  history.note("resumed");
  CHECK(history.records()[0].actions.size() == 2);
}

TEST_CASE("a peer that comes back as a new life had died") {
  PartitionHistory history;
  history.on_lost(kB, kStart);
  history.on_back(kB, false, kStart + 5s);
  CHECK(history.records()[0].kind == PartitionKind::kOutage);
  history.on_lost(kB, kStart + 10s);
  history.on_gone(kB, kStart + 20s);
  CHECK(history.records().size() == 2);
  CHECK(history.records()[1].kind == PartitionKind::kOutage);
  CHECK(history.records()[1].id == 2);
}

TEST_CASE("a loss that somebody else does not share is partial") {
  PartitionHistory history;
  history.on_lost(kB, kStart);
  history.on_partial(kB, kC);
  history.on_partial(kD, kC);  // not lost: means nothing
  history.on_back(kB, true, kStart + 5s);
  CHECK(history.records()[0].kind == PartitionKind::kPartial);
  CHECK(history.records()[0].seen_by == model::PeerNames{kC});
}

TEST_CASE("being written off and having slept are records of their own") {
  PartitionHistory history;
  history.on_own_gap(30s, kStart + 30s);
  history.on_written_off(kB, kStart + 31s);
  REQUIRE(history.records().size() == 2);
  CHECK(history.records()[0].kind == PartitionKind::kOwnGap);
  CHECK(history.records()[0].since == kStart);
  CHECK(history.records()[0].actions[0] == "did not run for 30s");
  CHECK(history.records()[1].kind == PartitionKind::kOneSided);
  // A peer that we lost as well: both sides see it.
  history.on_lost(kC, kStart + 40s);
  history.on_written_off(kC, kStart + 41s);
  CHECK(history.records().size() == 3);
}

TEST_CASE("what is over can be cleared, and old records make room") {
  PartitionHistory history(3);
  for (int i = 0; i < 5; ++i) {
    history.on_lost(kB, kStart + i * 10s);
    history.on_back(kB, true, kStart + i * 10s + 5s);
  }
  CHECK(history.records().size() == 3);
  CHECK(history.records().front().id == 3);
  history.on_lost(kB, kStart + 100s);
  CHECK(history.clear() == 2);
  CHECK(history.records().size() == 1);
  CHECK(history.any_open());
}

TEST_CASE("records survive a restart; what was open ends with it") {
  PartitionHistory history;
  history.on_lost(kB, kStart);
  CHECK(history.take_changed() == std::vector<std::uint64_t>{1});
  CHECK(history.take_changed().empty());
  PartitionHistory again(
      200, {history.records().begin(), history.records().end()}, kStart + 60s);
  REQUIRE(again.records().size() == 1);
  CHECK(again.records()[0].until == kStart + 60s);
  CHECK(again.take_changed() == std::vector<std::uint64_t>{1});
  again.on_lost(kC, kStart + 70s);
  CHECK(again.records()[1].id == 2);
}

}  // namespace
}  // namespace waypost::membership
