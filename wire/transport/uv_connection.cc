#include "wire/transport/uv_connection.h"

#include <algorithm>
#include <cstdlib>
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

// How long after the last byte of close_after_flush we wait for the peer to
// close too. Closing with unread input would make the kernel send RST and throw
// away what the peer has not received yet.
constexpr auto kLingerMax = std::chrono::seconds(1);

int descriptor_of(uv_tcp_t* tcp) {
  uv_os_fd_t descriptor = -1;
  uv_fileno(reinterpret_cast<uv_handle_t*>(tcp), &descriptor);
  return descriptor;
}

}  // namespace

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
  disown_write();
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
