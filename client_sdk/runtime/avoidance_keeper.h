#ifndef WAYPOST_CLIENT_SDK_RUNTIME_AVOIDANCE_KEEPER_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_AVOIDANCE_KEEPER_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "base/executor.h"
#include "client_sdk/runtime/broker_prober.h"
#include "client_sdk/runtime/event_emitter.h"
#include "client_sdk/runtime/fault_board.h"

namespace waypost::client {

// What the loop's thread does about avoided brokers: ends what is over, tries
// brokers out, compares their latencies, tells of it. The verdicts themselves
// are the FaultBoard's. Loop thread only; destroying it ends everything without
// callbacks.
class AvoidanceKeeper {
 public:
  // `on_avoided`: a broker is avoided from now on, because it `failed` or is
  // slow. All references must outlive the keeper.
  AvoidanceKeeper(base::Executor& executor, transport::Network& network,
                  const BrokerProbing& probing, FaultBoard& faults,
                  EventOutlet& events, const EventEmitter& emitter,
                  base::Random random,
                  std::function<void(bool failed)> on_avoided);

  // What a report of some thread has changed.
  void changed(const FaultBoard::Change& change);
  // No route names the broker any more, or one does again.
  void broker_left(const BrokerRecord& broker);
  void broker_joined(const BrokerRecord& broker);

  // So far.
  std::uint64_t avoidances() const { return avoidances_; }

 private:
  void on_probed(const BrokerRecord& broker, const ProbeResult& result);
  void arm_expiry_timer();
  void expire();
  void judge();

  base::Executor& executor_;
  FaultBoard& faults_;
  const EventEmitter& emitter_;
  const std::function<void(bool failed)> on_avoided_;
  BrokerProber prober_;
  std::uint64_t avoidances_ = 0;
  std::unique_ptr<base::Timer> expiry_timer_;
  std::unique_ptr<base::Timer> judge_timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_AVOIDANCE_KEEPER_H_
