#ifndef WAYPOST_BROKER_AGENT_RUNTIME_PROBER_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_PROBER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/executor.h"
#include "broker_agent/core/health_judge.h"
#include "broker_agent/core/probe_spec.h"
#include "wire/transport/loop.h"
#include "wire/transport/network.h"

namespace waypost::agent {

// Tries a broker, one attempt at a time. Loop thread only; destroying it ends
// an attempt without a word.
class Prober {
 public:
  using Done = std::function<void(ProbeResult)>;

  virtual ~Prober() = default;

  // Starts an attempt. `done` is called once, never inside this call, unless
  // the attempt is abandoned before. `timeout` is when that will happen.
  virtual void begin(base::Duration timeout, Done done) = 0;

  // Gives the attempt up, with its connection or process. Returns what it was
  // waiting for: "PINGRESP".
  virtual std::string abandon() = 0;
};

// Transport::Loop::spawn, or what stands for it in simulation.
using SpawnFunction = std::function<std::unique_ptr<transport::Operation>(
    const std::vector<std::string>& arguments,
    std::function<void(base::Result<transport::Loop::ProcessResult>)> on_exit)>;

struct ProbeSurroundings {
  base::Executor& executor;
  transport::Network& network;
  SpawnFunction spawn;
};

// `seed` makes the names under which a prober shows up at the broker.
std::unique_ptr<Prober> make_prober(const ProbeSurroundings& surroundings,
                                    const ProbeSpec& spec, std::uint64_t seed);

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_PROBER_H_
