#ifndef WAYPOST_BROKER_AGENT_RUNTIME_ROCKETMQ_PROBER_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_ROCKETMQ_PROBER_H_

#include <cstdint>
#include <string>

#include "broker_agent/runtime/probe_stream.h"
#include "broker_agent/runtime/prober.h"

namespace waypost::agent {

// Keeps one remoting connection to a RocketMQ broker and asks it to check an
// empty client configuration (CHECK_CLIENT_CONFIG, body `{}`). By the sources
// of 4.1.0 to 5.3.3 the broker decodes two braces, finds no subscription to
// check, and answers success, from the thread pool that serves its clients. It
// enters no producer or consumer, reads no store, logs nothing. (Rejected: an
// empty HEART_BEAT, which is a client's statement about itself;
// GET_BROKER_RUNTIME_INFO, which collects a page of numbers and a disk's usage;
// a code that no broker knows, which brokers before 4.9.1 leave unanswered;
// GET_CONSUMER_LIST_BY_GROUP, which logs a warning for a group that is not
// there.) A broker of 4.0.0 does not know the request and does not answer it.
//
// Any answer counts, also "busy" and "no permission": a broker that can refuse
// is not hung. No answer within the timeout, a close, or bytes that are not
// remoting are failures. Brokers that speak TLS only cannot be probed.
class RocketmqProber final : public Prober, private ProbeStream::Owner {
 public:
  RocketmqProber(base::Executor& executor, transport::Network& network,
                 base::Endpoint address);

  void begin(base::Duration timeout, Done done) override;
  std::string abandon() override;

 private:
  enum class State : std::uint8_t { kClosed, kConnecting, kIdle, kAsked };

  void on_stream_open() override;
  std::size_t on_stream_bytes(std::string_view bytes) override;
  void on_stream_ended(const base::Error& error) override;

  void ask();
  void fail(std::string detail);
  void finish(ProbeResult result);
  std::string waiting_for() const;

  const base::Endpoint address_;
  Done done_;
  State state_ = State::kClosed;
  std::int32_t opaque_ = 0;  // of the request under way
  ProbeStream stream_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_ROCKETMQ_PROBER_H_
