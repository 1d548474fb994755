#include "broker_agent/runtime/exchange_prober.h"

#include <utility>

namespace waypost::agent {

ExchangeProber::ExchangeProber(base::Executor& executor,
                               transport::Network& network,
                               base::Endpoint address, std::string request,
                               std::unique_ptr<AnswerMatcher> matcher)
    : address_(std::move(address)),
      request_(std::move(request)),
      matcher_(std::move(matcher)),
      stream_(executor, network, *this) {}

void ExchangeProber::begin(base::Duration timeout, Done done) {
  done_ = std::move(done);
  connected_ = false;
  if (matcher_) matcher_->reset();
  stream_.open(address_, timeout);
}

std::string ExchangeProber::abandon() {
  done_ = nullptr;
  stream_.drop();
  return connected_ ? matcher_->waiting_for() : "a connection";
}

void ExchangeProber::on_stream_open() {
  connected_ = true;
  if (!matcher_) return finish({true, {}});
  if (!request_.empty()) stream_.write(request_);
}

std::size_t ExchangeProber::on_stream_bytes(std::string_view bytes) {
  if (auto result = matcher_->feed(bytes)) finish(std::move(*result));
  return bytes.size();
}

void ExchangeProber::on_stream_ended(const base::Error& error) {
  std::string detail = error.message;
  if (connected_) detail += " (waiting for " + matcher_->waiting_for() + ")";
  finish({false, std::move(detail)});
}

void ExchangeProber::finish(ProbeResult result) {
  stream_.drop();
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(result));
}

}  // namespace waypost::agent
