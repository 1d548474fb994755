#include "client_sdk/runtime/snapshot_keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace waypost::client {
namespace {

constexpr base::Duration kPauseMin = std::chrono::seconds(1);
constexpr base::Duration kConfirmPause = std::chrono::minutes(10);
constexpr int kPausePerWork = 100;

}  // namespace

SnapshotKeeper::SnapshotKeeper(base::Executor& executor, std::string path,
                               std::function<Snapshot()> collect,
                               base::Logger logger)
    : executor_(executor),
      path_(std::move(path)),
      collect_(std::move(collect)),
      logger_(logger),
      pause_(kPauseMin) {}

Snapshot SnapshotKeeper::read() {
  if (path_.empty()) return {};
  auto snapshot = read_snapshot(path_);
  if (snapshot) {
    logger_.info("routes of an earlier time are known",
                 {{"snapshot", path_}, {"routes", snapshot->routes.size()}});
    return std::move(*snapshot);
  }
  if (snapshot.error().code != base::ErrorCode::kNotFound) {
    logger_.warn("the snapshot of routes is not used",
                 {{"why", snapshot.error().message}});
  }
  return {};
}

void SnapshotKeeper::confirmed() { write_within(kConfirmPause); }

void SnapshotKeeper::write_within(base::Duration pause) {
  if (path_.empty()) return;
  dirty_ = true;
  const base::Instant due = executor_.now() + pause;
  if (timer_ && due_ <= due) return;
  due_ = due;
  timer_ = executor_.run_after(pause, [this] {
    timer_.reset();
    flush();
  });
}

void SnapshotKeeper::flush() {
  if (!std::exchange(dirty_, false)) return;
  // How long it takes is asked of a clock of its own: the loop's stands still
  // within a turn.
  const auto before = std::chrono::steady_clock::now();
  const base::Status written = write_snapshot(path_, collect_());
  const base::Duration took = std::chrono::steady_clock::now() - before;
  pause_ = std::max(kPauseMin, took * kPausePerWork);
  if (written) {
    complained_.clear();
    return;
  }
  if (complained_ == written.error().message) return;
  complained_ = written.error().message;
  logger_.warn("the snapshot of routes could not be written",
               {{"why", complained_}});
}

}  // namespace waypost::client
