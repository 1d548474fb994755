#ifndef WAYPOST_TESTS_SIM_CLUSTER_SIM_LEASE_H_
#define WAYPOST_TESTS_SIM_CLUSTER_SIM_LEASE_H_

#include <functional>
#include <memory>
#include <string>
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

  // `owner`: by which name it takes the lease; without one nobody learns it.
  cluster::Lease* handle(SimNode& node,
                         std::function<std::string()> owner = {}) {
    handles_.push_back(std::make_unique<Handle>(*this, node, std::move(owner)));
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
    Handle(SimLease& lease_, SimNode& node_,
           std::function<std::string()> owner_)
        : lease(lease_), node(node_), owner(std::move(owner_)) {}
    void acquire(Done done) override { lease.acquire(*this, std::move(done)); }
    void release(Done done) override { lease.release(*this, std::move(done)); }
    bool held() const override {
      return lease.holder_ == this && lease.holder_life_ == node.life();
    }
    std::string holder() const override { return refused_by; }

    SimLease& lease;
    SimNode& node;
    const std::function<std::string()> owner;
    std::string refused_by;
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
      holder_owner_ = handle.owner ? handle.owner() : std::string();
      renewed_ = world_.now();
    }
    handle.refused_by =
        reaches(handle) && !handle.held() ? holder_owner_ : std::string();
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
  std::string holder_owner_;
  base::Instant renewed_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_SIM_LEASE_H_
