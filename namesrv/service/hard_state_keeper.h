#ifndef WAYPOST_NAMESRV_SERVICE_HARD_STATE_KEEPER_H_
#define WAYPOST_NAMESRV_SERVICE_HARD_STATE_KEEPER_H_

#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "namesrv/store/hard_state.h"

namespace waypost::service {

// Takes changes of hard state to the disk and back: one batch at a time is
// checked and committed on the store's thread, while the next one gathers, so
// that a slow disk costs each caller one or two commits and the registry thread
// nothing. Registry thread only, but for what it posts.
class HardStateKeeper {
 public:
  using State = std::shared_ptr<const store::HardState>;
  using Done = std::function<void(base::Status)>;

  struct Shell {
    base::Executor* executor = nullptr;  // the registry thread
    // Null: what is kept is kept in memory alone.
    store::HardStateStore* store = nullptr;
    std::function<void(std::function<void()>)> run_on_store_thread;
    // A batch is durable: the state is to be published, then each of `replies`
    // to be run.
    std::function<void(State, std::vector<std::function<void()>> replies)>
        on_committed;
  };

  HardStateKeeper(store::HardState initial, store::HardStateLimits limits,
                  Shell shell);
  ~HardStateKeeper();
  HardStateKeeper(const HardStateKeeper&) = delete;
  HardStateKeeper& operator=(const HardStateKeeper&) = delete;

  void change(store::Change change, Done done);
  // All of them in one commit, or none: `done` has the first refusal.
  void change_together(std::vector<store::Change> changes, Done done);
  // What is committed.
  const State& state() const { return state_; }

  // Calls nobody back any more. A batch that is on its way may still reach the
  // disk.
  void stop();

 private:
  struct Batch;

  void start_batch();
  void finish_batch(Batch& batch);

  const store::HardStateLimits limits_;
  const Shell shell_;
  State state_;
  std::vector<std::pair<std::vector<store::Change>, Done>> waiting_;
  bool committing_ = false;
  // Lets a batch that outlives the keeper find out.
  std::shared_ptr<HardStateKeeper*> self_;
};

}  // namespace waypost::service

#endif  // WAYPOST_NAMESRV_SERVICE_HARD_STATE_KEEPER_H_
