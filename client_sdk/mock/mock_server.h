#ifndef WAYPOST_CLIENT_SDK_MOCK_MOCK_SERVER_H_
#define WAYPOST_CLIENT_SDK_MOCK_MOCK_SERVER_H_

// The sockets of a mock nameserver: plain ones and one thread that polls them,
// not wire/transport, which refuses to do most of what a broken peer does (a
// reset, a byte a second, half a close), and which tests with this are about.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>

#include "base/clock.h"
#include "base/error.h"
#include "client_sdk/mock/mock_script.h"

namespace waypost::testing {

// A file descriptor that is closed in the end.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

class MockServer {
 public:
  using Clock = std::chrono::steady_clock;

  // What goes wrong; the thread looks at it before each wait.
  struct Faults {
    bool accepts = true;
    bool reads = true;
    bool writes = true;
    Clock::duration delay{0};
    Clock::duration drip{0};  // between two bytes; 0: off
  };

  explicit MockServer(std::string name);
  ~MockServer();
  MockServer(const MockServer&) = delete;
  MockServer& operator=(const MockServer&) = delete;

  base::Status listen(std::uint16_t port);
  std::uint16_t port() const { return port_; }

  // Runs `task` on the server's thread, between two turns, and waits for it.
  void run(const std::function<void()>& task);

  // Within run() only:
  Faults faults;
  MockScript script;
  void close_all(MockClose how);
  void hold_back_no_longer();
  void push_to_all(
      const std::function<std::string(const MockScript::Client&)>& bytes);
  void send_to_all(const std::string& bytes, bool for_ever);
  void stop_listening();
  base::Status listen_again();
  std::vector<std::string> client_names() const;

  // Any thread:
  MockCounts counts() const;
  std::uint64_t asked(std::string_view topic) const;
  bool wait_until(const std::function<bool(const MockCounts&)>& enough,
                  std::chrono::nanoseconds timeout) const;

 private:
  struct Output {
    Clock::time_point due;
    std::string bytes;
  };
  struct Connection {
    Descriptor socket;
    MockScript::Client client;
    std::vector<std::byte> input;  // 8-aligned: whole frames are taken
    bool preface_seen = false;
    std::deque<Output> output;
    std::size_t sent = 0;           // of the first output
    std::string for_ever;           // when there is no other output
    Clock::time_point next_byte{};  // when it drips
    bool close_when_sent = false;
    bool half_open = false;  // reads, and never speaks again
  };
  using Connections = std::map<std::uint64_t, Connection>;

  void serve();
  void run_tasks();
  // Fills `waits_`; returns when to look again at the latest.
  Clock::time_point prepare();
  void accept_all();
  // False: the connection is over.
  bool read(Connection& connection);
  bool take_input(Connection& connection);
  bool refuse();
  void count_open();
  bool flush(Connection& connection, Clock::time_point now);
  void say(Connection& connection, std::string bytes);
  bool has_output(const Connection& connection) const;

  mutable std::mutex mutex_;  // held by the thread but for its waits
  mutable std::condition_variable changed_;
  std::deque<const std::function<void()>*> tasks_;
  bool ending_ = false;

  Descriptor wake_;
  Descriptor listener_;
  bool listening_ = false;
  std::uint16_t port_ = 0;
  Connections connections_;
  std::uint64_t last_id_ = 0;
  std::vector<pollfd> waits_;
  std::thread thread_;
};

}  // namespace waypost::testing

#endif  // WAYPOST_CLIENT_SDK_MOCK_MOCK_SERVER_H_
