#include "tests/support/sim/sim_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/support/sim/sim_world.h"

namespace waypost::sim {
namespace {

using transport::CloseReason;

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kOwnBufferMax = 1024 * 1024;
// As wire/transport/uv_connection.cc has them.
constexpr base::Duration kPeerDoneFlushMax = std::chrono::seconds(10);
constexpr base::Duration kLingerMax = std::chrono::seconds(1);

base::Error describe(CloseReason reason, const base::Endpoint& peer) {
  const auto make = [&](base::ErrorCode code, const char* why) {
    return base::Error{
        code, "connection with " + peer.to_string() + " ended: " + why, {}};
  };
  switch (reason) {
    case CloseReason::kLocal:
      return make(base::ErrorCode::kCancelled, "closed here");
    case CloseReason::kPeerClosed:
      return make(base::ErrorCode::kUnavailable, "closed by the peer");
    case CloseReason::kPeerReset:
      return make(base::ErrorCode::kUnavailable, "reset by the peer");
    case CloseReason::kTimedOut:
      return make(base::ErrorCode::kTimedOut, "the peer is silent");
    case CloseReason::kSlowReader:
      return make(base::ErrorCode::kTooLarge, "the peer does not read");
    case CloseReason::kInputTooLarge:
      return make(base::ErrorCode::kTooLarge, "too much input");
    case CloseReason::kIoError:
      break;
  }
  return make(base::ErrorCode::kInternal, "input or output failed");
}

}  // namespace

SimConnection::SimConnection(SimWorld& world, SimExecutor& executor,
                             std::shared_ptr<SimSocket> socket,
                             transport::ConnectionOptions options)
    : world_(world),
      executor_(executor),
      socket_(std::move(socket)),
      options_(options) {
  socket_->set_notify([this] { on_socket(); });
}

SimConnection::~SimConnection() {
  *alive_ = false;
  if (options_.input_budget != nullptr) {
    options_.input_budget->give_back(held_bytes_);
  }
  socket_->shut();
}

void SimConnection::start(transport::ConnectionHandler* handler) {
  WAYPOST_ASSERT(executor_.in_executor_thread() && handler_ == nullptr);
  handler_ = handler;
  on_socket();
}

void SimConnection::write(std::span<const std::byte> bytes) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  if (!is_open() || bytes.empty()) return;
  output_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  flush();
  if (unsent_bytes() > options_.write_limit_bytes) {
    finish_later(CloseReason::kSlowReader);
  } else if (unsent_bytes() > options_.write_high_water_bytes) {
    throttled_ = true;
  }
}

void SimConnection::close() {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  finish_later(CloseReason::kLocal);
}

void SimConnection::close_after_flush(base::Duration deadline) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  if (!is_open()) return;
  flushing_ = true;
  linger_until_ = executor_.now() + deadline;
  end_deadline_ =
      executor_.run_after(deadline, [this] { finish(CloseReason::kLocal); });
  on_socket();
}

void SimConnection::pause_reading() { paused_ = true; }

void SimConnection::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  redeliver_ = true;
  on_socket();
}

void SimConnection::on_socket() {
  if (look_pending_ || closing_ || handler_ == nullptr) return;
  look_pending_ = true;
  later(&SimConnection::look);
}

void SimConnection::look() {
  look_pending_ = false;
  if (closing_) return;
  flush();
  if (flushing_) {
    look_while_flushing();
  } else if (peer_done_) {
    if (unsent_bytes() == 0 || socket_->failure())
      finish(CloseReason::kPeerClosed);
  } else if (reading()) {
    read_some();
  } else if (socket_->failure() && unsent_bytes() > 0) {
    // Not reading, but writing tells.
    finish(*socket_->failure());
  }
}

// Closing with unread input would reset the connection and lose what the peer
// has not received yet: so first only our side is closed.
void SimConnection::look_while_flushing() {
  while (socket_->has_input()) socket_->read(kReadBytes);
  if (socket_->failure() || (socket_->end_of_input() && unsent_bytes() == 0)) {
    finish(CloseReason::kLocal);
  } else if (unsent_bytes() == 0 && !lingering_) {
    lingering_ = true;
    socket_->finish_output();
    end_deadline_ = executor_.run_after(
        std::min(kLingerMax, linger_until_ - executor_.now()),
        [this] { finish(CloseReason::kLocal); });
  }
}

bool SimConnection::reading() const { return !paused_ && !throttled_; }

void SimConnection::read_some() {
  if (socket_->has_input()) {
    input_ += socket_->read(1 + world_.random().below(kReadBytes));
    deliver();
  } else if (std::exchange(redeliver_, false) && !input_.empty()) {
    deliver();
  } else if (socket_->failure()) {
    finish(*socket_->failure());
  } else if (socket_->end_of_input()) {
    on_peer_finished();
  }
}

void SimConnection::deliver() {
  redeliver_ = false;
  // A buffer of its own for each call, so that a handler that keeps a view of
  // it is found out; but not of what grows to a large frame: copying all of it
  // at each read costs minutes.
  std::vector<std::uint64_t> words;
  auto bytes = std::as_bytes(std::span(input_));
  if (input_.size() <= kOwnBufferMax) {
    words.resize((input_.size() + 7) / 8);
    std::memcpy(words.data(), input_.data(), input_.size());
    bytes = std::as_bytes(std::span(words)).first(input_.size());
  }
  const std::weak_ptr<bool> alive = alive_;
  const std::size_t consumed = handler_->on_bytes(bytes);
  if (alive.expired()) return;
  WAYPOST_ASSERT(consumed <= input_.size());
  input_.erase(0, consumed);
  if (!is_open()) return;
  if (!hold_input(input_.size())) {
    finish_later(CloseReason::kInputTooLarge);
    return;
  }
  on_socket();
}

// The rest of the output is sent first.
void SimConnection::on_peer_finished() {
  if (unsent_bytes() == 0) {
    finish(CloseReason::kPeerClosed);
    return;
  }
  peer_done_ = true;
  end_deadline_ = executor_.run_after(
      kPeerDoneFlushMax, [this] { finish(CloseReason::kPeerClosed); });
}

bool SimConnection::hold_input(std::size_t bytes) {
  if (bytes > options_.read_limit_bytes) return false;
  if (options_.input_budget == nullptr) return true;
  options_.input_budget->give_back(std::exchange(held_bytes_, 0));
  if (!options_.input_budget->take(bytes)) return false;
  held_bytes_ = bytes;
  return true;
}

void SimConnection::flush() {
  if (unsent_bytes() == 0) return;
  output_sent_ +=
      socket_->send(std::as_bytes(std::span(output_)).subspan(output_sent_));
  // Not each time: moving what is left costs as much as there is left.
  if (output_sent_ >= output_.size() / 2) {
    output_.erase(0, std::exchange(output_sent_, 0));
  }
  if (throttled_ && unsent_bytes() <= options_.write_high_water_bytes / 2) {
    throttled_ = false;
    redeliver_ = true;
    on_socket();
  }
}

// Ends it now and says so now: only from the executor's own events.
void SimConnection::finish(CloseReason reason) {
  if (closing_) return;
  closing_ = true;
  end_deadline_.reset();
  socket_->shut();
  handler_->on_closed(reason, describe(reason, peer()));
}

void SimConnection::finish_later(CloseReason reason) {
  if (closing_) return;
  closing_ = true;
  end_deadline_.reset();
  socket_->shut();
  world_.schedule(EventKind::kTask, &executor_, base::Duration(0),
                  [this, reason, weak = std::weak_ptr(alive_)] {
                    if (weak.expired() || handler_ == nullptr) return;
                    handler_->on_closed(reason, describe(reason, peer()));
                  });
}

void SimConnection::later(void (SimConnection::*action)()) {
  world_.schedule(EventKind::kTask, &executor_, base::Duration(0),
                  [this, action, weak = std::weak_ptr(alive_)] {
                    if (!weak.expired()) (this->*action)();
                  });
}

}  // namespace waypost::sim
