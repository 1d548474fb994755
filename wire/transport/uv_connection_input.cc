#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "wire/transport/uv_connection.h"
#include "wire/transport/uv_error.h"
#include "wire/transport/uv_loop.h"

// The input of a connection: when it reads, where to, and how the handler gets
// it (the happy path and the others: uv_connection.h).

namespace waypost::transport {
namespace {

// Held input up to this is copied in front of the next read, which costs less
// than a read into a small buffer; above it the read goes to the held input.
constexpr std::size_t kCopyInFrontMax = 4096;

// One read of a large message.
constexpr std::size_t kLargeReadMax = 64 * 1024;

// How long a peer that has closed its side may take to read the rest.
constexpr auto kPeerDoneFlushMax = std::chrono::seconds(10);

uv_stream_t* stream(uv_tcp_t* tcp) {
  return reinterpret_cast<uv_stream_t*>(tcp);
}

}  // namespace

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

}  // namespace waypost::transport
