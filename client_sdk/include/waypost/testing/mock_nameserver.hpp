#ifndef WAYPOST_TESTING_MOCK_NAMESERVER_HPP_
#define WAYPOST_TESTING_MOCK_NAMESERVER_HPP_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "waypost/events.hpp"
#include "waypost/result.hpp"
#include "waypost/route.hpp"

namespace waypost::testing {

// A broker that serves a topic. Nothing is checked: what is no address or no
// name is served as it is, to see what a client does with it.
struct MockBroker {
  std::string name;          // of its group; equal names are replicas of one
  std::string address;       // "host:port", "[v6]:port"
  std::int64_t id = 0;       // within the group; 0 is the master
  std::uint32_t queues = 4;  // to read and to write, of the topic at the group
  BrokerHealth health = BrokerHealth::kHealthy;
  std::string zone = {};
  bool writable = true;  // the group
};

// What a mock nameserver answers to questions about routes. All but kRight are
// what a broken one, or a stranger on its port, might do; a client is to ask
// another nameserver and to keep the routes it has.
enum class MockAnswers : std::uint8_t {
  kRight,
  kNotReady,       // an error: not ready
  kStarting,       // no routes, the nameserver is starting
  kNoTopics,       // nobody serves anything: a table that was lost
  kNoAnswer,       // to questions about routes; pings are answered
  kNoEnd,          // the routes, and never the frame that ends them
  kWrongCount,     // the end does not add up with what came before it
  kWrongTopic,     // each route is another topic's
  kWrongDigest,    // each route has the version of another content
  kNoBrokers,      // each route is empty
  kGarbage,        // well framed, but no payload
  kRandomBytes,    // no frames at all
  kHugeFrame,      // a frame that claims to be 4 GiB long, and begins
  kEndless,        // one route after another, for ever, as fast as possible
  kWrongProtocol,  // greets like a web server, and closes
  kWrongHello,     // to hello: well framed, but no payload; else right
};

// What is lost between a mock nameserver and its clients.
enum class MockPartition : std::uint8_t {
  kBoth,
  kRequests,  // what clients send
  kAnswers,   // what the nameserver sends: it sees, counts and answers
};

enum class MockClose : std::uint8_t {
  kFin,       // in order, as a process that ends
  kReset,     // RST, as one that was killed with unread input
  kHalfOpen,  // its side only: it goes on reading and never answers
};

// What clients did so far.
struct MockCounts {
  std::uint64_t connections = 0;  // accepted, since the start
  std::uint64_t open = 0;         // of them, now
  std::uint64_t hellos = 0;
  std::uint64_t pings = 0;
  std::uint64_t queries = 0;       // about routes, watches too
  std::uint64_t topics_asked = 0;  // in all of them
  std::uint64_t routes_told = 0;   // in answers and pushes
  std::uint64_t pushes = 0;        // changed routes told to watchers
  std::uint64_t unknown = 0;       // requests that it does not serve
  std::uint64_t not_protocol = 0;  // connections that sent something else
  std::uint64_t bytes_received = 0;
};

// A nameserver in the test's own process, to try what an application does when
// nameservers fail. It speaks the native protocol over real sockets on
// 127.0.0.1, knows the routes that it is given, and fails as it is told.
//
//   auto ns = waypost::testing::MockNameserver::start();
//   ns->set_route("orders", {{"broker-a", "127.0.0.1:1883"}});
//   options.nameservers = {ns->address()};
//   ...
//   ns->hang();
//
// Faults add up (a delay and wrong answers) until serve() ends them all.
//
// Threads: every function may be called from any thread; it has taken effect
// when it returns. Each mock has one thread of its own, which blocks all
// signals. Nothing throws, no file is written. Not for production: what it is
// sent is bounded by 1 MiB for each connection, the number of connections is
// not.
class MockNameserver {
 public:
  struct Options {
    std::uint16_t port = 0;  // 0: a free one
    std::string name = "mock-nameserver";
  };

  // Listens. kUnavailable: the port is taken, or the process has no
  // descriptors left.
  static Result<MockNameserver> start(Options options);
  static Result<MockNameserver> start() { return start(Options()); }

  MockNameserver(MockNameserver&&) noexcept;
  MockNameserver& operator=(MockNameserver&&) noexcept;
  // Closes everything and ends its thread.
  ~MockNameserver();

  // "127.0.0.1:40123"; the same for its whole life.
  const std::string& address() const;

  // --- What it knows ---

  // From now on the topic is served by these. Clients that watch the topic are
  // told at once, others with the next question.
  void set_route(std::string_view topic,
                 const std::vector<MockBroker>& brokers);
  // Nobody serves it any more; told as above.
  void remove_route(std::string_view topic);

  // The broker leaves all routes that name it, for this reason, which watching
  // clients are told with their new routes (BrokerLeft), others with the next
  // change. kRoleChanged is told as kNotTold: it shows in routes alone.
  void leave(std::string_view broker, std::int64_t id, ChangeReason reason,
             std::string_view detail = {});

  // --- How it fails ---

  // No faults from here on. What was held back meanwhile is answered now, as
  // after a machine woke up or a network healed. Does not start a stopped one.
  void serve();

  // Hangs, as a machine with broken memory: connections stay open, new ones are
  // accepted by the kernel, nothing is read and nothing is said.
  void hang();

  // On loopback a connect succeeds all the same; its first question is lost.
  void partition(MockPartition what = MockPartition::kBoth);

  // Each answer comes this much later. Not negative.
  void delay(std::chrono::nanoseconds by);

  // What it says comes byte by byte, this far apart. 0: no longer.
  void drip(std::chrono::nanoseconds between_bytes);

  void answer(MockAnswers answers);

  // To all connections, as they are; `for_ever`: again and again, as fast as
  // clients read, until serve() or another of these.
  void send_bytes(std::string_view bytes, bool for_ever = false);

  // All connections, once; new ones are welcome.
  void close_connections(MockClose how = MockClose::kFin);

  // Tells all clients that it is about to go, as a nameserver does on SIGTERM,
  // and says so to whoever connects later, until serve(). It goes on answering.
  void drain(std::string_view reason);

  // As a process that was killed: connections are closed, connects refused.
  void stop();
  // As a process that was started again on the same port (and stopped before,
  // if it was not). Routes and faults stay. kUnavailable: somebody else has
  // taken the port.
  Status restart();

  // --- What it was asked ---

  MockCounts counts() const;
  // How often a topic was asked for.
  std::uint64_t asked(std::string_view topic) const;
  // What connected clients call themselves, in the order of their arrival.
  std::vector<std::string> clients() const;

  // Waits until `enough` holds, at most `timeout`; looks at each change of the
  // counts. False: it did not. `enough` must not call this mock.
  bool wait_until(const std::function<bool(const MockCounts&)>& enough,
                  std::chrono::nanoseconds timeout) const;

 private:
  class Impl;
  explicit MockNameserver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace waypost::testing

#endif  // WAYPOST_TESTING_MOCK_NAMESERVER_HPP_
