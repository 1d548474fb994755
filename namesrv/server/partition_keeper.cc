#include "namesrv/server/partition_keeper.h"

#include <mutex>
#include <optional>
#include <utility>

namespace waypost::server {
namespace {

using membership::PartitionRecord;
using Rows = std::vector<store::PartitionRow>;

store::PartitionRow row_of(const PartitionRecord& record) {
  return {{record.id,
           std::string(membership::partition_kind_name(record.kind)),
           {record.peers.begin(), record.peers.end()},
           {record.seen_by.begin(), record.seen_by.end()},
           record.since,
           record.until,
           record.actions,
           record.end_unknown},
          record.last_seen};
}

// None: of a newer program.
std::optional<PartitionRecord> record_of(const store::PartitionRow& row) {
  const model::PartitionEntry& entry = row.entry;
  const auto kind = membership::partition_kind_of(entry.kind);
  if (!kind) return std::nullopt;
  return PartitionRecord{entry.id,
                         *kind,
                         {entry.peers.begin(), entry.peers.end()},
                         {entry.seen_by.begin(), entry.seen_by.end()},
                         entry.since,
                         entry.until,
                         entry.actions,
                         row.last_seen,
                         entry.end_unknown};
}

}  // namespace

struct PartitionKeeper::Writing {
  std::unique_ptr<store::PartitionStore> store;  // writer thread, after load()
  std::mutex mutex;
  // Guarded by mutex.
  std::optional<Rows> waiting;
  std::vector<Kept> waiters;  // for what waits to be written
  bool queued = false;        // write() is on its way
  bool failed = false;        // the last time

  // On the writer thread.
  void write(const Shell& shell);
};

void PartitionKeeper::Writing::write(const Shell& shell) {
  std::optional<Rows> rows;
  std::vector<Kept> told;
  {
    const std::lock_guard lock(mutex);
    queued = false;
    rows = std::exchange(waiting, std::nullopt);
    told = std::exchange(waiters, {});
  }
  const base::Status kept = rows ? store->keep(*rows) : base::Status{};
  bool failed_before = false;
  {
    const std::lock_guard lock(mutex);
    failed_before = std::exchange(failed, !kept.has_value());
  }
  if (!kept && !failed_before) {
    shell.logger.error("the history of partitions cannot be written",
                       {{"why", kept.error().to_string()}});
  } else if (kept && failed_before) {
    shell.logger.info("the history of partitions is written again");
  }
  for (Kept& each : told) {
    shell.executor->post([each = std::move(each), kept] { each(kept); });
  }
}

PartitionKeeper::PartitionKeeper(std::unique_ptr<store::PartitionStore> store,
                                 Shell shell)
    : shell_(std::move(shell)), writing_(std::make_shared<Writing>()) {
  writing_->store = std::move(store);
}

membership::KeptPartitions PartitionKeeper::load() {
  const auto loaded = writing_->store->load(membership::kPartitionRecordsMax);
  if (!loaded) {
    shell_.logger.error("the history of partitions is lost here",
                        {{"why", loaded.error().to_string()}});
    return {};
  }
  if (!loaded->lost.empty()) {
    shell_.logger.error("some of the history of partitions is lost here",
                        {{"why", loaded->lost}});
  }
  membership::KeptPartitions kept{{}, loaded->largest_id};
  for (const store::PartitionRow& row : loaded->rows) {
    auto record = record_of(row);
    if (!record) {
      shell_.logger.warn("a record of a partition is left out: of a newer kind",
                         {{"id", row.entry.id}, {"kind", row.entry.kind}});
      continue;
    }
    if (record->open()) {
      shell_.logger.warn(
          "this nameserver ended while it had lost sight of peers; when they "
          "met again is unknown",
          {{"peers", model::to_string(record->peers)},
           {"last_seen_ms",
            base::to_ms(record->last_seen.time_since_epoch())}});
    }
    kept.records.push_back(std::move(*record));
  }
  return kept;
}

void PartitionKeeper::keep(const membership::PartitionHistory& history,
                           Kept kept) {
  bool queue = false;
  {
    const std::lock_guard lock(writing_->mutex);
    const bool changed = history.version() != version_ || writing_->failed;
    if (!changed && !kept) return;
    if (changed) {
      Rows& rows = writing_->waiting.emplace();
      for (const PartitionRecord& record : history.records()) {
        rows.push_back(row_of(record));
      }
      version_ = history.version();
    }
    if (kept) writing_->waiters.push_back(std::move(kept));
    queue = !std::exchange(writing_->queued, true);
  }
  if (!queue) return;
  shell_.run_on_writer(
      [writing = writing_, shell = shell_] { writing->write(shell); });
}

}  // namespace waypost::server
