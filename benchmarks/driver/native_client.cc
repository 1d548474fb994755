#include "benchmarks/driver/native_client.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "wire/codec/native.h"
#include "wire/model/operations.h"

namespace waypost::bench {
namespace {

constexpr std::uint64_t kHelloId = 1;

tl::unexpected<base::Error> system_failure(const std::string& what) {
  const bool late = errno == EAGAIN || errno == EWOULDBLOCK;
  return base::fail(
      late ? base::ErrorCode::kTimedOut : base::ErrorCode::kUnavailable,
      what + ": " + std::strerror(errno));
}

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
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  if (inet_pton(AF_INET, target.host.c_str(), &address.sin_addr) != 1) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "not a numeric IPv4 address: " + target.host);
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_failure("socket");
  std::unique_ptr<NativeClient> client(new NativeClient(fd, deadline));
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(deadline).count();
  const timeval timeout{us / 1'000'000, us % 1'000'000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0) {
    return system_failure("connect to " + target.to_string());
  }
  const base::Status sent = client->send_all(opening_bytes());
  if (!sent) return tl::unexpected(sent.error());
  const base::Result<std::string> hello = client->receive_frame();
  if (!hello) return tl::unexpected(hello.error().with_context("hello"));
  if (codec::decode_frame_header(as_bytes(*hello)).kind ==
      codec::FrameKind::kError) {
    return tl::unexpected(error_of(*hello).with_context("hello"));
  }
  return client;
}

NativeClient::~NativeClient() { close(fd_); }

base::Result<std::string> NativeClient::call(codec::FrameKind kind,
                                             std::string_view payload) {
  const std::uint64_t id = ++last_id_;
  const base::Status sent = send_all(codec::make_frame(kind, 0, id, payload));
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

base::Status NativeClient::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("send");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

base::Result<std::string> NativeClient::receive_frame() {
  std::string frame;
  std::size_t wanted = codec::kFrameHeaderBytes;
  while (frame.size() < wanted) {
    const std::size_t have = frame.size();
    frame.resize(wanted);
    const ssize_t count = recv(fd_, frame.data() + have, wanted - have, 0);
    frame.resize(have + static_cast<std::size_t>(count > 0 ? count : 0));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("receive");
    if (count == 0) {
      return base::fail(base::ErrorCode::kUnavailable,
                        "the server closed the connection");
    }
    if (frame.size() == codec::kFrameHeaderBytes) {
      wanted += codec::decode_frame_header(as_bytes(frame)).payload_bytes;
    }
  }
  return frame;
}

}  // namespace waypost::bench
