#ifndef WAYPOST_CLIENT_SDK_RUNTIME_BROKER_PROBER_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_BROKER_PROBER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/executor.h"
#include "client_sdk/core/probe_schedule.h"
#include "client_sdk/runtime/broker_arena.h"
#include "client_sdk/runtime/event_outlet.h"
#include "wire/transport/network.h"

namespace waypost::client {

struct ProbeResult {
  base::Instant started{};
  base::Duration took{0};
  std::string why;  // it failed; empty: it did not

  bool ok() const { return why.empty(); }
};

// Probes avoided brokers when the schedule says so: connects to them, or has
// the application check them where it wants to be called. Loop thread only;
// destroying it ends everything without callbacks, also for checks that answer
// later.
class BrokerProber {
 public:
  // Told of each probe that is over. Says with forget() that the broker need
  // not be probed any more.
  using OnResult = std::function<void(const BrokerRecord& broker,
                                      const ProbeResult& result)>;

  // References must outlive it.
  BrokerProber(base::Executor& executor, transport::Network& network,
               const BrokerProbing& settings, EventOutlet& outlet,
               base::Random random, OnResult on_result);
  ~BrokerProber();
  BrokerProber(const BrokerProber&) = delete;
  BrokerProber& operator=(const BrokerProber&) = delete;

  // As ProbeSchedule's. Ignored when probing is off.
  void avoid(const BrokerRecord& broker, base::Instant from);
  void forget(const BrokerRecord& broker);

 private:
  struct Running {
    std::uint64_t id = 0;
    base::Instant started{};
    std::unique_ptr<transport::Operation> connecting;
    std::unique_ptr<base::Timer> timeout;
  };
  class Desk;

  void arm();
  void start_due();
  void connect(const BrokerRecord& broker, Running& running);
  void check(const BrokerRecord& broker, Running& running);
  void finish(const BrokerRecord* broker, std::uint64_t id,
              const std::string& why);

  base::Executor& executor_;
  transport::Network& network_;
  const BrokerProbing& settings_;
  EventOutlet& outlet_;
  const OnResult on_result_;
  ProbeSchedule schedule_;
  std::map<const BrokerRecord*, Running> running_;
  std::uint64_t last_id_ = 0;
  const std::shared_ptr<Desk> desk_;  // where answers of checks come in
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_BROKER_PROBER_H_
