#include "namesrv/service/published_table.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "base/assert.h"

namespace waypost::service {
namespace {

// Some milliseconds' worth, unless a reader held up many tables.
constexpr std::size_t kNodesPerCall = 1024;
constexpr std::size_t kNodesShare = 4;

}  // namespace

PublishedTable::PublishedTable(std::size_t readers)
    : slots_(readers),
      current_(
          new PublishedView{.routes = {},
                            .state = std::make_shared<const store::HardState>(),
                            .remoting = {},
                            .settings_version = 0}) {}

PublishedTable::~PublishedTable() {
  for (const Slot& slot : slots_) {
    WAYPOST_ASSERT(slot.epoch.load() == kQuiescent);
  }
  reclaim();
  delete current_.load();
}

void PublishedTable::publish(PublishedView view) {
  auto* next = new PublishedView(std::move(view));
  auto* previous = current_.exchange(next);
  // A reader that sees the new epoch also sees the new table, because the
  // table was stored first and everything here is sequentially consistent.
  retired_.push_back({previous, epoch_.fetch_add(1) + 1});
  reclaim();
}

void PublishedTable::publish(const registry::RouteTable& routes) {
  PublishedView view = *current_.load();
  view.routes = routes;
  publish(std::move(view));
}

bool PublishedTable::reclaim() {
  std::uint64_t oldest_pin = std::numeric_limits<std::uint64_t>::max();
  for (const Slot& slot : slots_) {
    const std::uint64_t epoch = slot.epoch.load();
    if (epoch != kQuiescent) oldest_pin = std::min(oldest_pin, epoch);
  }
  while (!retired_.empty() && retired_.front().epoch <= oldest_pin) {
    const std::unique_ptr<PublishedView> view(retired_.front().view);
    retired_.pop_front();
    remains_.push_back(view->routes.dismantle());
  }
  free_some();
  return !remains_.empty();
}

void PublishedTable::free_some() {
  // In step with what comes in: when many wait, more is dropped.
  std::size_t left = kNodesPerCall * std::max(remains_.size(), kNodesShare);
  while (!remains_.empty() && left > 0) {
    left -= remains_.front().drop(left);
    if (remains_.front().empty()) remains_.pop_front();
  }
}

const PublishedView* PublishedTable::enter(Slot& slot) {
  // The slot is written before the pointer is read: a writer that did not see
  // the slot has stored the newer pointer already, and we will read that.
  slot.epoch.store(epoch_.load());
  return current_.load();
}

}  // namespace waypost::service
