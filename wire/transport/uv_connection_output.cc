#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <new>
#include <utility>

#include <sys/socket.h>

#include "base/assert.h"
#include "wire/transport/uv_connection.h"
#include "wire/transport/uv_error.h"
#include "wire/transport/uv_loop.h"

// The output of a connection: gathered while its handler runs, sent at once as
// far as the kernel takes it, the rest through libuv.

namespace waypost::transport {
namespace {

uv_stream_t* stream(uv_tcp_t* tcp) {
  return reinterpret_cast<uv_stream_t*>(tcp);
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

void UvConnection::disown_write() {
  if (in_flight_ != nullptr) in_flight_->owner = nullptr;
}

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

}  // namespace waypost::transport
