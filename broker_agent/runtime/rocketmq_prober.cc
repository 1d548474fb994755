#include "broker_agent/runtime/rocketmq_prober.h"

#include <span>
#include <utility>

#include "broker_agent/core/text.h"
#include "wire/codec/remoting/command.h"

namespace waypost::agent {
namespace {

// An answer to the probe is some hundred bytes.
constexpr std::size_t kFrameMaxBytes = 64 * 1024;

// Without ext fields: then the access control of 4.x looks at the address
// alone, and an address on its white list is enough.
std::string request(std::int32_t opaque) {
  remoting::Command command;
  command.code = remoting::request_code::kCheckClientConfig;
  command.language = remoting::Language::kCpp;
  command.opaque = opaque;
  return remoting::encode_frame(command, "{}");
}

}  // namespace

RocketmqProber::RocketmqProber(base::Executor& executor,
                               transport::Network& network,
                               base::Endpoint address)
    : address_(std::move(address)), stream_(executor, network, *this) {}

void RocketmqProber::begin(base::Duration timeout, Done done) {
  done_ = std::move(done);
  if (state_ == State::kIdle) return ask();
  state_ = State::kConnecting;
  stream_.open(address_, timeout);
}

void RocketmqProber::ask() {
  state_ = State::kAsked;
  // Java's numbers grow; they may not be negative.
  opaque_ = (opaque_ + 1) & 0x7fffffff;
  stream_.write(request(opaque_));
}

std::string RocketmqProber::abandon() {
  std::string waited_for = waiting_for();
  done_ = nullptr;
  state_ = State::kClosed;
  stream_.drop();
  return waited_for;
}

std::string RocketmqProber::waiting_for() const {
  return state_ == State::kAsked ? "an answer" : "a connection";
}

void RocketmqProber::on_stream_open() { ask(); }

std::size_t RocketmqProber::on_stream_bytes(std::string_view bytes) {
  std::size_t used = 0;
  while (state_ != State::kClosed) {
    const std::string_view rest = bytes.substr(used);
    const remoting::FrameScan scan =
        remoting::scan_frame(std::as_bytes(std::span(rest)), kFrameMaxBytes);
    if (scan.outcome == remoting::FrameScan::Outcome::kNeedMore) return used;
    const auto command =
        scan.outcome == remoting::FrameScan::Outcome::kFrame
            ? remoting::decode_header(scan.frame)
            : base::fail(base::ErrorCode::kMalformed, std::string(scan.reason));
    if (!command) {
      fail("not RocketMQ: '" + format_bytes_seen(rest) + "'");
      break;
    }
    used += scan.frame_bytes;
    // The broker may ask its clients things; this one has nothing to say.
    const bool is_answer = command->is_response() &&
                           command->opaque == opaque_ &&
                           state_ == State::kAsked;
    if (!is_answer) continue;
    state_ = State::kIdle;
    finish({true, {}});
  }
  return bytes.size();
}

void RocketmqProber::on_stream_ended(const base::Error& error) {
  // While idle nobody waits: the next attempt finds out what it means.
  if (state_ == State::kIdle) {
    state_ = State::kClosed;
    return;
  }
  fail(state_ == State::kConnecting
           ? error.message
           : error.message + " (waiting for " + waiting_for() + ")");
}

void RocketmqProber::fail(std::string detail) {
  state_ = State::kClosed;
  stream_.drop();
  finish({false, std::move(detail)});
}

void RocketmqProber::finish(ProbeResult result) {
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(result));
}

}  // namespace waypost::agent
