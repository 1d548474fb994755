#ifndef WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_STATE_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_STATE_H_

// The half of a client that application threads work on. The other half, which
// talks to nameservers on the loop's thread, is ClientEngine.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "client_sdk/runtime/broker_arena.h"
#include "client_sdk/runtime/fault_board.h"
#include "client_sdk/runtime/picker.h"
#include "client_sdk/runtime/route_table.h"
#include "client_sdk/runtime/thread_view.h"
#include "client_sdk/runtime/topic_directory.h"
#include "waypost/client.hpp"

namespace waypost::client {

// Where application threads leave messages for the engine. Any thread.
class EngineMailbox {
 public:
  virtual ~EngineMailbox() = default;
  // Somebody wants the topic's route and there is none.
  virtual void want(TopicState& topic) = 0;
  virtual void fault_changed(const FaultBoard::Change& change) = 0;
};

// All functions may be called from any thread, but where said otherwise.
class ClientState {
 public:
  // The clock must be the engine's timeline and, like the mailbox, outlive
  // this.
  ClientState(const ClientOptions& options, const base::Clock& clock,
              EngineMailbox& mailbox);

  // Follows a topic from now on; asks the engine for its route when it is new.
  base::Result<TopicState*> topic(std::string_view name);

  Result<Pick> pick(std::string_view topic, const PickOptions& options);
  Result<Pick> pick(TopicSlot slot, const PickOptions& options);
  void report(const Pick& pick, Outcome outcome, base::Duration latency);

  // A copy with its age; nothing when no route is known.
  std::optional<Route> route(std::string_view topic) const;
  std::optional<base::Duration> route_age(std::string_view topic) const;

  // In a child after fork() only pick() and report() may be called.
  bool stranded() const { return routes_.stranded(); }

  TopicDirectory& directory() { return directory_; }
  PublishedRoutes& routes() { return routes_; }
  FaultBoard& faults() { return faults_; }
  const FaultBoard& faults() const { return faults_; }
  // Loop's thread only.
  BrokerArena& arena() { return arena_; }

  // What the engine tells and stats() reads.
  struct LinkFacts {
    std::string nameserver;
    bool connected = false;
    std::uint64_t switches = 0;
    std::uint64_t queries = 0;
    std::uint64_t failures = 0;
    std::uint64_t hedges = 0;
    std::uint64_t pushed_routes = 0;
    std::uint64_t avoidances = 0;
    MetricsHistogram query_seconds;
  };
  void set_link_facts(LinkFacts facts);
  ClientStats stats() const;
  ClientMetrics metrics() const;

 private:
  Result<Pick> pick(ThreadView& view, TopicSlot slot,
                    const PickOptions& options);
  Error no_longer() const;
  Error no_route(const RouteTable& table, TopicSlot slot);
  base::Duration age_of(const TopicState& topic) const;

  const base::Duration negative_ttl_;
  const base::Clock& clock_;
  EngineMailbox& mailbox_;
  TopicDirectory directory_;
  BrokerArena arena_;
  FaultBoard faults_;
  const Picker picker_;
  PublishedRoutes routes_;

  mutable std::mutex facts_mutex_;
  LinkFacts facts_;  // guarded by facts_mutex_
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_STATE_H_
