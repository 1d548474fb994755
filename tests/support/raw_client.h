#ifndef WAYPOST_TESTS_SUPPORT_RAW_CLIENT_H_
#define WAYPOST_TESTS_SUPPORT_RAW_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/error.h"
#include "tests/support/remoting_requests.h"
#include "tests/support/wait.h"
#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::support {

// One received frame.
struct RawFrame {
  codec::FrameHeader header;
  std::string payload;

  // The payload as that message; the error says what is wrong with it.
  template <typename Message>
  base::Result<Message> as() const {
    return codec::decode<Message>(std::as_bytes(std::span(payload)));
  }
};

// A TCP socket without manners: sends whatever bytes it is told to. All limits
// are real time, not scaled here. Numeric IPv4 addresses only.
class RawClient {
 public:
  struct Options {
    int receive_buffer_bytes = 0;  // 0: the system's
  };
  RawClient() = default;
  explicit RawClient(const base::Endpoint& endpoint)
      : RawClient(endpoint, Options()) {}
  RawClient(const base::Endpoint& endpoint, Options options);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&& other) noexcept;

  bool connected() const { return socket_ >= 0; }

  // False when the peer closed, or did not take it all within `limit`.
  bool send(std::string_view bytes,
            Milliseconds limit = scaled(Milliseconds(10'000)));
  // What the kernel takes at once.
  std::size_t send_some(std::string_view bytes);

  template <typename Message>
  bool request(codec::FrameKind kind, std::uint64_t correlation_id,
               const Message& message) {
    return send(
        codec::make_frame(kind, 0, correlation_id, codec::encode(message)));
  }
  bool send_preface();

  // Empty when the peer closed, or nothing complete came within `limit`.
  std::optional<RawFrame> read_frame(
      Milliseconds limit = scaled(Milliseconds(10'000)));

  // The same for RocketMQ's remoting protocol.
  std::optional<RemotingAnswer> read_answer(
      Milliseconds limit = scaled(Milliseconds(10'000)));

  // Reads and drops everything until the peer closes (or resets); false when it
  // has not within `limit`.
  bool wait_closed(Milliseconds limit = scaled(Milliseconds(10'000)));

  // Everything until the peer closes (or resets), or until `limit`.
  std::string read_to_end(Milliseconds limit = scaled(Milliseconds(10'000)));

  void close();
  // With RST instead of FIN.
  void reset();

 private:
  bool wait_for(short events, Milliseconds limit) const;
  // Bytes received now; 0: closed by the peer; -1: nothing within `limit`.
  int receive(Milliseconds limit);

  int socket_ = -1;
  std::string input_;
};

}  // namespace waypost::support

#endif  // WAYPOST_TESTS_SUPPORT_RAW_CLIENT_H_
