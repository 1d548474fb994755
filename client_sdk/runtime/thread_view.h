#ifndef WAYPOST_CLIENT_SDK_RUNTIME_THREAD_VIEW_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_THREAD_VIEW_H_

// How picking threads read the current table without locks.
//
// Each thread keeps a counted reference to the table it last saw and compares
// one atomic version number; only when that differs it takes the publisher's
// mutex for as long as copying a pointer takes. The reference counts, which all
// threads would otherwise fight for with each pick, are thus touched once for
// each change. A thread that never picks again keeps its last table until it
// ends or picks with another client.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "client_sdk/core/eligibility.h"
#include "client_sdk/core/turn_order.h"
#include "client_sdk/runtime/fork_guard.h"
#include "client_sdk/runtime/route_table.h"

namespace waypost::client {

// A thread's answer to "who takes turns", kept until what it was made of
// changes.
struct CachedEligibility {
  std::uint64_t route_id = 0;
  std::uint64_t fault_version = 0;
  bool zone_first = false;
  Eligibility eligibility;
};

// A thread's turns at one topic.
struct ThreadTopic {
  struct Purpose {
    TurnCursor turns;
    TurnCursor retries;
    std::unique_ptr<CachedEligibility> eligibility;  // made when first needed
  };
  Purpose produce;
  Purpose consume;
  bool started = false;

  Purpose& of(PickFor purpose) {
    return purpose == PickFor::kProduce ? produce : consume;
  }
};

// Counted by one thread, read by others; what ended threads counted stays.
using PickCount = std::atomic<std::uint64_t>;

// One thread's view of one client.
struct ThreadView {
  std::uint64_t client_id = 0;
  std::weak_ptr<const void> client_alive;
  std::uint64_t version = 0;
  std::shared_ptr<const RouteTable> table;
  std::vector<ThreadTopic> topics;  // by slot
  base::Random random{0};
  std::shared_ptr<PickCount> picks;  // null in a view without topics

  // No atomic addition: nobody else writes.
  void count_pick() {
    picks->store(picks->load(std::memory_order_relaxed) + 1,
                 std::memory_order_relaxed);
  }

  ThreadTopic& topic(TopicSlot slot);
};

// The current table of one client. Any thread.
class PublishedRoutes {
 public:
  // Threads start their turns as `seed` says; 0: each somewhere else.
  explicit PublishedRoutes(std::uint64_t seed);
  PublishedRoutes(const PublishedRoutes&) = delete;
  PublishedRoutes& operator=(const PublishedRoutes&) = delete;

  // Makes `table` the current one, with the next version.
  void publish(RouteTable table);
  std::shared_ptr<const RouteTable> current() const;
  std::uint64_t version() const {
    return version_.load(std::memory_order_acquire);
  }

  std::uint64_t id() const { return id_; }
  // By all threads so far.
  std::uint64_t picks() const;

  // True in a child after fork(), when this was made before: only view() may
  // be called, and gives one without topics.
  bool stranded() const { return generation_ != ForkGeneration::current(); }
  // The calling thread's next view() looks at stranded().
  static void forget_last_view() { last_view = nullptr; }

  // The calling thread's view, up to date.
  ThreadView& view() const {
    ThreadView* last = last_view;
    if (last == nullptr || last->client_id != id_) last = &find_view();
    if (last->version != version()) update(*last);
    return *last;
  }

 private:
  ThreadView& find_view() const;
  ThreadView& stranded_view() const;
  void update(ThreadView& view) const;
  void fold_ended() const;

  // The view that this thread used last.
  static constinit thread_local ThreadView* last_view;
  struct ThreadViews;

  const std::uint64_t id_;  // of the client, never used twice in a process
  const std::uint64_t generation_ = ForkGeneration::current();
  const std::uint64_t seed_;
  mutable std::atomic<std::uint64_t> threads_{0};
  std::shared_ptr<const int> alive_ = std::make_shared<int>(0);
  std::atomic<std::uint64_t> version_{0};

  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<PickCount>> counts_;  // guarded by mutex_
  mutable std::uint64_t picks_of_ended_ = 0;                // guarded by mutex_
  std::shared_ptr<const RouteTable> current_;               // guarded by mutex_
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_THREAD_VIEW_H_
