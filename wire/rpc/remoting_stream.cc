#include "wire/rpc/remoting_stream.h"

#include <string>

#include "base/assert.h"

namespace waypost::rpc {
namespace {

constexpr std::size_t kLengthBytes = 4;
// Of what the length counts: the header's own length comes first.
constexpr std::uint32_t kLengthMin = 4;

// Who has sent so much of a first frame means it: a large registration may take
// longer than a newcomer is given.
constexpr std::size_t kInEarnestBytes = 64UL * 1024;

std::uint32_t read_length(std::span<const std::byte> bytes) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length = (length << 8U) | std::to_integer<std::uint32_t>(bytes[i]);
  }
  return length;
}

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
  const auto rest = bytes.subspan(used);
  if (rest.size() < kLengthBytes) return false;
  const std::uint32_t length = read_length(rest);
  const std::size_t whole = std::size_t{length} + kLengthBytes;
  if (length < kLengthMin || whole > settings_.frame_max_bytes) {
    refuse_length(length);
    return false;
  }
  if (rest.size() < whole) return false;
  established_ = true;
  used += whole;
  handler_->on_frame(rest.first(whole));
  return true;
}

void RemotingStream::refuse_length(std::uint32_t length) {
  if (length < kLengthMin) {
    refuse("closed a connection: a frame too short for its header",
           "length " + std::to_string(length));
    return;
  }
  refuse("closed a connection: a frame above the limit",
         "frame of " + std::to_string(std::size_t{length} + kLengthBytes) +
             " bytes, remoting.frame-limit is " +
             std::to_string(settings_.frame_max_bytes) +
             "; raise it if a broker's registration is that large");
}

void RemotingStream::on_closed(transport::CloseReason reason) {
  ending_ = true;
  handler_->on_closed(reason);
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
