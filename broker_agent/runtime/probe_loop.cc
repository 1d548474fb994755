#include "broker_agent/runtime/probe_loop.h"

#include <utility>

#include "base/options.h"

namespace waypost::agent {

ProbeLoop::ProbeLoop(base::Executor& executor, std::unique_ptr<Prober> prober,
                     ProbeTiming timing,
                     std::function<void(ProbeResult)> on_result)
    : executor_(executor),
      timing_(timing),
      on_result_(std::move(on_result)),
      prober_(std::move(prober)) {}

void ProbeLoop::begin() {
  begun_at_ = executor_.now();
  timer_ = executor_.run_after(timing_.timeout, [this] { on_timeout(); });
  prober_->begin(timing_.timeout,
                 [this](ProbeResult result) { finish(std::move(result)); });
}

void ProbeLoop::on_timeout() {
  const std::string waited_for = prober_->abandon();
  finish({false, "no answer within " + base::format_duration(timing_.timeout) +
                     " (waiting for " + waited_for + ")"});
}

void ProbeLoop::finish(ProbeResult result) {
  const base::Duration spent = executor_.now() - begun_at_;
  timer_ = executor_.run_after(timing_.interval - spent, [this] { begin(); });
  on_result_(std::move(result));
}

}  // namespace waypost::agent
