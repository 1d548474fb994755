#ifndef WAYPOST_TESTS_SIM_CLUSTER_SIM_LEASE_H_
#define WAYPOST_TESTS_SIM_CLUSTER_SIM_LEASE_H_

#include <functional>
#include <memory>
#include <vector>

#include "namesrv/cluster/peer_calls.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::sim {

// A lease as a store on another machine keeps it: it ends when its holder has
// not reached the store for kTimeToLive. What is asked of a store that cannot
// be reached fails after kAskMax.
class SimLease {
 public:
  static constexpr base::Duration kTimeToLive = std::chrono::seconds(10);
  static constexpr base::Duration kAskMax = std::chrono::seconds(1);

  SimLease(SimWorld& world, std::function<bool(SimNode&)> reaches_store)
      : world_(world), reaches_store_(std::move(reaches_store)) {}

  cluster::Lease* handle(SimNode& node) {
    handles_.push_back(std::make_unique<Handle>(*this, node));
    return handles_.back().get();
  }

  // To be called several times a second: holders renew, or lose it.
  void tick() {
    if (holder_ == nullptr) return;
    // A new life of the node knows nothing of the lease.
    if (reaches(*holder_) && holder_->node.life() == holder_life_) {
      renewed_ = world_.now();
    } else if (world_.now() - renewed_ > kTimeToLive) {
      holder_ = nullptr;
    }
  }

 private:
  struct Handle : cluster::Lease {
    Handle(SimLease& lease_, SimNode& node_) : lease(lease_), node(node_) {}
    void acquire(Done done) override { lease.acquire(*this, std::move(done)); }
    void release(Done done) override { lease.release(*this, std::move(done)); }
    bool held() const override {
      return lease.holder_ == this && lease.holder_life_ == node.life();
    }

    SimLease& lease;
    SimNode& node;
  };

  bool reaches(const Handle& handle) const {
    return handle.node.running() && reaches_store_(handle.node);
  }

  void answer(Handle& handle, cluster::Lease::Done done, bool value) {
    if (reaches(handle)) {
      handle.node.executor(0).post([done, value] { done(value); });
      return;
    }
    world_.schedule(EventKind::kTimer, &handle.node.executor(0), kAskMax,
                    [done] { done(false); });
  }

  void acquire(Handle& handle, cluster::Lease::Done done) {
    if (reaches(handle) && (holder_ == nullptr || holder_ == &handle)) {
      holder_ = &handle;
      holder_life_ = handle.node.life();
      renewed_ = world_.now();
    }
    answer(handle, std::move(done), handle.held());
  }

  void release(Handle& handle, cluster::Lease::Done done) {
    const bool released = reaches(handle);
    if (released && handle.held()) holder_ = nullptr;
    answer(handle, std::move(done), released);
  }

  SimWorld& world_;
  const std::function<bool(SimNode&)> reaches_store_;
  std::vector<std::unique_ptr<Handle>> handles_;
  Handle* holder_ = nullptr;
  std::uint64_t holder_life_ = 0;
  base::Instant renewed_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_SIM_LEASE_H_
