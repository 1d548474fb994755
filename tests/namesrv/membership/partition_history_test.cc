#include "namesrv/membership/partition_history.h"

#include <utility>

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

TEST_CASE("what is done about others' bad link has a record to stand in") {
  PartitionHistory history;
  history.on_lost(kB, kStart);
  history.on_back(kB, true, kStart + 1s);
  history.on_bad_link({kB, kC}, kStart + 9s);
  history.note("sets both to down");
  REQUIRE(history.records().size() == 2);
  CHECK(history.records()[0].actions.empty());
  CHECK(history.records()[1].kind == PartitionKind::kPartial);
  CHECK(history.records()[1].peers == model::PeerNames{kB, kC});
  CHECK_FALSE(history.any_open());
  CHECK(history.records()[1].actions.size() == 1);
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

KeptPartitions copied(const PartitionHistory& history) {
  return {{history.records().begin(), history.records().end()}, 0};
}

TEST_CASE("records survive a restart; the end of what went on is unknown") {
  PartitionHistory history;
  history.on_lost(kC, kStart);
  history.on_back(kC, true, kStart + 1s);
  history.on_lost(kB, kStart + 2s);
  history.on_time(kStart + 40s);
  // Killed at 45 s.
  PartitionHistory again(200, copied(history));
  REQUIRE(again.records().size() == 2);
  CHECK(again.records()[0] == history.records()[0]);
  const PartitionRecord& unknown = again.records()[1];
  CHECK(unknown.end_unknown);
  CHECK(unknown.until == kStart + 40s);
  CHECK(unknown.kind == PartitionKind::kLoss);
  CHECK_FALSE(again.any_open());
  CHECK(again.version() > 0);  // to be put down
  again.on_lost(kC, kStart + 70s);
  CHECK(again.records()[2].id == 3);
  CHECK(again.clear() == 2);
  // A third life changes nothing of what is known to be over.
  const PartitionHistory third(200, {{again.records().front()}, 0});
  CHECK(third.records()[0].end_unknown);
  history.on_gone(kB, kStart + 50s);
  const PartitionHistory over(200, copied(history));
  CHECK(over.version() == 0);
  CHECK_FALSE(over.records()[1].end_unknown);
}

TEST_CASE("a number is never given twice, also when all was cleared") {
  PartitionHistory history(200, {{}, 7});
  history.on_lost(kB, kStart);
  CHECK(history.records()[0].id == 8);
}

TEST_CASE(
    "a record that goes on is put down every ten seconds, and at the end") {
  PartitionHistory history;
  history.on_lost(kB, kStart);
  const auto version = history.version();
  history.on_time(kStart + 9s);
  CHECK(history.version() == version);
  history.on_time(kStart + 10s);
  CHECK(history.version() == version + 1);
  CHECK(history.records()[0].last_seen == kStart + 10s);
  history.on_time(kStart + 11s, true);
  CHECK(history.records()[0].last_seen == kStart + 11s);
  history.on_time(kStart - 1h);  // the civil clock went back
  CHECK(history.records()[0].last_seen == kStart - 1h);
  const PartitionHistory again(200, copied(history));
  CHECK(again.records()[0].until == kStart);
}

TEST_CASE("every change of the records is a new version") {
  PartitionHistory history;
  std::uint64_t last = history.version();
  const auto grew = [&] {
    return history.version() > std::exchange(last, history.version());
  };
  history.on_lost(kB, kStart);
  CHECK(grew());
  history.on_seen_by(kD, kB);
  CHECK(grew());
  history.on_seen_by(kD, kB);
  CHECK_FALSE(grew());
  history.note("paused");
  CHECK(grew());
  history.on_back(kB, true, kStart + 1s);
  CHECK(grew());
  history.on_time(kStart + 1h);
  CHECK_FALSE(grew());
  CHECK(history.clear() == 1);
  CHECK(grew());
  CHECK(history.clear() == 0);
  CHECK_FALSE(grew());
}

TEST_CASE("kinds have names, and back") {
  for (std::size_t i = 0; i < kPartitionKinds; ++i) {
    const auto kind = static_cast<PartitionKind>(i);
    CHECK(partition_kind_of(partition_kind_name(kind)) == kind);
  }
  CHECK_FALSE(partition_kind_of("later").has_value());
}

}  // namespace
}  // namespace waypost::membership
