#ifndef WAYPOST_BROKER_AGENT_RUNTIME_EXCHANGE_PROBER_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_EXCHANGE_PROBER_H_

#include <memory>
#include <string>

#include "broker_agent/core/answer_matcher.h"
#include "broker_agent/runtime/probe_stream.h"
#include "broker_agent/runtime/prober.h"

namespace waypost::agent {

// A connection for each attempt: connects, sends `request`, reads until
// `matcher` knows, closes. Without a matcher, having connected is enough.
class ExchangeProber final : public Prober, private ProbeStream::Owner {
 public:
  ExchangeProber(base::Executor& executor, transport::Network& network,
                 base::Endpoint address, std::string request,
                 std::unique_ptr<AnswerMatcher> matcher);

  void begin(base::Duration timeout, Done done) override;
  std::string abandon() override;

 private:
  void on_stream_open() override;
  std::size_t on_stream_bytes(std::string_view bytes) override;
  void on_stream_ended(const base::Error& error) override;

  void finish(ProbeResult result);

  const base::Endpoint address_;
  const std::string request_;
  const std::unique_ptr<AnswerMatcher> matcher_;  // may be null
  Done done_;
  bool connected_ = false;
  ProbeStream stream_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_EXCHANGE_PROBER_H_
