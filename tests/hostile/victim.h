#ifndef WAYPOST_TESTS_HOSTILE_VICTIM_H_
#define WAYPOST_TESTS_HOSTILE_VICTIM_H_

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/nameserver_process.h"
#include "tests/support/raw_client.h"
#include "tests/support/route_query.h"

namespace waypost::hostile {

using support::Milliseconds;
using support::RawClient;
using support::scaled;

inline constexpr std::size_t kMiB = 1024 * 1024;

// A client that behaves and asks for one topic all the time, on a thread of its
// own: what attacks on the same nameserver must not disturb.
class Bystander {
 public:
  Bystander(const base::Endpoint& nameserver, std::string topic);
  ~Bystander();

  struct Experience {
    std::uint64_t answers = 0;
    std::uint64_t failures = 0;
    Milliseconds longest{0};  // that an answer took
    std::string last_failure;
  };
  // Stops it; what it went through.
  Experience stop();

 private:
  void ask();

  support::RouteInquirer inquirer_;
  const std::string topic_;
  std::atomic<bool> stop_{false};
  Experience experience_;  // the thread's until it is joined
  std::thread thread_;
};

// A nameserver with small limits, a broker registered, a bystander asking.
// verify() says whether it came through.
class Victim {
 public:
  static constexpr const char* kTopic = "orders";
  static constexpr std::size_t kPayloadMax = 4 * kMiB;
  static constexpr std::size_t kInputMax = 64 * kMiB;
  static constexpr std::size_t kOutputMax = 8 * kMiB;
  static constexpr Milliseconds kFirstFrame{2000};

  Victim();

  const base::Endpoint& endpoint() const { return nameserver_.endpoint(); }
  support::Process& process() { return nameserver_.process(); }

  // Connected, preface and hello done.
  RawClient guest() const;
  // Connected, nothing said.
  RawClient stranger() const { return RawClient(endpoint()); }

  // How much more memory it holds, or held at most, than after the start.
  std::size_t growth_bytes() const;
  std::size_t peak_growth_bytes() const;
  // Memory that `bytes` may cost in this build: sanitizers keep freed memory.
  static std::size_t allowed(std::size_t bytes);

  // It lives, answers new clients, still knows its broker, and the bystander
  // was answered all the time. Once, at the end.
  void verify();

 private:
  void register_broker();

  support::NameserverProcess nameserver_;
  RawClient broker_;
  std::size_t memory_at_start_ = 0;
  std::unique_ptr<Bystander> bystander_;
};

}  // namespace waypost::hostile

#endif  // WAYPOST_TESTS_HOSTILE_VICTIM_H_
