#include "wire/rpc/native_stream.h"

#include "base/assert.h"
#include "wire/codec/native.h"

namespace waypost::rpc {
namespace {

// Frames up to this are put together before they are written: one system call
// instead of two, for the price of a copy.
constexpr std::size_t kGatherMaxBytes = 64 * 1024;

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

void NativeStream::Settings::log_refusal(std::string_view why,
                                         const base::Endpoint& peer,
                                         std::string_view detail) {
  if (!refusals.admit(clock.now())) return;
  logger.warn(why, {{"peer", peer.to_string()},
                    {"detail", detail},
                    {"not_logged_before", refusals.take_left_out()}});
}

NativeStream::NativeStream(std::uint64_t id, transport::Connection& connection,
                           Settings& settings)
    : id_(id),
      connection_(connection),
      settings_(settings),
      gate_(connection) {}

std::size_t NativeStream::on_bytes(std::span<const std::byte> bytes) {
  std::size_t used = 0;
  if (!preface_seen_) {
    if (bytes.size() < codec::kPrefaceBytes) return 0;
    if (!accept_preface(bytes)) return bytes.size();
    used = codec::kPrefaceBytes;
  }
  while (!ending_ && gate_.is_open() && take_frame(bytes, used)) {
  }
  return used;
}

bool NativeStream::accept_preface(std::span<const std::byte> bytes) {
  preface_seen_ = true;
  if (const auto preface = codec::check_preface(bytes); !preface) {
    refuse(0, preface.error());
    return false;
  }
  handler_ = settings_.factory(*this);
  WAYPOST_ASSERT(handler_ != nullptr);
  return true;
}

bool NativeStream::take_frame(std::span<const std::byte> bytes,
                              std::size_t& used) {
  const codec::FrameScan scan =
      codec::scan_frame(bytes.subspan(used), settings_.payload_max_bytes);
  switch (scan.outcome) {
    case codec::FrameScan::Outcome::kFrame:
      used += scan.consumed;
      on_request(scan.frame);
      return true;
    case codec::FrameScan::Outcome::kNeedMore:
      return false;
    case codec::FrameScan::Outcome::kTooLarge:
    case codec::FrameScan::Outcome::kMalformed:
      refuse_length(scan);
      return false;
  }
  return false;
}

void NativeStream::on_request(const codec::FrameView& frame) {
  established_ = true;
  const std::uint64_t id = frame.header.correlation_id;
  if (frame.header.is_reply() || id == 0) {
    return refuse(id, {base::ErrorCode::kMalformed,
                       codec::frame_kind_name(frame.header.kind) +
                           ": a request has a correlation id other than 0 and "
                           "no reply flag",
                       {}});
  }
  handler_->on_request(frame);
}

void NativeStream::refuse_length(const codec::FrameScan& scan) {
  const codec::FrameHeader& header = scan.frame.header;
  const std::string what = codec::frame_kind_name(header.kind) + " of " +
                           std::to_string(header.payload_bytes) + " bytes";
  if (scan.outcome == codec::FrameScan::Outcome::kTooLarge) {
    return refuse(
        header.correlation_id,
        {base::ErrorCode::kTooLarge,
         what + " is above the limit of " +
             std::to_string(settings_.payload_max_bytes),
         "send less at once: incremental registrations, shorter queries"});
  }
  refuse(header.correlation_id,
         {base::ErrorCode::kMalformed,
          what + ": a payload's length is a multiple of 8",
          {}});
}

void NativeStream::on_closed(transport::CloseReason reason) {
  ending_ = true;
  if (handler_) handler_->on_closed(reason);
}

void NativeStream::reply(codec::FrameKind kind, std::uint16_t flags,
                         std::uint64_t correlation_id,
                         std::string_view payload) {
  WAYPOST_ASSERT(payload.size() % 8 == 0);
  if (ending_) return;
  const auto header = codec::encode_frame_header(
      {static_cast<std::uint32_t>(payload.size()), kind,
       static_cast<std::uint16_t>(flags | codec::kFlagReply), correlation_id});
  if (payload.size() > kGatherMaxBytes) {
    connection_.write(header);
    connection_.write(as_bytes(payload));
    return;
  }
  std::string& scratch = settings_.scratch;
  scratch.assign(reinterpret_cast<const char*>(header.data()), header.size());
  scratch += payload;
  connection_.write(as_bytes(scratch));
}

void NativeStream::write_frames(std::string_view frames) {
  if (!ending_) connection_.write(as_bytes(frames));
}

void NativeStream::reply_error(std::uint64_t correlation_id,
                               const base::Error& error) {
  reply(codec::FrameKind::kError, 0, correlation_id, codec::encode(error));
}

void NativeStream::refuse(std::uint64_t correlation_id,
                          const base::Error& error) {
  if (ending_) return;
  settings_.log_refusal("refused a peer", peer(), error.to_string());
  reply_error(correlation_id, error);
  ending_ = true;
  connection_.close_after_flush(kFlushMax);
}

void NativeStream::push(codec::FrameKind kind, std::string_view payload) {
  reply(kind, 0, 0, payload);
}

std::size_t NativeStream::unsent_bytes() const {
  return connection_.unsent_bytes();
}

void NativeStream::close() {
  ending_ = true;
  connection_.close();
}

}  // namespace waypost::rpc
