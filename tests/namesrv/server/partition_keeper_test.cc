#include "namesrv/server/partition_keeper.h"

#include <deque>
#include <utility>

#include <doctest/doctest.h>

#include "tests/support/sim/sim_world.h"

namespace waypost::server {
namespace {

using namespace std::chrono_literals;
using membership::PartitionHistory;

constexpr base::WallTime kStart{500000h};
const model::PeerName kPeerB("b");

// A disk that can be slow and full.
struct Disk {
  std::vector<store::PartitionRow> rows;
  std::uint64_t largest_id = 0;
  bool full = false;
  int writes = 0;
};

class DiskStore : public store::PartitionStore {
 public:
  explicit DiskStore(Disk& disk) : disk_(disk) {}
  base::Result<Loaded> load(std::size_t) override {
    return Loaded{disk_.rows, "", disk_.largest_id};
  }
  base::Status keep(const std::vector<store::PartitionRow>& rows) override {
    ++disk_.writes;
    if (disk_.full) {
      return base::fail(base::ErrorCode::kInternal, "no room");
    }
    disk_.rows = rows;
    return {};
  }

 private:
  Disk& disk_;
};

// A writer thread that runs when the test says so.
struct Keeping {
  Keeping() : node(world.add_node("ns", "10.0.0.1")) {}

  void run_writer() {
    while (!writer.empty()) {
      auto work = std::move(writer.front());
      writer.pop_front();
      work();
    }
    world.run_for(1ms);
  }

  Disk disk;
  std::deque<std::function<void()>> writer;
  sim::SimWorld world{{}};
  sim::SimNode& node;
  PartitionKeeper keeper{std::make_unique<DiskStore>(disk),
                         {&node.executor(0),
                          [this](std::function<void()> work) {
                            writer.push_back(std::move(work));
                          },
                          {}}};
};

TEST_CASE("what changed is written once, however slow the disk is") {
  Keeping keeping;
  CHECK(keeping.keeper.load().records.empty());
  PartitionHistory history;
  keeping.keeper.keep(history, {});
  CHECK(keeping.writer.empty());
  history.on_lost(kPeerB, kStart);
  keeping.keeper.keep(history, {});
  history.note("paused");
  keeping.keeper.keep(history, {});
  history.on_back(kPeerB, true, kStart + 5s);
  keeping.keeper.keep(history, {});
  keeping.keeper.keep(history, {});
  CHECK(keeping.writer.size() == 1);
  keeping.run_writer();
  CHECK(keeping.disk.writes == 1);
  REQUIRE(keeping.disk.rows.size() == 1);
  CHECK(keeping.disk.rows[0].entry.actions ==
        std::vector<std::string>{"paused"});
  keeping.keeper.keep(history, {});
  CHECK(keeping.writer.empty());
  const auto loaded = keeping.keeper.load().records;
  REQUIRE(loaded.size() == 1);
  CHECK(loaded[0] == history.records()[0]);
}

TEST_CASE("who waits is told when it is on the disk, or why not") {
  Keeping keeping;
  PartitionHistory history;
  std::vector<std::string> told;
  const auto tell = [&](const base::Status& kept) {
    told.push_back(kept ? "kept" : kept.error().message);
  };
  history.on_own_gap(30s, kStart);
  keeping.keeper.keep(history, tell);
  CHECK(told.empty());
  keeping.run_writer();
  CHECK(told == std::vector<std::string>{"kept"});
  keeping.disk.full = true;
  CHECK(history.clear() == 1);
  keeping.keeper.keep(history, tell);
  keeping.run_writer();
  CHECK(told == std::vector<std::string>{"kept", "no room"});
  CHECK(keeping.disk.rows.size() == 1);
  // It is tried again by itself.
  keeping.disk.full = false;
  keeping.keeper.keep(history, {});
  keeping.run_writer();
  CHECK(keeping.disk.rows.empty());
  // Nothing has changed: still an answer.
  keeping.keeper.keep(history, tell);
  keeping.run_writer();
  CHECK(told.back() == "kept");
}

TEST_CASE("a kind of a newer program is left out") {
  Keeping keeping;
  store::PartitionRow row;
  row.entry.id = 4;
  row.entry.kind = "of-tomorrow";
  keeping.disk.rows = {row};
  row.entry.id = 5;
  row.entry.kind = "loss";
  keeping.disk.rows.push_back(row);
  keeping.disk.largest_id = 9;
  const auto loaded = keeping.keeper.load();
  REQUIRE(loaded.records.size() == 1);
  CHECK(loaded.records[0].id == 5);
  CHECK(loaded.largest_id == 9);
}

}  // namespace
}  // namespace waypost::server
