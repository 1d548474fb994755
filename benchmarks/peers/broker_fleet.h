#ifndef WAYPOST_BENCHMARKS_PEERS_BROKER_FLEET_H_
#define WAYPOST_BENCHMARKS_PEERS_BROKER_FLEET_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"
#include "benchmarks/driver/native_client.h"
#include "wire/model/operations.h"

namespace waypost::bench {

struct PeerTableSpec {
  std::size_t brokers = 1000;
  std::size_t topics = 100'000;  // names in all
  std::size_t copies = 2;        // brokers that serve each topic

  std::size_t topics_per_broker() const { return topics * copies / brokers; }
  std::size_t pairs() const { return topics_per_broker() * brokers; }
};

// The same for every nameserver and run of this process.
model::RegisterRequest fleet_registration(const PeerTableSpec& spec,
                                          std::size_t broker,
                                          std::uint32_t queues);

// All brokers of the table as one nameserver hears them, over one connection.
// While it keeps alive it beats for each broker every second and registers each
// again, unchanged, every 30 s, evenly spread, from a thread of its own.
class BrokerFleet {
 public:
  static base::Result<std::unique_ptr<BrokerFleet>> connect(
      const base::Endpoint& target, const PeerTableSpec& spec);
  ~BrokerFleet();
  BrokerFleet(const BrokerFleet&) = delete;
  BrokerFleet& operator=(const BrokerFleet&) = delete;

  // In full, as fast as it answers, every topic with so many queues: another
  // number than before changes every topic. Not while it keeps alive.
  base::Status register_all(std::uint32_t queues);

  void keep_alive();
  // An error when the nameserver forgot a broker: then what was measured was
  // another table. The thread has ended; so processes may be started.
  base::Status rest();

 private:
  BrokerFleet(const PeerTableSpec& spec, std::unique_ptr<NativeClient> client)
      : spec_(spec), client_(std::move(client)) {}
  base::Status beat_all();
  base::Status register_some(std::size_t first, std::size_t end);
  void run();

  const PeerTableSpec spec_;
  const std::unique_ptr<NativeClient> client_;
  std::vector<std::string> registrations_;  // encoded, by broker
  std::vector<std::string> heartbeats_;

  std::mutex mutex_;
  std::condition_variable stop_changed_;
  bool stop_ = false;    // guarded by mutex_
  base::Status status_;  // the thread's while it runs
  std::thread thread_;
};

// A broker of its own at one nameserver that beats every 10 ms: how long its
// heartbeats wait for their answers is what others' work costs them.
class Pulse {
 public:
  static base::Result<std::unique_ptr<Pulse>> start(
      const base::Endpoint& target);
  ~Pulse();
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  // Ends it; nanoseconds from when each heartbeat was due to its answer.
  base::Result<std::vector<std::uint64_t>> stop();

 private:
  explicit Pulse(std::unique_ptr<NativeClient> client)
      : client_(std::move(client)) {}
  void run();

  const std::unique_ptr<NativeClient> client_;
  std::string heartbeat_;
  std::mutex mutex_;
  bool stop_ = false;  // guarded by mutex_
  base::Status status_;
  std::vector<std::uint64_t> latencies_ns_;
  std::thread thread_;
};

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_PEERS_BROKER_FLEET_H_
