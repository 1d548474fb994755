#ifndef WAYPOST_WIRE_RPC_CHANNEL_H_
#define WAYPOST_WIRE_RPC_CHANNEL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "wire/codec/frame.h"
#include "wire/model/operations.h"
#include "wire/transport/network.h"

namespace waypost::rpc {

// Names a call in progress. 0 is none.
using CallId = std::uint64_t;

// One frame of an answer. `last` is false while kFlagMore says that another
// follows. An error frame, a deadline, a closed connection and a cancelled
// channel arrive as an Error, always last. Payloads are valid in the call only.
struct AnswerPart {
  codec::FrameKind kind;
  std::span<const std::byte> payload;
  bool last = true;
};
using AnswerCallback = std::function<void(base::Result<AnswerPart>)>;

struct ChannelOptions {
  // For TCP and hello together: a server that accepts and says nothing is no
  // better than one that cannot be reached.
  base::Duration connect_timeout = std::chrono::seconds(1);
  transport::ConnectionOptions connection;
  std::size_t payload_max_bytes = codec::kPayloadMaxBytesDefault;
  // Sent first on each connection; the reply is told to on_connected.
  model::HelloRequest hello;
};

// What a channel tells its owner; on the loop's thread, never inside a call of
// the owner into the channel.
class ChannelObserver {
 public:
  virtual ~ChannelObserver() = default;
  // Connected, and the server answered hello.
  virtual void on_connected(const model::HelloReply& reply) = 0;
  // The connection could not be made or has ended; pending calls have failed
  // before this. The channel does not reconnect by itself.
  virtual void on_disconnected(const base::Error& error) = 0;
  // Pushed frames (correlation id 0).
  virtual void on_push(codec::FrameKind kind,
                       std::span<const std::byte> payload) = 0;
};

// A client's link to one nameserver: connect, call, close. Calls may be made at
// any time: while connecting they wait, and their deadlines run. Answers may
// come in any order. Each callback is called until its last part, exactly as
// long; a call whose peer never answers costs nothing after its deadline. Loop
// thread only; destroying the channel cancels everything without callbacks.
class Channel {
 public:
  Channel(base::Executor& executor, transport::Network& network,
          base::Endpoint endpoint, ChannelOptions options,
          ChannelObserver* observer, base::Logger logger);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  enum class State : std::uint8_t { kClosed, kConnecting, kReady };
  State state() const;
  const base::Endpoint& endpoint() const;

  // Starts connecting; does nothing unless closed.
  void connect();

  // Sends a request; connects first when closed. `deadline` is from now and
  // covers connecting. After the last part the id means nothing.
  CallId call(codec::FrameKind kind, std::string payload,
              base::Duration deadline, AnswerCallback on_answer);

  // The callback will not be called (any more); a late answer is dropped.
  void cancel(CallId call);

  // Ends the connection; pending calls fail with kUnavailable and `why`, from
  // the loop; on_disconnected follows. May connect again afterwards.
  void close(const std::string& why);

  std::size_t pending_calls() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_CHANNEL_H_
