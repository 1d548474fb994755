#include "wire/transport/uv_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "wire/transport/socket_address.h"
#include "wire/transport/uv_error.h"
#include "wire/transport/uv_handle.h"
#include "wire/transport/uv_loop.h"

namespace waypost::transport {
namespace {

// Held input up to this is copied in front of the next read, which costs less
// than a read into a small buffer; above it the read goes to the held input.
constexpr std::size_t kCopyInFrontMax = 4096;

// One read of a large message.
constexpr std::size_t kLargeReadMax = 64 * 1024;

// How long a peer that has closed its side may take to read the rest.
constexpr auto kPeerDoneFlushMax = std::chrono::seconds(10);

// How long after the last byte of close_after_flush we wait for the peer to
// close too. Closing with unread input would make the kernel send RST and throw
// away what the peer has not received yet.
constexpr auto kLingerMax = std::chrono::seconds(1);

uv_stream_t* stream(uv_tcp_t* tcp) {
  return reinterpret_cast<uv_stream_t*>(tcp);
}

int descriptor_of(uv_tcp_t* tcp) {
  uv_os_fd_t descriptor = -1;
  uv_fileno(reinterpret_cast<uv_handle_t*>(tcp), &descriptor);
  return descriptor;
}

std::span<const std::byte> without_front(std::span<const std::byte> bytes,
                                         std::size_t count) {
  return bytes.subspan(std::min(count, bytes.size()));
}

// One system call. Returns how much the kernel took, or a negated errno.
ssize_t send_now(int descriptor, std::span<const std::byte> first,
                 std::span<const std::byte> second) {
  ssize_t sent = 0;
  do {
    if (second.empty()) {
      sent = ::send(descriptor, first.data(), first.size(), MSG_NOSIGNAL);
    } else {
      std::array<iovec, 2> parts{
          {{const_cast<std::byte*>(first.data()), first.size()},
           {const_cast<std::byte*>(second.data()), second.size()}}};
      msghdr message{};
      message.msg_iov = parts.data();
      message.msg_iovlen = parts.size();
      sent = ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
    }
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return sent;
  return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
}

}  // namespace

// One uv_write and, behind it in the same block, its bytes.
struct UvConnection::WriteRequest {
  uv_write_t request;
  UvConnection* owner;  // null when the connection was destroyed
  std::size_t size;

  std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }

  static WriteRequest* make(UvConnection* owner, std::size_t size) {
    void* const memory = ::operator new(sizeof(WriteRequest) + size);
    return new (memory)
        WriteRequest{.request = {}, .owner = owner, .size = size};
  }
  static void done(uv_write_t* request, int status) {
    auto* const self = reinterpret_cast<WriteRequest*>(request);
    UvConnection* const owner = self->owner;
    ::operator delete(self);
    if (owner != nullptr) owner->on_written(status);
  }
};

base::Result<std::unique_ptr<UvConnection>> UvConnection::adopt(
    UvLoop& loop, int descriptor, const base::Endpoint& peer,
    std::shared_ptr<const ConnectionOptions> options) {
  auto* const tcp = new uv_tcp_t;
  uv_tcp_init(loop.uv(), tcp);
  const int status = uv_tcp_open(tcp, descriptor);
  if (status != 0) {
    ::close(descriptor);
    UvClose<uv_tcp_t>()(tcp);
    return tl::unexpected(
        uv_error(status, "connection with " + peer.to_string()));
  }
  return std::make_unique<UvConnection>(loop, tcp, peer, std::move(options));
}

UvConnection::UvConnection(UvLoop& loop, uv_tcp_t* tcp,
                           const base::Endpoint& peer,
                           std::shared_ptr<const ConnectionOptions> options)
    : loop_(loop),
      tcp_(tcp),
      options_(std::move(options)),
      input_(options_->read_limit_bytes, options_->input_budget),
      descriptor_(descriptor_of(tcp)),
      peer_(peer),
      local_(SocketAddress::local_of(descriptor_)) {
  tcp_->data = this;
}

UvConnection::~UvConnection() {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  if (destroyed_ != nullptr) *destroyed_ = true;
  loop_.large_reads().forget(*this);
  if (in_flight_ != nullptr) in_flight_->owner = nullptr;
  if (tcp_ == nullptr) return;
  send_gathered();
  tcp_->data = nullptr;
  if (state_ != State::kEnded) close_handle();
}

bool UvConnection::is_open() const {
  return state_ == State::kOpen || state_ == State::kPeerDone;
}

void UvConnection::start(ConnectionHandler* handler) {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  WAYPOST_ASSERT(handler_ == nullptr && handler != nullptr);
  handler_ = handler;
  if (tcp_ != nullptr) return update_reading();
  // It ended, unnoticed, before it was started.
  deadline_ =
      loop_.run_after(base::Duration::zero(), [this] { on_handle_closed(); });
}

// Input.

void UvConnection::update_reading() {
  const bool wanted =
      state_ == State::kLingering ||
      (state_ == State::kOpen && handler_ != nullptr && !paused_ &&
       !held_back_ && (!throttled_ || output_status_ != 0));
  if (wanted == reading_) return;
  reading_ = wanted;
  if (!wanted) {
    uv_read_stop(stream(tcp_));
    return;
  }
  const int status = uv_read_start(
      stream(tcp_),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        *buffer = static_cast<UvConnection*>(handle->data)->provide_buffer();
      },
      [](uv_stream_t* handle, ssize_t count, const uv_buf_t*) {
        static_cast<UvConnection*>(handle->data)->on_read(count);
      });
  if (status != 0) end(close_reason_of(status), status);
}

bool UvConnection::reads_behind_copy() const {
  return input_.size() <= kCopyInFrontMax || state_ == State::kLingering;
}

uv_buf_t UvConnection::provide_buffer() {
  std::span<std::byte> room;
  if (reads_behind_copy()) {
    const auto scratch = loop_.buffers().scratch();
    const auto held = input_.bytes();
    if (!held.empty()) std::memcpy(scratch.data(), held.data(), held.size());
    room = scratch.subspan(held.size());
  } else {
    const std::size_t share = loop_.large_reads().share();
    held_back_ = share == 0;
    if (!held_back_ && input_.make_room()) {
      room = input_.room();
      room = room.first(std::min({room.size(), share, kLargeReadMax}));
    }
  }
  // No room: libuv calls on_read with UV_ENOBUFS.
  return {reinterpret_cast<char*>(room.data()), room.size()};
}

void UvConnection::on_read(ssize_t count) {
  if (count > 0) {
    on_received(static_cast<std::size_t>(count));
  } else if (count < 0 && held_back_) {
    loop_.large_reads().hold(*this, std::exchange(read_large_, false));
    update_reading();
  } else if (count < 0) {
    on_read_end(static_cast<int>(count));
  }
}

void UvConnection::read_on() {
  held_back_ = false;
  if (tcp_ != nullptr && state_ != State::kEnded) update_reading();
}

void UvConnection::on_received(std::size_t count) {
  if (state_ == State::kLingering) return;
  redelivery_.reset();
  if (reads_behind_copy()) {
    deliver_from_scratch(count);
  } else {
    loop_.large_reads().take(count);
    read_large_ = true;
    input_.commit(count);
    deliver_held();
  }
}

void UvConnection::deliver_from_scratch(std::size_t received) {
  const std::span<const std::byte> bytes =
      loop_.buffers().scratch().first(input_.size() + received);
  std::size_t consumed = 0;
  if (!call_handler(bytes, consumed)) return;
  const auto rest = bytes.subspan(consumed);
  if (rest.empty()) {
    if (!input_.empty()) input_.clear();
    return;
  }
  // Nothing consumed: the old part is in place, and growing in steps is cheaper
  // than a new block for every read.
  check_held(consumed == 0 ? input_.append(rest.last(received))
                           : input_.assign(rest));
}

void UvConnection::deliver_held() {
  // The handler may destroy this connection, but not what it is reading.
  InputBuffer held = std::move(input_);
  std::size_t consumed = 0;
  if (!call_handler(held.bytes(), consumed)) return;
  held.consume(consumed);
  input_ = std::move(held);
  check_held(true);
}

// False when the connection does not need what was not consumed: it has been
// destroyed, or delivers no more.
bool UvConnection::call_handler(std::span<const std::byte> bytes,
                                std::size_t& consumed) {
  bool destroyed = false;
  bool* const outer = std::exchange(destroyed_, &destroyed);
  loop_.buffers().cork(this);
  consumed = handler_->on_bytes(bytes);
  if (destroyed) {
    if (outer != nullptr) *outer = true;
    return false;
  }
  WAYPOST_ASSERT(consumed <= bytes.size());
  destroyed_ = outer;
  send_gathered();
  if (state_ == State::kOpen) return true;
  input_.clear();
  return false;
}

void UvConnection::check_held(bool kept) {
  if (!kept || input_.size() > options_->read_limit_bytes) {
    end(CloseReason::kInputTooLarge, UV_ENOBUFS);
  }
}

void UvConnection::on_read_end(int status) {
  if (state_ == State::kLingering) return end(CloseReason::kLocal, 0);
  if (status == UV_ENOBUFS) return end(CloseReason::kInputTooLarge, status);
  // What was left when reading was paused has not been offered again yet.
  if (std::exchange(redelivery_, nullptr) != nullptr) {
    bool destroyed = false;
    destroyed_ = &destroyed;
    deliver_held();
    if (destroyed) return;
    destroyed_ = nullptr;
    if (state_ != State::kOpen) return;
  }
  if (output_status_ != 0) {
    return end(close_reason_of(output_status_), output_status_);
  }
  if (status != UV_EOF) return end(close_reason_of(status), status);
  // The handler still has requests to take when it may; the end of input is
  // told again when reading goes on.
  if ((paused_ || throttled_) && !input_.empty()) return update_reading();
  state_ = State::kPeerDone;
  update_reading();
  if (unsent_bytes() == 0) return end(CloseReason::kPeerClosed, status);
  end_after(kPeerDoneFlushMax, CloseReason::kPeerClosed);
}

void UvConnection::pause_reading() {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  if (state_ == State::kEnded) return;
  paused_ = true;
  redelivery_.reset();
  update_reading();
}

void UvConnection::resume_reading() {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  if (!paused_) return;
  paused_ = false;
  if (state_ != State::kOpen) return;
  update_reading();
  // Also within on_bytes, whose return value says what will be left.
  offer_again();
}

// Offers the input that is left, from the loop.
void UvConnection::offer_again() {
  redelivery_ = loop_.run_after(base::Duration::zero(), [this] {
    const auto done = std::exchange(redelivery_, nullptr);
    if (state_ == State::kOpen && !paused_ && !throttled_ && !input_.empty()) {
      deliver_held();
    }
  });
}

// Output.

void UvConnection::write(std::span<const std::byte> bytes) {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  if (!is_open() || output_status_ != 0 || bytes.empty()) return;
  IoBuffers& buffers = loop_.buffers();
  if (buffers.corked() != this) return send(bytes);
  if (buffers.gather(bytes)) return;
  // The cork is full: all of it and the new bytes go out together.
  const auto gathered = buffers.gathered();
  buffers.drop_gathered();
  send(gathered, bytes);
}

void UvConnection::send_gathered() {
  IoBuffers& buffers = loop_.buffers();
  if (buffers.corked() != this) return;
  const auto gathered = buffers.gathered();
  buffers.cork(nullptr);
  buffers.drop_gathered();
  if (!gathered.empty()) send(gathered);
}

void UvConnection::send(std::span<const std::byte> first,
                        std::span<const std::byte> second) {
  if (state_ == State::kEnded || output_status_ != 0) return;
  if (in_flight_ != nullptr) {
    waiting_.insert(waiting_.end(), first.begin(), first.end());
    waiting_.insert(waiting_.end(), second.begin(), second.end());
  } else {
    if (first.empty()) std::swap(first, second);
    const ssize_t result = send_now(descriptor_, first, second);
    if (result < 0) return on_output_failed(static_cast<int>(result));
    const auto sent = static_cast<std::size_t>(result);
    if (sent == first.size() + second.size()) return;
    const std::size_t sent_of_second =
        sent > first.size() ? sent - first.size() : 0;
    start_write(without_front(first, sent),
                without_front(second, sent_of_second));
  }
  check_unsent();
}

void UvConnection::start_write(std::span<const std::byte> first,
                               std::span<const std::byte> second) {
  const std::size_t size = first.size() + second.size();
  in_flight_ = WriteRequest::make(this, size);
  std::copy(first.begin(), first.end(), in_flight_->bytes());
  std::copy(second.begin(), second.end(), in_flight_->bytes() + first.size());
  const uv_buf_t buffer = {reinterpret_cast<char*>(in_flight_->bytes()), size};
  const int status = uv_write(&in_flight_->request, stream(tcp_), &buffer, 1,
                              &WriteRequest::done);
  if (status == 0) return;
  // Refused: no callback will come for it.
  ::operator delete(std::exchange(in_flight_, nullptr));
  on_output_failed(status);
}

bool UvConnection::output_is_high() {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  if (unsent_bytes() <= options_->write_high_water_bytes) return false;
  // The cork may hold it all, and the kernel may take it all: only what waits
  // after that is noticed when it drains.
  IoBuffers& buffers = loop_.buffers();
  if (buffers.corked() == this && !buffers.gathered().empty()) {
    const auto gathered = buffers.gathered();
    buffers.drop_gathered();
    send(gathered);
  }
  return throttled_;
}

void UvConnection::check_unsent() {
  const std::size_t unsent = unsent_bytes();
  if (unsent > options_->write_limit_bytes) {
    return end(CloseReason::kSlowReader, UV_ENOBUFS);
  }
  if (unsent > options_->write_high_water_bytes && !throttled_) {
    throttled_ = true;
    update_reading();
  }
}

void UvConnection::on_written(int status) {
  in_flight_ = nullptr;
  if (state_ == State::kEnded) return;
  if (status != 0) return on_output_failed(status);
  if (!waiting_.empty()) {
    const auto next = std::exchange(waiting_, {});
    start_write(next, {});
    if (state_ == State::kEnded) return;
  }
  if (throttled_ && unsent_bytes() < options_->write_high_water_bytes / 2) {
    throttled_ = false;
    update_reading();
    if (state_ == State::kOpen && !input_.empty()) offer_again();
  }
  if (in_flight_ == nullptr) on_all_sent();
}

void UvConnection::on_all_sent() {
  if (state_ == State::kPeerDone) end(CloseReason::kPeerClosed, UV_EOF);
  if (state_ == State::kFlushing) linger();
}

void UvConnection::on_output_failed(int status) {
  output_status_ = status;
  waiting_ = {};
  switch (state_) {
    case State::kOpen:
      if (handler_ == nullptr || paused_ ||
          close_reason_of(status) == CloseReason::kIoError) {
        return end(close_reason_of(status), status);
      }
      // It ends when reading does; what was held back for output is offered.
      if (std::exchange(throttled_, false) && !input_.empty()) offer_again();
      return update_reading();
    case State::kPeerDone:
      return end(CloseReason::kPeerClosed, UV_EOF);
    case State::kFlushing:
    case State::kLingering:
      return end(CloseReason::kLocal, status);
    case State::kEnded:
      return;
  }
}

std::size_t UvConnection::unsent_bytes() const {
  if (state_ == State::kEnded) return 0;
  const IoBuffers& buffers = loop_.buffers();
  const std::size_t gathered =
      buffers.corked() == this ? buffers.gathered().size() : 0;
  return gathered + uv_stream_get_write_queue_size(stream(tcp_)) +
         waiting_.size();
}

// The end.

void UvConnection::close() {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  end(CloseReason::kLocal, 0);
}

void UvConnection::close_after_flush(base::Duration deadline) {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  if (!is_open()) return;
  send_gathered();
  if (!is_open()) return;
  const bool peer_done = state_ == State::kPeerDone;
  state_ = State::kFlushing;
  update_reading();
  redelivery_.reset();
  input_.clear();
  linger_until_ = loop_.now() + deadline;
  end_after(deadline, CloseReason::kLocal);
  if (output_status_ != 0 || (peer_done && unsent_bytes() == 0)) {
    return end(CloseReason::kLocal, output_status_);
  }
  if (unsent_bytes() == 0) linger();
}

void UvConnection::linger() {
  state_ = State::kLingering;
  ::shutdown(descriptor_, SHUT_WR);
  update_reading();
  if (state_ != State::kLingering) return;
  end_after(std::min<base::Duration>(kLingerMax, linger_until_ - loop_.now()),
            CloseReason::kLocal);
}

void UvConnection::end_after(base::Duration delay, CloseReason reason) {
  deadline_ = loop_.run_after(delay, [this, reason] { end(reason, 0); });
}

void UvConnection::end(CloseReason reason, int status) {
  if (state_ == State::kEnded) return;
  send_gathered();
  // Sending may have failed for good.
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  end_reason_ = reason;
  end_status_ = status;
  reading_ = false;
  redelivery_.reset();
  deadline_.reset();
  waiting_ = {};
  input_.clear();
  close_handle();
}

void UvConnection::close_handle() {
  uv_close(reinterpret_cast<uv_handle_t*>(tcp_), [](uv_handle_t* handle) {
    auto* const owner = static_cast<UvConnection*>(handle->data);
    delete reinterpret_cast<uv_tcp_t*>(handle);
    if (owner != nullptr) owner->on_handle_closed();
  });
}

void UvConnection::on_handle_closed() {
  tcp_ = nullptr;
  if (handler_ == nullptr) return;
  handler_->on_closed(end_reason_,
                      close_error(end_reason_, end_status_, peer_));
}

}  // namespace waypost::transport
