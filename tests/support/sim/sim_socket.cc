#include "tests/support/sim/sim_socket.h"

#include <algorithm>
#include <utility>

#include "tests/support/sim/sim_world.h"

namespace waypost::sim {
namespace {

using transport::CloseReason;

constexpr std::size_t kSendBufferBytes = 256 * 1024;
constexpr std::size_t kReceiveBufferBytes = 256 * 1024;
constexpr base::Duration kRetransmitMin = std::chrono::milliseconds(200);
constexpr base::Duration kRetransmitMax = std::chrono::seconds(120);
// What tcp_retries2 = 15 amounts to.
constexpr base::Duration kUserTimeoutDefault =
    std::chrono::milliseconds(924600);
// As wire/transport/tcp_options.cc sets them.
constexpr int kKeepaliveProbes = 4;
constexpr base::Duration kHalfOpenMax = std::chrono::seconds(32);

}  // namespace

SimSocket::SimSocket(SimWorld& world, SimNode& node, base::Endpoint local,
                     base::Endpoint peer, transport::ConnectionOptions options)
    : world_(world),
      node_(node),
      local_(std::move(local)),
      peer_(std::move(peer)),
      options_(options),
      heard_(world.now()) {}

// --- The program's side ---

void SimSocket::connect_to(SimNode& to) {
  peer_node_ = &to;
  send_syn();
}

std::size_t SimSocket::send(std::span<const std::byte> bytes) {
  if (state_ != State::kOpen || fin_) return 0;
  const std::size_t taken =
      std::min(bytes.size(), kSendBufferBytes - output_.size());
  if (taken == 0) return 0;
  if (!outstanding()) unacked_since_ = now();
  output_.append(reinterpret_cast<const char*>(bytes.data()), taken);
  world_.count_bytes(node_, *peer_node_, taken);
  transmit_soon();
  return taken;
}

std::string SimSocket::read(std::size_t bytes_max) {
  const bool was_full = window() < kReceiveBufferBytes / 2;
  std::string bytes = input_.substr(0, bytes_max);
  input_.erase(0, bytes.size());
  if (was_full && window() >= kReceiveBufferBytes / 2) send_ack();
  return bytes;
}

void SimSocket::shut() {
  if (shut_) return;
  shut_ = true;
  notify_ = nullptr;
  if (state_ != State::kOpen || !input_.empty()) {
    reset();
    return;
  }
  if (fin_acked_) {
    die();
  } else {
    finish_output();
  }
}

void SimSocket::finish_output() {
  if (state_ != State::kOpen || fin_) return;
  if (!outstanding()) unacked_since_ = now();
  fin_ = true;
  transmit_soon();
}

void SimSocket::reset() {
  if (state_ == State::kDead) return;
  notify_ = nullptr;
  if (state_ != State::kConnecting) {
    to_peer([](SimSocket& peer) { peer.on_reset(); }, true);
  }
  die();
}

// --- The kernel's side ---

void SimSocket::send_syn() {
  if (state_ != State::kConnecting || failure_) return;
  world_.send_packet(
      node_, *peer_node_, base::Instant{},
      [self = shared_from_this()] { self->peer_node_->kernel().on_syn(self); });
  after(syn_delay_, &SimSocket::send_syn);
  syn_delay_ *= 2;
}

void SimSocket::answer_syn(const std::shared_ptr<SimSocket>& client) {
  if (state_ == State::kConnecting) {
    state_ = State::kHalfOpen;
    other_ = client;
    peer_node_ = &client->node();
    after(syn_delay_, &SimSocket::answer_syn_again);
  }
  to_peer([self = shared_from_this()](SimSocket& peer) {
    peer.on_syn_answered(self);
  });
}

// The client believes it is connected once it has our answer; its word of that
// may be lost.
void SimSocket::answer_syn_again() {
  if (state_ != State::kHalfOpen) return;
  if (syn_delay_ > kHalfOpenMax) {
    die();
    return;
  }
  syn_delay_ *= 2;
  after(syn_delay_, &SimSocket::answer_syn_again);
  answer_syn(nullptr);
}

void SimSocket::on_syn_answered(const std::shared_ptr<SimSocket>& server) {
  if (state_ == State::kConnecting) {
    other_ = server;
    establish();
  }
  send_ack();
}

void SimSocket::establish() {
  state_ = State::kOpen;
  heard_ = now();
  peer_limit_ = kReceiveBufferBytes;
  if (options_.keepalive > base::Duration(0)) arm_keepalive(options_.keepalive);
  if (on_established_) std::exchange(on_established_, nullptr)();
  notify();
}

void SimSocket::on_segment(const Segment& segment) {
  if (state_ == State::kHalfOpen) establish();
  heard_ = now();
  keepalive_unanswered_ = 0;
  take_ack(segment);
  if (state_ == State::kDead) return;
  const bool carries = !segment.bytes.empty() || segment.fin;
  if (shut_ && segment.offset + segment.bytes.size() > expected_) {
    // Nobody will ever read it: Linux says so with RST.
    reset();
    return;
  }
  if (carries) take_input(segment);
  if (carries || segment.wants_ack) send_ack();
}

void SimSocket::take_ack(const Segment& segment) {
  peer_limit_ = std::max(peer_limit_, segment.acknowledged + segment.window);
  if (segment.acknowledged > acked_) {
    const std::uint64_t end = stream_end();
    const std::uint64_t bytes = std::min(segment.acknowledged, end) - acked_;
    output_.erase(0, bytes);
    acked_ += bytes;
    next_ = std::max(next_, segment.acknowledged);
    fin_acked_ = fin_ && segment.acknowledged > end;
    unacked_since_ = now();
    retransmit_delay_ = kRetransmitMin;
    if (!shut_) notify();
  }
  if (fin_acked_ && shut_) {
    die();
  } else if (outstanding()) {
    transmit_soon();
  }
}

void SimSocket::take_input(const Segment& segment) {
  if (segment.offset > expected_) return;  // a gap: one before it was lost
  const std::uint64_t end = segment.offset + segment.bytes.size();
  if (end > expected_) {
    const std::size_t skip = expected_ - segment.offset;
    const std::size_t fits =
        std::min<std::size_t>(segment.bytes.size() - skip, window());
    input_.append(segment.bytes, skip, fits);
    expected_ += fits;
  }
  if (segment.fin && expected_ == end && !peer_finished_) {
    peer_finished_ = true;
    ++expected_;
  }
  notify();
}

void SimSocket::on_reset() {
  if (state_ != State::kDead) fail(CloseReason::kPeerReset);
}

std::size_t SimSocket::window() const {
  return kReceiveBufferBytes - std::min(input_.size(), kReceiveBufferBytes);
}

void SimSocket::send_segment(Segment segment) {
  segment.acknowledged = expected_;
  segment.window = window();
  to_peer([segment = std::move(segment)](SimSocket& peer) {
    peer.on_segment(segment);
  });
}

void SimSocket::to_peer(std::function<void(SimSocket&)> deliver,
                        bool is_reset) {
  last_arrival_ = world_.send_packet(
      node_, *peer_node_, last_arrival_,
      [&world = world_, &from = node_, &to = *peer_node_,
       weak_self = weak_from_this(), weak_peer = other_,
       deliver = std::move(deliver), is_reset] {
        const auto peer = weak_peer.lock();
        if (peer != nullptr && peer->state_ != State::kDead) {
          deliver(*peer);
        } else if (!is_reset) {
          world.send_packet(to, from, base::Instant{}, [weak_self] {
            if (const auto self = weak_self.lock()) self->on_reset();
          });
        }
      });
}

void SimSocket::transmit_soon() {
  if (transmit_pending_) return;
  transmit_pending_ = true;
  after(base::Duration(0), &SimSocket::transmit);
}

void SimSocket::transmit() {
  transmit_pending_ = false;
  if (state_ != State::kOpen) return;
  next_ = std::max(next_, acked_);
  while (next_ < stream_end() && next_ < peer_limit_) {
    base::Random& random = world_.random();
    const std::size_t most = world_.options().segment_max_bytes;
    // Mostly full segments, now and then a crumb: frames arrive in pieces.
    const std::size_t piece =
        random.chance(0.25) ? 1 + random.below(std::min<std::size_t>(most, 40))
                            : most;
    const std::size_t bytes = std::min<std::uint64_t>(
        {piece, stream_end() - next_, peer_limit_ - next_});
    Segment segment;
    segment.offset = next_;
    segment.bytes = output_.substr(next_ - acked_, bytes);
    next_ += bytes;
    send_segment(std::move(segment));
  }
  if (fin_ && next_ == stream_end()) {
    Segment segment;
    segment.offset = next_++;
    segment.fin = true;
    send_segment(std::move(segment));
  }
  if (outstanding()) arm_retransmit();
}

base::Instant SimSocket::now() const { return node_.monotonic_now(); }

base::Duration SimSocket::give_up_after() const {
  return options_.user_timeout > base::Duration(0) ? options_.user_timeout
                                                   : kUserTimeoutDefault;
}

void SimSocket::arm_retransmit() {
  if (retransmit_armed_) return;
  retransmit_armed_ = true;
  if (retransmit_delay_ < kRetransmitMin) retransmit_delay_ = kRetransmitMin;
  const base::Duration left = unacked_since_ + give_up_after() - now();
  after(std::max(std::min(retransmit_delay_, left), base::Duration(1)),
        &SimSocket::on_retransmit);
}

void SimSocket::on_retransmit() {
  retransmit_armed_ = false;
  if (state_ != State::kOpen || !outstanding()) return;
  const base::Duration waited = now() - unacked_since_;
  if (waited >= give_up_after()) {
    fail(CloseReason::kTimedOut);
    return;
  }
  if (waited >= retransmit_delay_) {
    retransmit_delay_ = std::min(retransmit_delay_ * 2, kRetransmitMax);
    next_ = acked_;
    // Asks for the window too, in case it opened and we were not told.
    Segment probe;
    probe.offset = acked_;
    probe.wants_ack = true;
    send_segment(std::move(probe));
    transmit();
  }
  arm_retransmit();
}

void SimSocket::arm_keepalive(base::Duration delay) {
  after(delay, &SimSocket::on_keepalive);
}

void SimSocket::on_keepalive() {
  if (state_ != State::kOpen) return;
  const base::Duration interval = std::max<base::Duration>(
      options_.keepalive / kKeepaliveProbes, std::chrono::seconds(1));
  const base::Duration silent = now() - heard_;
  if (silent < options_.keepalive) {
    arm_keepalive(options_.keepalive - silent);
    return;
  }
  if (keepalive_unanswered_ >= kKeepaliveProbes) {
    fail(CloseReason::kTimedOut);
    return;
  }
  ++keepalive_unanswered_;
  Segment probe;
  probe.offset = acked_;
  probe.wants_ack = true;
  send_segment(std::move(probe));
  arm_keepalive(interval);
}

void SimSocket::fail(CloseReason reason) {
  failure_ = reason;
  const auto notify = notify_;
  die();
  if (notify) notify();
}

void SimSocket::die() {
  state_ = State::kDead;
  output_.clear();
  on_established_ = nullptr;
  node_.kernel().forget(*this);
}

void SimSocket::notify() {
  if (notify_) notify_();
}

void SimSocket::after(base::Duration delay, void (SimSocket::*action)()) {
  world_.schedule(EventKind::kKernel, nullptr, delay,
                  [weak = weak_from_this(), action] {
                    const auto self = weak.lock();
                    if (self == nullptr) return;
                    if (self->node_.asleep()) {
                      self->after(std::chrono::seconds(1), action);
                    } else {
                      (self.get()->*action)();
                    }
                  });
}

}  // namespace waypost::sim
