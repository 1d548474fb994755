#ifndef WAYPOST_BROKER_AGENT_RUNTIME_PROBE_LOOP_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_PROBE_LOOP_H_

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/executor.h"
#include "broker_agent/runtime/prober.h"

namespace waypost::agent {

struct ProbeTiming {
  base::Duration interval = std::chrono::seconds(1);  // start to start
  base::Duration timeout = std::chrono::seconds(1);
};

// Repeats a prober's attempts: one each `interval`, each given up after
// `timeout`, never two at a time; an attempt that takes longer than the
// interval is followed at once by the next. The first starts with start().
// Loop thread only; destroying it ends everything without a word, but not from
// within `on_result`.
class ProbeLoop {
 public:
  ProbeLoop(base::Executor& executor, std::unique_ptr<Prober> prober,
            ProbeTiming timing, std::function<void(ProbeResult)> on_result);

  void start() { begin(); }

 private:
  void begin();
  void on_timeout();
  void finish(ProbeResult result);

  base::Executor& executor_;
  const ProbeTiming timing_;
  const std::function<void(ProbeResult)> on_result_;
  const std::unique_ptr<Prober> prober_;
  base::Instant begun_at_;
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_PROBE_LOOP_H_
