#include "wire/rpc/accepted_connection.h"

#include <utility>

#include "wire/codec/native.h"

namespace waypost::rpc {
namespace {

// Of a TLS record: content type and version.
constexpr std::size_t kTlsHeadBytes = 3;

}  // namespace

AcceptedConnection::AcceptedConnection(
    std::uint64_t id, std::unique_ptr<transport::Connection> connection,
    Owner& owner, Protocols& protocols)
    : id_(id),
      owner_(owner),
      protocols_(protocols),
      connection_(std::move(connection)) {}

// A handler hears of every end, also when the acceptor goes first.
AcceptedConnection::~AcceptedConnection() {
  if (stream_ && !closed_) stream_->on_closed(transport::CloseReason::kLocal);
}

void AcceptedConnection::refuse(const base::Error& error) {
  const std::string frame = codec::make_frame(
      codec::FrameKind::kError, codec::kFlagReply, 0, codec::encode(error));
  connection_->write(std::as_bytes(std::span(frame)));
  close_after_flush();
}

void AcceptedConnection::close_after_flush() {
  connection_->close_after_flush(kFlushMax);
}

void AcceptedConnection::close() { connection_->close(); }

std::size_t AcceptedConnection::on_bytes(std::span<const std::byte> bytes) {
  if (!stream_) {
    if (bytes.empty()) return 0;
    // One byte alone is no TLS yet: whoever sent it has its time to go on.
    if (sniff_protocol(bytes.front()) == Protocol::kTls &&
        bytes.size() < kTlsHeadBytes) {
      return 0;
    }
    stream_ = choose_stream(bytes.front());
    if (!stream_) return bytes.size();
  }
  return stream_->on_bytes(bytes);
}

void AcceptedConnection::on_closed(transport::CloseReason reason,
                                   const base::Error& error) {
  protocols_.native.logger.debug(
      "connection ended", {{"peer", connection_->peer().to_string()},
                           {"reason", transport::close_reason_name(reason)},
                           {"error", error.message}});
  closed_ = true;
  if (stream_) stream_->on_closed(reason);
  owner_.forget(id_);
}

std::unique_ptr<ProtocolStream> AcceptedConnection::choose_stream(
    std::byte first_byte) {
  const Protocol protocol = sniff_protocol(first_byte);
  if (protocol == Protocol::kNative) {
    return std::make_unique<NativeStream>(id_, *connection_, protocols_.native);
  }
  if (protocol == Protocol::kRemoting && protocols_.remoting.factory) {
    owner_.watch_idle(id_);
    return std::make_unique<RemotingStream>(id_, *connection_,
                                            protocols_.remoting);
  }
  // Nothing is written: an error frame means nothing in another protocol.
  protocols_.native.log_refusal(
      "closed a connection of a protocol not spoken here", connection_->peer(),
      protocol_name(protocol));
  connection_->close();
  return nullptr;
}

}  // namespace waypost::rpc
