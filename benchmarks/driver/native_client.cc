#include "benchmarks/driver/native_client.h"

#include <span>
#include <utility>

#include "wire/codec/native.h"
#include "wire/model/operations.h"

namespace waypost::bench {
namespace {

constexpr std::uint64_t kHelloId = 1;

const std::byte* as_bytes(const std::string& text) {
  return reinterpret_cast<const std::byte*>(text.data());
}

base::Error error_of(const std::string& frame) {
  auto error =
      codec::decode<base::Error>(std::span(as_bytes(frame), frame.size())
                                     .subspan(codec::kFrameHeaderBytes));
  return error ? *error : error.error();
}

}  // namespace

std::string opening_bytes() {
  const codec::Preface preface = codec::encode_preface();
  std::string bytes(reinterpret_cast<const char*>(preface.data()),
                    preface.size());
  model::HelloRequest hello;
  hello.role = model::PeerRole::kClient;
  hello.name = "waypost-bench";
  bytes += codec::make_frame(codec::FrameKind::kHello, 0, kHelloId,
                             codec::encode(hello));
  return bytes;
}

base::Result<std::unique_ptr<NativeClient>> NativeClient::connect(
    const base::Endpoint& target, base::Duration deadline) {
  auto socket = BlockingSocket::connect(target, deadline);
  if (!socket) return tl::unexpected(socket.error());
  std::unique_ptr<NativeClient> client(new NativeClient(std::move(*socket)));
  const base::Status sent = client->socket_->send_all(opening_bytes());
  if (!sent) return tl::unexpected(sent.error());
  const base::Result<std::string> hello = client->receive_frame();
  if (!hello) return tl::unexpected(hello.error().with_context("hello"));
  if (codec::decode_frame_header(as_bytes(*hello)).kind ==
      codec::FrameKind::kError) {
    return tl::unexpected(error_of(*hello).with_context("hello"));
  }
  return client;
}

base::Result<std::string> NativeClient::call(codec::FrameKind kind,
                                             std::string_view payload) {
  const std::uint64_t id = ++last_id_;
  const base::Status sent =
      socket_->send_all(codec::make_frame(kind, 0, id, payload));
  if (!sent) return tl::unexpected(sent.error());
  std::string answer;
  for (;;) {
    const base::Result<std::string> frame = receive_frame();
    if (!frame) return frame;
    const codec::FrameHeader header =
        codec::decode_frame_header(as_bytes(*frame));
    if (header.correlation_id != id) continue;  // a push
    if (header.kind == codec::FrameKind::kError) {
      return tl::unexpected(error_of(*frame).with_context(
          codec::frame_kind_name(kind) + " refused"));
    }
    answer += *frame;
    if (!header.has_more()) return answer;
  }
}

base::Result<std::vector<std::string>> NativeClient::call_all(
    codec::FrameKind kind, const std::vector<std::string>& payloads) {
  const std::uint64_t first = last_id_ + 1;
  std::string requests;
  for (const std::string& payload : payloads) {
    requests += codec::make_frame(kind, 0, ++last_id_, payload);
  }
  const base::Status sent = socket_->send_all(requests);
  if (!sent) return tl::unexpected(sent.error());
  std::vector<std::string> answers;
  while (answers.size() < payloads.size()) {
    base::Result<std::string> frame = receive_frame();
    if (!frame) return tl::unexpected(frame.error());
    const codec::FrameHeader header =
        codec::decode_frame_header(as_bytes(*frame));
    if (header.correlation_id < first) continue;  // a push
    if (header.kind == codec::FrameKind::kError) {
      return tl::unexpected(error_of(*frame).with_context(
          codec::frame_kind_name(kind) + " refused"));
    }
    answers.push_back(std::move(*frame));
  }
  return answers;
}

base::Result<std::string> NativeClient::receive_frame() {
  std::string frame;
  base::Status received =
      socket_->receive_until(codec::kFrameHeaderBytes, frame);
  if (!received) return tl::unexpected(received.error());
  const std::size_t payload =
      codec::decode_frame_header(as_bytes(frame)).payload_bytes;
  received = socket_->receive_until(codec::kFrameHeaderBytes + payload, frame);
  if (!received) return tl::unexpected(received.error());
  return frame;
}

}  // namespace waypost::bench
