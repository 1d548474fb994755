#include "wire/rpc/remoting_stream.h"

#include <string>

#include "base/assert.h"

namespace waypost::rpc {
namespace {

// Who has sent so much of a first frame means it: a large registration may take
// longer than a newcomer is given, most of all when many arrive at once.
constexpr std::size_t kInEarnestBytes = 16UL * 1024;

}  // namespace

RemotingStream::RemotingStream(std::uint64_t id,
                               transport::Connection& connection,
                               Settings& settings)
    : id_(id),
      connection_(connection),
      settings_(settings),
      gate_(connection),
      last_active_(settings.clock.now()),
      handler_(settings.factory(*this)) {
  WAYPOST_ASSERT(handler_ != nullptr);
}

std::size_t RemotingStream::on_bytes(std::span<const std::byte> bytes) {
  last_active_ = settings_.clock.now();
  if (bytes.size() >= kInEarnestBytes) established_ = true;
  std::size_t used = 0;
  while (!ending_ && gate_.is_open() && take_frame(bytes, used)) {
  }
  return ending_ ? bytes.size() : used;
}

bool RemotingStream::take_frame(std::span<const std::byte> bytes,
                                std::size_t& used) {
  using Outcome = remoting::FrameScan::Outcome;
  const remoting::FrameScan scan =
      remoting::scan_frame(bytes.subspan(used), settings_.frame_max_bytes);
  switch (scan.outcome) {
    case Outcome::kFrame:
      established_ = true;
      used += scan.frame_bytes;
      hand_out(scan);
      return true;
    case Outcome::kNeedMore:
      wait_for_turn(scan.frame_bytes);
      return false;
    case Outcome::kTooLarge:
      warn_and_close("closed a connection: a frame above the limit",
                     "frame of " + std::to_string(scan.frame_bytes) +
                         " bytes, remoting.frame-limit is " +
                         std::to_string(settings_.frame_max_bytes) +
                         "; raise it if a broker's registration is that large");
      return false;
    case Outcome::kMalformed:
      refuse("closed a connection: not a remoting frame", scan.reason);
      return false;
  }
  return false;
}

void RemotingStream::hand_out(const remoting::FrameScan& scan) {
  has_turn_ = false;
  handing_large_ = scan.frame_bytes > LargeFrameGate::kLargeBytes;
  handler_->on_frame(scan.frame);
  handing_large_ = false;
}

// `frame_bytes`: of the frame at hand, as far as it is known.
void RemotingStream::wait_for_turn(std::size_t frame_bytes) {
  if (frame_bytes <= LargeFrameGate::kLargeBytes || has_turn_ ||
      settings_.large_frames.is_open()) {
    return;
  }
  // It is our doing that its first frame takes longer.
  established_ = true;
  connection_.pause_reading();
  settings_.large_frames.wait(*this);
}

void RemotingStream::on_turn() {
  has_turn_ = true;
  if (ending_) return;
  last_active_ = settings_.clock.now();
  connection_.resume_reading();
}

void RemotingStream::expect(bool alone) {
  gate_.expect(alone);
  if (!handing_large_ || large_at_work_) return;
  large_at_work_ = true;
  settings_.large_frames.begin_work();
}

void RemotingStream::settle() {
  gate_.settle();
  end_large_work();
}

void RemotingStream::end_large_work() {
  if (!large_at_work_) return;
  large_at_work_ = false;
  settings_.large_frames.end_work();
}

void RemotingStream::on_closed(transport::CloseReason reason) {
  ending_ = true;
  settings_.large_frames.forget(*this);
  end_large_work();
  const bool by_peer =
      peer_at_fault_ && reason == transport::CloseReason::kLocal;
  handler_->on_closed(by_peer ? transport::CloseReason::kPeerClosed : reason);
}

void RemotingStream::on_idle() {
  if (!ending_) handler_->on_idle();
}

void RemotingStream::write(std::string_view frames) {
  if (ending_) return;
  last_active_ = settings_.clock.now();
  connection_.write(std::as_bytes(std::span(frames)));
}

void RemotingStream::refuse(std::string_view why, std::string_view detail) {
  if (ending_) return;
  peer_at_fault_ = true;
  warn_and_close(why, detail);
}

void RemotingStream::warn_and_close(std::string_view why,
                                    std::string_view detail) {
  if (settings_.refusals.admit(settings_.clock.now())) {
    settings_.logger.warn(
        why, {{"peer", peer().to_string()},
              {"detail", detail},
              {"not_logged_before", settings_.refusals.take_left_out()}});
  }
  close();
}

void RemotingStream::close() {
  if (ending_) return;
  ending_ = true;
  connection_.close_after_flush(kFlushMax);
}

}  // namespace waypost::rpc
