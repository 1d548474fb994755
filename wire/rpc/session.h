#ifndef WAYPOST_WIRE_RPC_SESSION_H_
#define WAYPOST_WIRE_RPC_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "wire/codec/frame.h"
#include "wire/transport/connection.h"

namespace waypost::rpc {

// The server's side of one native connection, after its preface: finds frames,
// hands requests to the handler, writes answers. Loop thread only.
class ServerSession {
 public:
  virtual ~ServerSession() = default;

  // Writes one frame of an answer. The payload's size is a multiple of 8.
  virtual void reply(codec::FrameKind kind, std::uint16_t flags,
                     std::uint64_t correlation_id,
                     std::string_view payload) = 0;

  // Writes frames that were encoded before, as they are.
  virtual void write_frames(std::string_view frames) = 0;

  // Answers with an error frame; the connection stays.
  virtual void reply_error(std::uint64_t correlation_id,
                           const base::Error& error) = 0;

  // Answers with an error frame and closes after it is sent.
  virtual void refuse(std::uint64_t correlation_id,
                      const base::Error& error) = 0;

  // Sends a frame that nobody asked for.
  virtual void push(codec::FrameKind kind, std::string_view payload) = 0;

  // The request handed out last is answered later, from another thread's work:
  // each of these is followed by one settle(), after what is written for it.
  // `alone`, for answers that may be large: no further request is handed out
  // before that.
  virtual void expect(bool alone) = 0;
  virtual void settle() = 0;

  // Output that the peer has not taken yet.
  virtual std::size_t unsent_bytes() const = 0;

  virtual void close() = 0;
  virtual const base::Endpoint& peer() const = 0;

  // For answers that come later, from another thread's work: names the session
  // for as long as it lives (see Acceptor::find).
  virtual std::uint64_t id() const = 0;
};

// What a protocol does with a connection. One object for each connection, made
// by the factory that the Acceptor was given, destroyed after on_closed.
class SessionHandler {
 public:
  virtual ~SessionHandler() = default;
  virtual void on_request(const codec::FrameView& frame) = 0;
  virtual void on_closed(transport::CloseReason reason) = 0;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_SESSION_H_
