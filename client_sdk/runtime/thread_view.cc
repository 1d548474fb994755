#include "client_sdk/runtime/thread_view.h"

#include <utility>

#include <cxxabi.h>

// Of the shared library or program that this is part of.
extern "C" void* __dso_handle;  // NOLINT: named by the C++ ABI

namespace waypost::client {
namespace {

std::uint64_t next_client_id() {
  static std::atomic<std::uint64_t> last_id{0};
  return last_id.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

constinit thread_local ThreadView* PublishedRoutes::last_view = nullptr;

// All views of one thread; end with it.
//
// No thread_local object: those of the application, whose destructors may pick,
// may end later than that, and static ones end later than all of them. Whoever
// comes so late gets others, which end after what made them; those that a
// static object made are left to the end of the process.
struct PublishedRoutes::ThreadViews {
  std::vector<std::unique_ptr<ThreadView>> views;
  ThreadView stranded;  // of whatever client that cannot be used any more

  static ThreadViews& mine() {
    static constinit thread_local ThreadViews* mine = nullptr;
    if (mine == nullptr) {
      mine = new ThreadViews;
      abi::__cxa_thread_atexit(
          [](void*) {
            last_view = nullptr;
            delete std::exchange(mine, nullptr);
          },
          nullptr, &__dso_handle);
    }
    return *mine;
  }
};

ThreadTopic& ThreadView::topic(TopicSlot slot) {
  if (slot >= topics.size()) topics.resize(slot + 1);
  ThreadTopic& topic = topics[slot];
  if (!topic.started) {
    topic.started = true;
    for (ThreadTopic::Purpose* each : {&topic.produce, &topic.consume}) {
      each->turns = TurnCursor::random_start(random);
      each->retries = TurnCursor::random_start(random);
    }
  }
  return topic;
}

PublishedRoutes::PublishedRoutes(std::uint64_t seed)
    : id_(next_client_id()), seed_(seed) {
  publish({});
}

void PublishedRoutes::publish(RouteTable table) {
  std::shared_ptr<const RouteTable> old;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  table.version = version_.load(std::memory_order_relaxed) + 1;
  old = std::exchange(current_,
                      std::make_shared<const RouteTable>(std::move(table)));
  version_.store(current_->version, std::memory_order_release);
}

std::shared_ptr<const RouteTable> PublishedRoutes::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

ThreadView& PublishedRoutes::stranded_view() const {
  ThreadView& view = ThreadViews::mine().stranded;
  auto table = std::make_shared<RouteTable>();
  table->closed = true;
  view.table = std::move(table);
  view.client_id = id_;
  view.version = version();
  return *(last_view = &view);
}

ThreadView& PublishedRoutes::find_view() const {
  if (stranded()) return stranded_view();
  auto& views = ThreadViews::mine().views;
  for (const auto& view : views) {
    if (view->client_id == id_) return *(last_view = view.get());
  }
  // A new client is the occasion to forget those that are gone.
  std::erase_if(views,
                [](const auto& view) { return view->client_alive.expired(); });
  const std::uint64_t thread = threads_.fetch_add(1, std::memory_order_relaxed);
  auto& view = views.emplace_back(std::make_unique<ThreadView>());
  view->client_id = id_;
  view->client_alive = alive_;
  view->random =
      base::Random(seed_ != 0 ? seed_ + thread : base::entropy_seed());
  view->picks = std::make_shared<PickCount>(0);
  const std::lock_guard lock(mutex_);
  fold_ended();
  counts_.push_back(view->picks);
  return *(last_view = view.get());
}

// Threads come and go: what nobody counts on any more becomes one number. With
// the lock held.
void PublishedRoutes::fold_ended() const {
  std::erase_if(counts_, [this](const auto& count) {
    if (count.use_count() != 1) return false;
    picks_of_ended_ += count->load(std::memory_order_relaxed);
    return true;
  });
}

std::uint64_t PublishedRoutes::picks() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = picks_of_ended_;
  for (const auto& each : counts_) sum += each->load(std::memory_order_relaxed);
  return sum;
}

void PublishedRoutes::update(ThreadView& view) const {
  view.table = current();
  view.version = view.table->version;
}

}  // namespace waypost::client
