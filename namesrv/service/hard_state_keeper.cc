#include "namesrv/service/hard_state_keeper.h"

#include <utility>

#include "base/assert.h"

namespace waypost::service {

// Changes on their way to the disk, with what became of each.
struct HardStateKeeper::Batch {
  State base;
  std::vector<std::pair<std::vector<store::Change>, Done>> changes;

  std::shared_ptr<store::HardState> result;
  std::vector<base::Status> outcomes;  // of each change
  bool committed = false;

  // All of `together` or nothing into `result`.
  base::Status add(const std::vector<store::Change>& together,
                   const store::HardStateLimits& limits);
  // On the store's thread.
  void run(store::HardStateStore* store, const store::HardStateLimits& limits);
};

base::Status HardStateKeeper::Batch::add(
    const std::vector<store::Change>& together,
    const store::HardStateLimits& limits) {
  if (together.size() == 1) {
    auto checked = store::check(*result, together.front(), limits);
    if (checked) store::apply(*result, together.front());
    return checked;
  }
  store::HardState tried = *result;
  for (const store::Change& change : together) {
    if (auto checked = store::check(tried, change, limits); !checked) {
      return checked;
    }
    store::apply(tried, change);
  }
  *result = std::move(tried);
  return {};
}

void HardStateKeeper::Batch::run(store::HardStateStore* store,
                                 const store::HardStateLimits& limits) {
  result = std::make_shared<store::HardState>(*base);
  std::vector<store::Change> accepted;
  for (const auto& [together, done] : changes) {
    outcomes.push_back(add(together, limits));
    if (!outcomes.back()) continue;
    accepted.insert(accepted.end(), together.begin(), together.end());
  }
  if (accepted.empty()) return;
  const base::Status stored =
      store == nullptr ? base::Status{} : store->commit(accepted);
  committed = stored.has_value();
  if (committed) return;
  for (base::Status& outcome : outcomes) {
    if (outcome) outcome = stored;
  }
}

HardStateKeeper::HardStateKeeper(store::HardState initial,
                                 store::HardStateLimits limits, Shell shell)
    : limits_(limits),
      shell_(std::move(shell)),
      state_(std::make_shared<const store::HardState>(std::move(initial))),
      self_(std::make_shared<HardStateKeeper*>(this)) {}

HardStateKeeper::~HardStateKeeper() { stop(); }

void HardStateKeeper::stop() {
  *self_ = nullptr;
  waiting_.clear();
}

void HardStateKeeper::change(store::Change change, Done done) {
  change_together({std::move(change)}, std::move(done));
}

void HardStateKeeper::change_together(std::vector<store::Change> changes,
                                      Done done) {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  if (*self_ == nullptr) return;
  waiting_.emplace_back(std::move(changes), std::move(done));
  if (!committing_) start_batch();
}

void HardStateKeeper::start_batch() {
  committing_ = true;
  auto batch = std::make_shared<Batch>();
  batch->base = state_;
  batch->changes = std::exchange(waiting_, {});
  auto work = [batch, store = shell_.store, limits = limits_,
               executor = shell_.executor, self = self_] {
    batch->run(store, limits);
    executor->post([batch, self] {
      if (*self != nullptr) (*self)->finish_batch(*batch);
    });
  };
  if (shell_.run_on_store_thread) {
    shell_.run_on_store_thread(std::move(work));
  } else {
    work();
  }
}

void HardStateKeeper::finish_batch(Batch& batch) {
  committing_ = false;
  if (batch.committed) state_ = std::move(batch.result);
  std::vector<std::function<void()>> replies;
  for (std::size_t i = 0; i < batch.changes.size(); ++i) {
    Done& done = batch.changes[i].second;
    if (!done) continue;
    replies.emplace_back(
        [done = std::move(done), outcome = std::move(batch.outcomes[i])] {
          done(outcome);
        });
  }
  if (!waiting_.empty()) start_batch();
  shell_.on_committed(state_, std::move(replies));
}

}  // namespace waypost::service
