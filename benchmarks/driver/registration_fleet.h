#ifndef WAYPOST_BENCHMARKS_DRIVER_REGISTRATION_FLEET_H_
#define WAYPOST_BENCHMARKS_DRIVER_REGISTRATION_FLEET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "benchmarks/driver/blocking_socket.h"
#include "benchmarks/driver/histogram.h"

namespace waypost::bench {

struct FleetSpec {
  std::size_t brokers = 300;
  std::size_t topics = 10'000;  // on every broker
};

// "burst-topic-000042".
std::string fleet_topic(std::size_t number);

// Many RocketMQ brokers, each with a connection of its own, that register the
// same topics (the bodies are made beforehand, once). Destroying it closes the
// connections. One thread at a time.
class RegistrationFleet {
 public:
  static base::Result<std::unique_ptr<RegistrationFleet>> connect(
      const base::Endpoint& target, const FleetSpec& spec);
  ~RegistrationFleet();
  RegistrationFleet(const RegistrationFleet&) = delete;
  RegistrationFleet& operator=(const RegistrationFleet&) = delete;

  std::size_t body_bytes() const { return body_.size(); }

  // All brokers register at once; returns when all are answered.
  base::Status register_all(base::Duration deadline);

  // Each broker registers once in every `interval`, evenly spread, for
  // `duration`. With `vary` each registration has an ext field that the one
  // before had not, so that a nameserver cannot tell by comparing that nothing
  // has changed.
  base::Status register_steadily(base::Duration interval,
                                 base::Duration duration, bool vary);

  // From when a registration was due to its answer, since the last call.
  Histogram take_latency();

 private:
  struct Broker;

  RegistrationFleet(const FleetSpec& spec, std::string body);
  void begin(Broker& broker, std::int64_t due_ns);
  base::Status serve(Broker& broker);
  base::Status send_some(Broker& broker);
  base::Status receive_some(Broker& broker);
  // Waits for sockets until `until_ns`, or until all are answered.
  base::Status work(std::int64_t until_ns, bool stop_when_idle);

  const FleetSpec spec_;
  const std::string body_;
  std::vector<std::unique_ptr<Broker>> brokers_;
  int poller_ = -1;
  bool vary_ = false;
  std::uint64_t begun_ = 0;
  std::size_t unanswered_ = 0;
  Histogram latency_ns_;
};

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_REGISTRATION_FLEET_H_
