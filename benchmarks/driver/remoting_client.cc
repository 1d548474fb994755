#include "benchmarks/driver/remoting_client.h"

#include <span>

#include "wire/codec/remoting/command.h"

namespace waypost::bench {

base::Result<std::unique_ptr<RemotingClient>> RemotingClient::connect(
    const base::Endpoint& target, base::Duration deadline) {
  auto socket = BlockingSocket::connect(target, deadline);
  if (!socket) return tl::unexpected(socket.error());
  return std::unique_ptr<RemotingClient>(
      new RemotingClient(std::move(*socket)));
}

base::Result<std::string> RemotingClient::call(std::string_view request_frame) {
  base::Status done = socket_->send_all(request_frame);
  std::string frame;
  remoting::FrameScan scan;
  std::size_t wanted = remoting::kFrameHeadBytes;
  while (done && scan.outcome != remoting::FrameScan::Outcome::kFrame) {
    done = socket_->receive_until(wanted, frame);
    scan = remoting::scan_frame(std::as_bytes(std::span(frame)),
                                4 * remoting::kFrameMaxBytesDefault);
    if (!scan.reason.empty()) {
      return base::fail(base::ErrorCode::kMalformed, std::string(scan.reason));
    }
    wanted = scan.frame_bytes;
  }
  if (!done) return tl::unexpected(done.error());
  const auto response = remoting::decode_header(scan.frame);
  if (!response) return tl::unexpected(response.error());
  if (response->code != remoting::response_code::kSuccess) {
    return base::fail(base::ErrorCode::kConflict,
                      "the nameserver answers code " +
                          std::to_string(response->code) + ": " +
                          response->remark.value_or(""));
  }
  return frame;
}

}  // namespace waypost::bench
