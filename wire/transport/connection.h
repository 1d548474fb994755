#ifndef WAYPOST_WIRE_TRANSPORT_CONNECTION_H_
#define WAYPOST_WIRE_TRANSPORT_CONNECTION_H_

// A stream connection as the layers above see it: bytes in, bytes out, a reason
// when it ends. Two bodies: TCP on libuv (uv_connection.h), and the simulated
// network of the tests.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::transport {

// Why a connection ended. Who ended it matters: a close by the broker's side
// removes the broker, silence and our own closes do not.
enum class CloseReason : std::uint8_t {
  kLocal,          // we called close()
  kPeerClosed,     // FIN
  kPeerReset,      // RST
  kTimedOut,       // ETIMEDOUT: keepalive or TCP_USER_TIMEOUT; silence
  kSlowReader,     // the peer left more than `write_limit_bytes` unread
  kInputTooLarge,  // more unconsumed input than `read_limit_bytes` or budget
  kIoError,        // anything else
};
std::string_view close_reason_name(CloseReason reason);

// Receives a connection's events, on its loop's thread. Must outlive the
// connection's on_closed.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;

  // Bytes have arrived. `bytes` is everything received and not yet consumed,
  // 8-aligned as long as multiples of 8 are consumed, and valid during the call
  // only. Returns how many of them are consumed; the rest comes again, in front
  // of what arrives later. What is written during the call goes out in one
  // system call after it. May close the connection.
  virtual std::size_t on_bytes(std::span<const std::byte> bytes) = 0;

  // The connection has ended; always the last event, exactly once, never from
  // within a call of the handler's owner into the connection. The connection
  // may be destroyed in it.
  virtual void on_closed(CloseReason reason, const base::Error& error) = 0;
};

struct ConnectionOptions {
  // Input held for one connection beyond one read: the largest frame and its
  // header. Grows as bytes arrive, never ahead of them.
  std::size_t read_limit_bytes = 16 * 1024 * 1024 + 4096;
  // Output waiting for the peer above this stops reading from it (it asks more
  // than it reads); reading goes on below half of it.
  std::size_t write_high_water_bytes = 1024 * 1024;
  // Output waiting above this closes the connection.
  std::size_t write_limit_bytes = 64 * 1024 * 1024;
  // Shared by all connections of a process for input held; null: no such limit.
  base::ByteBudget* input_budget = nullptr;
  // TCP keepalive starts after this much silence, and ends the connection after
  // as much again without an answer; 0: off.
  base::Duration keepalive{0};
  // TCP_USER_TIMEOUT: unacknowledged output for this long ends the connection;
  // 0: the system's default.
  base::Duration user_timeout{0};
};

// Loop thread only. Owned by whoever it was handed to; destroying it closes it
// and no event follows.
class Connection {
 public:
  virtual ~Connection() = default;

  // Must be called once before the first event can be delivered.
  virtual void start(ConnectionHandler* handler) = 0;

  // Sends a copy of `bytes`, after what was written before. Ignored after
  // close. Several pieces of one message may be written one after another.
  virtual void write(std::span<const std::byte> bytes) = 0;

  // Ends the connection now; output not yet taken by the kernel is lost.
  // on_closed(kLocal) follows from the loop.
  virtual void close() = 0;

  // Ends it after all output has been taken by the kernel, or after `deadline`.
  // No more input is delivered. Once all is sent our side is closed (FIN) and
  // the peer gets up to a second to close its own, so that input nobody reads
  // does not turn the close into a reset that destroys what we sent.
  virtual void close_after_flush(base::Duration deadline) = 0;

  // Stops and resumes delivery of input.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  // Whether more than `write_high_water_bytes` of output wait, after sending
  // what the kernel takes. A handler that finds it so hands out no further
  // request of this read; what it leaves unconsumed is offered again once the
  // output has drained below half of that, also when no new input arrives.
  virtual bool output_is_high() = 0;

  virtual bool is_open() const = 0;
  virtual std::size_t unsent_bytes() const = 0;
  virtual const base::Endpoint& peer() const = 0;   // numeric
  virtual const base::Endpoint& local() const = 0;  // numeric
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_CONNECTION_H_
