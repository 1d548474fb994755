#ifndef WAYPOST_NAMESRV_SERVICE_PUBLISHED_TABLE_H_
#define WAYPOST_NAMESRV_SERVICE_PUBLISHED_TABLE_H_

// One writer hands tables to many readers that never wait.
//
// The current table is one atomic pointer. A reader that has looked at it is
// "pinned" until it says that it holds nothing any more, once a turn of its
// loop; a table that was replaced is freed when no reader is pinned since
// before its replacement (epoch-based reclamation: Fraser, "Practical
// lock-freedom", 2004). Reference counts would make readers write to shared
// memory on every query, and std::atomic<std::shared_ptr> takes a lock in g++
// 12.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "namesrv/registry/route_table.h"
#include "namesrv/service/remoting_settings.h"
#include "namesrv/store/hard_state.h"

namespace waypost::service {

// What readers see of the registry thread's state: one version of all of it.
struct PublishedView {
  registry::RouteTable routes;
  std::shared_ptr<const store::HardState> state;  // never null
  RemotingSettings remoting;
  // Grows with each change of `state` or `remoting`: what was made with their
  // help is current while this and the route's stamp are the same.
  std::uint64_t settings_version = 0;
};

class PublishedTable {
 public:
  // Reader numbers are 0 to readers - 1, one thread each.
  explicit PublishedTable(std::size_t readers);
  // All readers must be quiescent for good.
  ~PublishedTable();
  PublishedTable(const PublishedTable&) = delete;
  PublishedTable& operator=(const PublishedTable&) = delete;

  // Writer thread only. Readers see `view` from their next pin on.
  void publish(PublishedView view);
  // The same with only the routes changed.
  void publish(const registry::RouteTable& routes);

  // Writer thread only: frees some of what nobody can see any more, so much
  // that the thread is not held up for long. publish() does it too; call it now
  // and then so that the last one does not linger, and again while it returns
  // true.
  bool reclaim();

  // Replaced tables that are still held. Writer thread only.
  std::size_t retired_count() const { return retired_.size(); }

  // What reader `reader` sees; valid until its quiesce(). Cheap when already
  // pinned.
  const registry::RouteTable& pin(std::size_t reader) {
    return pin_view(reader).routes;
  }
  const PublishedView& pin_view(std::size_t reader) {
    Slot& slot = slots_[reader];
    if (slot.pinned == nullptr) slot.pinned = enter(slot);
    return *slot.pinned;
  }

  // The reader holds no reference into any table.
  void quiesce(std::size_t reader) {
    Slot& slot = slots_[reader];
    if (slot.pinned == nullptr) return;
    slot.pinned = nullptr;
    slot.epoch.store(kQuiescent, std::memory_order_release);
  }

 private:
  static constexpr std::uint64_t kQuiescent = 0;

  struct alignas(64) Slot {
    std::atomic<std::uint64_t> epoch{kQuiescent};
    const PublishedView* pinned = nullptr;  // the reader's own
  };
  struct Retired {
    PublishedView* view;
    std::uint64_t epoch;  // readers pinned at or after it cannot see `view`
  };

  const PublishedView* enter(Slot& slot);
  void free_some();

  std::vector<Slot> slots_;
  std::atomic<std::uint64_t> epoch_{1};
  std::atomic<PublishedView*> current_;
  std::deque<Retired> retired_;
  // Of tables that nobody sees any more.
  std::deque<registry::RouteTable::Remains> remains_;
};

}  // namespace waypost::service

#endif  // WAYPOST_NAMESRV_SERVICE_PUBLISHED_TABLE_H_
