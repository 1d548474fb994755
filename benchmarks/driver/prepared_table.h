#ifndef WAYPOST_BENCHMARKS_DRIVER_PREPARED_TABLE_H_
#define WAYPOST_BENCHMARKS_DRIVER_PREPARED_TABLE_H_

#include <condition_variable>
#include <cstddef>
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

struct TableSpec {
  std::size_t brokers = 4;
  std::size_t topics = 1;  // each on every broker
};

// "PREFIX000042".
std::string numbered(const std::string& prefix, std::size_t number);

// "bench-topic-000042".
model::TopicName bench_topic(std::size_t number);

// A master of the cluster "bench" as an agent would register it.
model::RegisterRequest bench_registration(const std::string& broker_name,
                                          std::size_t topics);

// What a measured nameserver knows: brokers registered over one connection of
// its own and kept alive by heartbeats, once a second, from a thread of its
// own, so that nobody becomes suspect in a long run. Destroying it closes the
// connection, which removes the brokers.
class PreparedTable {
 public:
  static base::Result<std::unique_ptr<PreparedTable>> create(
      const base::Endpoint& target, const TableSpec& spec);
  ~PreparedTable();
  PreparedTable(const PreparedTable&) = delete;
  PreparedTable& operator=(const PreparedTable&) = delete;

  const TableSpec& spec() const { return spec_; }

  // An error when a heartbeat failed or the nameserver forgot a broker: then
  // what was measured was another table.
  base::Status check();

 private:
  PreparedTable(const TableSpec& spec, std::unique_ptr<NativeClient> client)
      : spec_(spec), client_(std::move(client)) {}
  base::Status register_all();
  base::Status heartbeat_all();
  void keep_alive();

  const TableSpec spec_;
  std::unique_ptr<NativeClient> client_;  // the thread's, once it runs
  std::vector<model::HeartbeatRequest> heartbeats_;

  std::mutex mutex_;
  std::condition_variable stop_changed_;
  bool stop_ = false;    // guarded by mutex_
  base::Status status_;  // guarded by mutex_
  std::thread keeper_;
};

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_PREPARED_TABLE_H_
