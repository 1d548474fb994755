#include "namesrv/admin/snapshots.h"

#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/wait.h"

namespace waypost::admin_http {
namespace {

using namespace std::chrono_literals;

// A registry thread that turns when the test says so.
struct Registry {
  std::mutex mutex;
  std::deque<std::function<void()>> tasks;
  std::atomic<int> taken{0};

  Snapshots::Shell shell(base::Duration fresh, base::Duration wait_max) {
    return {[this](std::function<void()> task) {
              const std::lock_guard lock(mutex);
              tasks.push_back(std::move(task));
            },
            [this] {
              Snapshot made;
              made.view.table_version = static_cast<std::uint64_t>(++taken);
              return made;
            },
            fresh, wait_max};
  }
  std::size_t waiting() {
    const std::lock_guard lock(mutex);
    return tasks.size();
  }
  void turn() {
    std::deque<std::function<void()>> now;
    {
      const std::lock_guard lock(mutex);
      now.swap(tasks);
    }
    for (auto& task : now) task();
  }
};

TEST_CASE("many who ask cost the registry thread one look") {
  Registry registry;
  Snapshots snapshots(registry.shell(1h, 60s));
  std::vector<std::future<base::Result<Snapshots::Taken>>> asked;
  for (int i = 0; i < 8; ++i) {
    asked.push_back(
        std::async(std::launch::async, [&] { return snapshots.get(); }));
  }
  CHECK(support::wait_until(support::scaled(10s),
                            [&] { return registry.waiting() == 1; }));
  registry.turn();
  for (auto& each : asked) {
    const auto taken = each.get();
    REQUIRE(taken.has_value());
    CHECK((*taken)->view.table_version == 1);
  }
  // Fresh enough: not asked again.
  CHECK(snapshots.get().has_value());
  CHECK(registry.taken == 1);
  CHECK(registry.waiting() == 0);
}

TEST_CASE("what is too old is taken anew") {
  Registry registry;
  Snapshots snapshots(registry.shell(base::Duration(0), 60s));
  for (std::uint64_t i = 1; i <= 2; ++i) {
    auto asked =
        std::async(std::launch::async, [&] { return snapshots.get(); });
    CHECK(support::wait_until(support::scaled(10s),
                              [&] { return registry.waiting() == 1; }));
    registry.turn();
    CHECK((*asked.get())->view.table_version == i);
  }
}

TEST_CASE("a registry thread that hangs is told of and not flooded") {
  Registry registry;
  Snapshots snapshots(registry.shell(base::Duration(0), 20ms));
  for (int i = 0; i < 3; ++i) {
    const auto taken = snapshots.get();
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().code == base::ErrorCode::kTimedOut);
    CHECK(taken.error().message.starts_with(
        "the registry thread has not turned for "));
  }
  CHECK(registry.waiting() == 1);
  // It turns again: what was late is of no use to those who had gone.
  registry.turn();
  CHECK(registry.taken == 1);
  CHECK_FALSE(snapshots.get().has_value());
  CHECK(registry.waiting() == 1);
}

TEST_CASE("stopping sends away who waits, and what comes late hurts nobody") {
  Registry registry;
  {
    Snapshots snapshots(registry.shell(base::Duration(0), 1h));
    auto asked =
        std::async(std::launch::async, [&] { return snapshots.get(); });
    CHECK(support::wait_until(support::scaled(10s),
                              [&] { return registry.waiting() == 1; }));
    snapshots.stop();
    CHECK(asked.get().error().code == base::ErrorCode::kCancelled);
    CHECK_FALSE(snapshots.get().has_value());
  }
  registry.turn();
  CHECK(registry.taken == 1);
}

}  // namespace
}  // namespace waypost::admin_http
