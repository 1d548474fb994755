#ifndef WAYPOST_TESTS_SIM_PEER_GROUP_H_
#define WAYPOST_TESTS_SIM_PEER_GROUP_H_

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/deployment.h"
#include "wire/rpc/channel.h"

namespace waypost::sim {

// A lease that everybody reaches always.
class SharedLease {
 public:
  class Handle : public cluster::Lease {
   public:
    Handle(SharedLease& lease, SimNode& node) : lease_(lease), node_(node) {}
    void acquire(Done done) override {
      if (lease_.holder_ == nullptr) lease_.holder_ = this;
      node_.executor(0).post([this, done] { done(held()); });
    }
    void release(Done done) override {
      if (held()) lease_.holder_ = nullptr;
      node_.executor(0).post([done] { done(true); });
    }
    bool held() const override { return lease_.holder_ == this; }

   private:
    SharedLease& lease_;
    SimNode& node_;
  };

  Handle* handle(SimNode& node) {
    handles_.push_back(std::make_unique<Handle>(*this, node));
    return handles_.back().get();
  }

 private:
  Handle* holder_ = nullptr;
  std::vector<std::unique_ptr<Handle>> handles_;
};

// Nameservers with peers, two brokers and a client, in the profile `fast`.
struct PeerGroup {
  explicit PeerGroup(partition::Mode mode, std::size_t size = 3,
                     std::uint64_t seed = 1, std::size_t brokers = 2)
      : system({.seed = seed,
                .nameservers = size,
                .brokers = brokers,
                .clients = 1,
                .profile = "fast",
                .peers = true,
                .adjust = [this, mode, size](SimNameserver& nameserver) {
                  auto& cluster = nameserver.settings.cluster;
                  cluster.partition_handling = static_cast<std::size_t>(mode);
                  cluster.pause_nodes = "ns-0";
                  cluster.pause_recover = "autoheal";
                  cluster.quorum_size = static_cast<std::int64_t>(size / 2 + 1);
                  cluster.keeper.partition.stable_after =
                      std::chrono::seconds(7);
                  if (mode == partition::Mode::kLeaseMajority) {
                    cluster.lease_implementation = "file";
                    cluster.lease_file = "simulated";
                    nameserver.lease = lease.handle(nameserver.node());
                  }
                }}) {}

  SimNameserver& ns(std::size_t i) { return *system.nameservers[i]; }
  model::ServerState state(std::size_t i) { return ns(i).state(); }
  void cut_off(const std::set<std::size_t>& side) {
    for (std::size_t i = 0; i < system.nameservers.size(); ++i) {
      for (const std::size_t j : side) {
        if (!side.contains(i)) {
          system.world.cut(ns(i).node().name(), ns(j).node().name());
        }
      }
    }
  }
  std::size_t serving() {
    std::size_t count = 0;
    for (auto& each : system.nameservers) {
      if (each->running() && each->state() == model::ServerState::kServing)
        ++count;
    }
    return count;
  }
  bool all_serve() { return serving() == system.nameservers.size(); }
  void run(base::Duration duration) { system.world.run_for(duration); }

  SharedLease lease;
  int callers = 0;
  Deployment system;
};

// An operator's connection to a nameserver's service port.
class Caller : private rpc::ChannelObserver {
 public:
  Caller(PeerGroup& group, std::size_t i)
      : world_(group.system.world),
        number_(std::to_string(++group.callers)),
        node_(world_.add_node("caller-" + number_, "10.0.9." + number_)),
        channel_(node_.executor(0), node_.network(0), group.ns(i).endpoint(),
                 {}, this, {}) {}

  // The error's text, or "ok".
  std::string ask(codec::FrameKind kind, std::string payload) {
    std::string answer;
    channel_.call(kind, std::move(payload), std::chrono::seconds(3),
                  [&](base::Result<rpc::AnswerPart> part) {
                    if (!part) {
                      answer = part.error().to_string();
                      return;
                    }
                    payload_.assign(part->payload.begin(), part->payload.end());
                    if (part->last) {
                      answer = "ok";
                    }
                  });
    world_.run_until([&] { return !answer.empty(); }, std::chrono::seconds(5));
    return answer;
  }

  // Of the last answer's last frame.
  const std::vector<std::byte>& payload() const { return payload_; }

 private:
  void on_connected(const model::HelloReply&) override {}
  void on_disconnected(const base::Error&) override {}
  void on_push(codec::FrameKind, std::span<const std::byte>) override {}

  SimWorld& world_;
  const std::string number_;
  SimNode& node_;
  rpc::Channel channel_;
  std::vector<std::byte> payload_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_PEER_GROUP_H_
