#ifndef WAYPOST_PROBE_HPP_
#define WAYPOST_PROBE_HPP_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "waypost/route.hpp"

namespace waypost {

namespace client {
class ProbeAnswer;
struct ProbeReplyMaker;
}  // namespace client

// How a broker that the fault table avoids is tried out before it gets traffic
// again.
enum class ProbeKind : std::uint8_t {
  // It is not: it gets traffic when its time is over.
  kOff = 0,
  // A TCP connection to its address, closed at once. Says that the broker can
  // be reached, not that it works: the kernel of a machine that hangs goes on
  // accepting. So it never ends an avoidance before its time.
  kTcp = 1,
  // The application's own `check`. Says that the broker works: an avoidance for
  // failures ends before its time (but with the policy `rocketmq-5`, whose
  // avoidances are only ever prolonged), one for being slow at its end.
  kCheck = 2,
};

// The answer of a check, from any thread, at any time; copies share it. The
// first answer counts, and only within the timeout. All copies gone without an
// answer: the broker failed the check.
class ProbeReply {
 public:
  ProbeReply() = default;

  void works() const;
  void fails(std::string why) const;

 private:
  friend struct client::ProbeReplyMaker;
  std::shared_ptr<client::ProbeAnswer> answer_;
};

// Tries a broker out, at most `timeout` long, and answers, now or later. Called
// where `EventDelivery` says, never on the library's I/O thread unless the
// application's own executor runs tasks there; kPoll: within poll_events(). One
// that blocks holds up events. An exception is a failed check.
using BrokerCheck = std::function<void(
    const Broker& broker, std::chrono::nanoseconds timeout, ProbeReply reply)>;

// Avoided brokers are probed in the background, so that traffic returns because
// a broker works and not because a timer ran out: with a probe, an avoided
// broker whose time is over is avoided until a probe succeeds (or it registers
// anew at its nameserver). After that it gets a trickle of its turns first, as
// AdaptiveFaults::trickle says, whatever the policy. As ever, when more are
// avoided than `fault_max_avoided_percent` allows, the least bad are used; a
// success reported there, after the broker's time, ends its avoidance too.
//
// What the application reports counts more than any probe: when a broker that
// came back on a probe's word fails before a message got through, that word is
// not taken again for 10 s, then 20 s, 40 s, up to 5 min. So a broker that
// hangs, and accepts connections all the while, does not flap.
struct BrokerProbing {
  ProbeKind kind = ProbeKind::kOff;
  // From the time when a success would count, give or take a fifth, and so that
  // many clients do not probe at once; twice as long after each failed probe.
  // 100 ms to 1 h.
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  std::chrono::nanoseconds interval_max = std::chrono::seconds(30);
  // 10 ms to 1 min.
  std::chrono::nanoseconds timeout = std::chrono::seconds(1);
  // Probes under way at a time. 1 to 256.
  std::int64_t concurrency = 4;
  BrokerCheck check;  // for kCheck
};

}  // namespace waypost

#endif  // WAYPOST_PROBE_HPP_
