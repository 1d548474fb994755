#ifndef WAYPOST_WIRE_TRANSPORT_UV_CONNECTION_H_
#define WAYPOST_WIRE_TRANSPORT_UV_CONNECTION_H_

// TCP on libuv.
//
// Lifetime. The connection owns its uv_tcp_t until it ends: then uv_close is
// called at once, and on_closed from the close callback, which therefore never
// runs inside a call of the handler's owner. A connection that is destroyed
// first clears the handle's `data`, so the close callback only frees. Output in
// flight belongs to its request, which libuv always calls back. The handler may
// destroy the connection within on_bytes and on_closed; after each call of the
// handler `destroyed_` is asked before a member is touched.
//
// The happy path: read into the loop's scratch buffer, on_bytes consumes it
// all, what it wrote is sent from the loop's cork with one system call.
// - A message is incomplete: its beginning is kept in input_, and the next read
//   goes behind it. Large messages are read at a pace (large_reads.h).
// - The peer reads slowly: what the kernel does not take is queued with libuv;
//   above the high-water mark reading stops, and a handler that asks
//   output_is_high() leaves the rest of its input, which is offered again when
//   the queue has drained; above the limit it ends.
// - Writing fails: the peer may have sent something before it went, so reading
//   goes on until it ends by itself; the first failure is the reason told.
// - The peer closes its side: the rest of the output is sent first.
//
// An idle connection costs us 560 bytes (measured with 8 000 of them): this
// object (256), libuv's handle (248), the allocator's rounding, and no buffer.

#include <cstddef>
#include <memory>
#include <vector>

#include <uv.h>

#include "base/executor.h"
#include "wire/transport/connection.h"
#include "wire/transport/input_buffer.h"
#include "wire/transport/large_reads.h"

namespace waypost::transport {

class UvLoop;

class UvConnection final : public Connection, private LargeReads::Reader {
 public:
  // Takes over a connected socket. The options are shared by all connections
  // of a listener.
  static base::Result<std::unique_ptr<UvConnection>> adopt(
      UvLoop& loop, int descriptor, const base::Endpoint& peer,
      std::shared_ptr<const ConnectionOptions> options);

  // Takes over an initialised, connected handle.
  UvConnection(UvLoop& loop, uv_tcp_t* tcp, const base::Endpoint& peer,
               std::shared_ptr<const ConnectionOptions> options);
  ~UvConnection() override;
  UvConnection(const UvConnection&) = delete;
  UvConnection& operator=(const UvConnection&) = delete;

  void start(ConnectionHandler* handler) override;
  void write(std::span<const std::byte> bytes) override;
  void close() override;
  void close_after_flush(base::Duration deadline) override;
  void pause_reading() override;
  void resume_reading() override;
  bool output_is_high() override;
  bool is_open() const override;
  std::size_t unsent_bytes() const override;
  const base::Endpoint& peer() const override { return peer_; }
  const base::Endpoint& local() const override { return local_; }

 private:
  struct WriteRequest;

  enum class State : std::uint8_t {
    kOpen,
    kPeerDone,   // the peer closed its side; sending the rest
    kFlushing,   // close_after_flush; sending the rest
    kLingering,  // all sent and our side closed; waiting for the peer's
    kEnded,      // uv_close called
  };

  // Input.
  void update_reading();
  uv_buf_t provide_buffer();
  void on_read(ssize_t count);
  void read_on() override;
  bool reads_behind_copy() const;
  void on_received(std::size_t count);
  void deliver_from_scratch(std::size_t received);
  void deliver_held();
  bool call_handler(std::span<const std::byte> bytes, std::size_t& consumed);
  void check_held(bool kept);
  void offer_again();
  void on_read_end(int status);

  // Output.
  void disown_write();  // nobody to tell of it any more
  void send(std::span<const std::byte> first,
            std::span<const std::byte> second = {});
  void start_write(std::span<const std::byte> first,
                   std::span<const std::byte> second);
  void check_unsent();
  void on_written(int status);
  void on_output_failed(int status);
  void on_all_sent();
  void send_gathered();

  // The end.
  void end(CloseReason reason, int status);
  void end_after(base::Duration delay, CloseReason reason);
  void linger();
  void close_handle();
  void on_handle_closed();

  UvLoop& loop_;
  uv_tcp_t* tcp_;  // null once its close callback has run
  ConnectionHandler* handler_ = nullptr;
  bool* destroyed_ = nullptr;  // set while the handler is being called
  const std::shared_ptr<const ConnectionOptions> options_;
  InputBuffer input_;
  WriteRequest* in_flight_ = nullptr;
  std::vector<std::byte> waiting_;  // output behind in_flight_
  std::unique_ptr<base::Timer> redelivery_;
  std::unique_ptr<base::Timer> deadline_;
  base::Instant linger_until_{};

  int descriptor_;
  int end_status_ = 0;     // what ended it, for the message
  int output_status_ = 0;  // how writing failed; 0: it did not
  State state_ = State::kOpen;
  CloseReason end_reason_ = CloseReason::kLocal;
  bool reading_ = false;     // uv_read_start is in effect
  bool paused_ = false;      // by pause_reading()
  bool throttled_ = false;   // by the high-water mark
  bool held_back_ = false;   // waits for its share of large reads
  bool read_large_ = false;  // since it last waited for that

  const base::Endpoint peer_;
  const base::Endpoint local_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_CONNECTION_H_
