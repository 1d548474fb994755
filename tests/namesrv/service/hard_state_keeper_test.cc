#include "namesrv/service/hard_state_keeper.h"

#include <deque>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/sim/sim_world.h"

namespace waypost::service {
namespace {

using std::chrono::seconds;

// A disk whose thread runs when the test says so, and which may fail.
class SlowStore final : public store::HardStateStore {
 public:
  base::Result<store::HardState> load() override { return kept; }
  base::Status commit(const std::vector<store::Change>& changes) override {
    commits.push_back(changes.size());
    if (fails) {
      return base::fail(base::ErrorCode::kInternal, "no space left");
    }
    for (const auto& change : changes) store::apply(kept, change);
    return {};
  }

  store::HardState kept;
  std::vector<std::size_t> commits;  // changes of each
  bool fails = false;
};

class KeeperHarness {
 public:
  explicit KeeperHarness(store::HardStateLimits limits = {})
      : keeper({}, limits,
               {.executor = &node_.executor(),
                .store = &disk,
                .run_on_store_thread =
                    [this](std::function<void()> work) {
                      jobs.push_back(std::move(work));
                    },
                .on_committed =
                    [this](HardStateKeeper::State,
                           std::vector<std::function<void()>> replies) {
                      for (auto& reply : replies) reply();
                    }}) {}

  void put(const std::string& key, const std::string& value) {
    node_.executor().post([this, key, value] {
      keeper.change(model::KvChange{"NS", key, value, true},
                    [this, key](base::Status status) {
                      told += key + (status ? "+" : "-") + " ";
                    });
    });
    world_.run_for(seconds(1));
  }
  void put_together(const std::vector<store::Change>& changes) {
    node_.executor().post([this, changes] {
      keeper.change_together(changes, [this](base::Status status) {
        told += std::string("together") + (status ? "+" : "-") + " ";
      });
    });
    world_.run_for(seconds(1));
  }
  // The store's thread does what it has to do.
  void turn() {
    REQUIRE_FALSE(jobs.empty());
    jobs.front()();
    jobs.pop_front();
    world_.run_for(seconds(1));
  }
  std::string value(const std::string& key) const {
    const std::string* held = keeper.state()->kv.find("NS", key);
    return held == nullptr ? "none" : *held;
  }

 private:
  sim::SimWorld world_{{.seed = 1}};
  sim::SimNode& node_ = world_.add_node("ns", "10.0.0.100");

 public:
  SlowStore disk;
  std::deque<std::function<void()>> jobs;
  std::string told;
  HardStateKeeper keeper;
};

TEST_CASE("nobody is told before the change is on the disk") {
  KeeperHarness it;
  it.put("a", "1");
  CHECK(it.told.empty());
  CHECK(it.value("a") == "none");
  it.turn();
  CHECK(it.told == "a+ ");
  CHECK(it.value("a") == "1");
  CHECK(it.disk.kept.kv.entry_count() == 1);
}

TEST_CASE("what comes while the disk is busy goes in one commit after it") {
  KeeperHarness it;
  it.put("a", "1");
  for (const char* key : {"b", "c", "d"}) it.put(key, "2");
  CHECK(it.jobs.size() == 1);
  it.turn();
  CHECK(it.told == "a+ ");
  it.turn();
  CHECK(it.told == "a+ b+ c+ d+ ");
  CHECK(it.disk.commits == std::vector<std::size_t>{1, 3});
  CHECK(it.jobs.empty());
}

TEST_CASE("a failed commit changes nothing, is told, and the next one works") {
  KeeperHarness it;
  it.put("a", "1");
  it.turn();
  it.disk.fails = true;
  it.put("a", "2");
  it.put("b", "2");
  it.turn();
  it.turn();
  CHECK(it.told == "a+ a- b- ");
  CHECK(it.value("a") == "1");
  it.disk.fails = false;
  it.put("a", "3");
  it.turn();
  CHECK(it.told == "a+ a- b- a+ ");
  CHECK(it.value("a") == "3");
  CHECK(it.value("b") == "none");
}

TEST_CASE("what a limit refuses does not keep the others of its batch back") {
  store::HardStateLimits limits;
  limits.value_bytes_max = 3;
  KeeperHarness it(limits);
  it.put("a", "1");
  it.put("b", "too long");
  it.put("c", "3");
  it.turn();
  it.turn();
  CHECK(it.told == "a+ b- c+ ");
  CHECK(it.disk.commits == std::vector<std::size_t>{1, 1});
  // Alone in its batch it costs no commit.
  it.put("d", "too long");
  it.turn();
  CHECK(it.told == "a+ b- c+ d- ");
  CHECK(it.disk.commits.size() == 2);
}

TEST_CASE("changes that belong together come together or not at all") {
  store::HardStateLimits limits;
  limits.value_bytes_max = 3;
  KeeperHarness it(limits);
  const auto put = [](const std::string& key, const std::string& value) {
    return store::Change(model::KvChange{"NS", key, value, true});
  };
  it.put("a", "1");
  it.put("b", "1");
  it.put_together({put("a", "2"), put("c", "too long"), put("d", "2")});
  it.put_together({put("b", "3"), put("e", "3")});
  it.turn();
  it.turn();
  CHECK(it.told == "a+ b+ together- together+ ");
  // One commit, between others.
  CHECK(it.disk.commits == std::vector<std::size_t>{1, 3});
  CHECK(it.value("a") == "1");
  CHECK(it.value("d") == "none");
  CHECK(it.value("b") == "3");
  CHECK(it.value("e") == "3");
  it.disk.fails = true;
  it.put_together({put("b", "4"), put("e", "4")});
  it.turn();
  CHECK(it.told == "a+ b+ together- together+ together- ");
  CHECK(it.value("b") == "3");
}

TEST_CASE("after stop() nobody is called, though a batch is on its way") {
  KeeperHarness it;
  it.put("a", "1");
  it.put("b", "1");
  it.keeper.stop();
  it.turn();
  CHECK(it.told.empty());
  CHECK(it.jobs.empty());
}

}  // namespace
}  // namespace waypost::service
