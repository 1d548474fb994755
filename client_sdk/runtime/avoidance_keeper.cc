#include "client_sdk/runtime/avoidance_keeper.h"

#include <utility>

namespace waypost::client {
namespace {

// Policy `adaptive`: how often brokers' latencies are compared, while any are
// reported.
constexpr base::Duration kJudgeInterval = std::chrono::seconds(1);

}  // namespace

AvoidanceKeeper::AvoidanceKeeper(base::Executor& executor,
                                 transport::Network& network,
                                 const BrokerProbing& probing,
                                 FaultBoard& faults, EventOutlet& events,
                                 const EventEmitter& emitter,
                                 base::Random random,
                                 std::function<void(bool failed)> on_avoided)
    : executor_(executor),
      faults_(faults),
      emitter_(emitter),
      on_avoided_(std::move(on_avoided)),
      prober_(executor, network, probing, events, random,
              [this](const BrokerRecord& broker, const ProbeResult& result) {
                on_probed(broker, result);
              }) {}

void AvoidanceKeeper::changed(const FaultBoard::Change& change) {
  using What = FaultBoard::Change::What;
  if (change.what == What::kReportsCame) {
    judge_timer_ = executor_.run_after(kJudgeInterval, [this] { judge(); });
    return;
  }
  if (change.what == What::kAvoided) {
    ++avoidances_;
    on_avoided_(change.failed);
    emitter_.emit(
        BrokerAvoided{*change.broker, change.until - change.at, change.why},
        change.at);
  }
  if (change.what == What::kNoLonger) {
    prober_.forget(*change.broker);
    emitter_.emit(BrokerNoLongerAvoided{*change.broker, change.why}, change.at);
  } else {
    prober_.avoid(*change.broker, change.probe_from);
  }
  arm_expiry_timer();
}

void AvoidanceKeeper::broker_left(const BrokerRecord& broker) {
  prober_.forget(broker);
  faults_.stop_holding(broker);
  arm_expiry_timer();
}

void AvoidanceKeeper::broker_joined(const BrokerRecord& broker) {
  if (const auto change = faults_.hold_again(broker)) changed(*change);
}

void AvoidanceKeeper::on_probed(const BrokerRecord& broker,
                                const ProbeResult& result) {
  emitter_.emit(BrokerProbed{broker, result.ok(), result.took, result.why});
  if (!result.ok()) return;
  const auto change = faults_.probe_succeeded(broker, result.started);
  if (change) changed(*change);
}

void AvoidanceKeeper::arm_expiry_timer() {
  const base::Instant next = faults_.next_expiry();
  if (next == base::Instant::max()) {
    expiry_timer_.reset();
    return;
  }
  expiry_timer_ =
      executor_.run_after(next - executor_.now(), [this] { expire(); });
}

void AvoidanceKeeper::expire() {
  for (const auto& change : faults_.expire(executor_.now())) {
    emitter_.emit(BrokerNoLongerAvoided{*change.broker, change.why}, change.at);
  }
  arm_expiry_timer();
}

void AvoidanceKeeper::judge() {
  judge_timer_.reset();
  for (const auto& change : faults_.judge(executor_.now())) changed(change);
}

}  // namespace waypost::client
