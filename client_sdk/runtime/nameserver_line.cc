#include "client_sdk/runtime/nameserver_line.h"

#include <utility>

namespace waypost::client {
namespace {

constexpr double kPingJitter = 0.1;

// Silence and a lost connection are told by the error alone; any other error
// came from the nameserver.
bool is_sign_of_life(const base::Result<rpc::AnswerPart>& result) {
  return result || (result.error().code != base::ErrorCode::kTimedOut &&
                    result.error().code != base::ErrorCode::kUnavailable);
}

}  // namespace

NameserverLine::NameserverLine(base::Executor& executor,
                               transport::Network& network, LineOwner& owner,
                               ServerId server, const Nameserver& nameserver,
                               LineSettings settings, base::Random& random,
                               base::Logger logger)
    : executor_(executor),
      owner_(owner),
      server_(server),
      name_(nameserver.name),
      settings_(std::move(settings)),
      ping_interval_(random.jittered(settings_.ping_interval, kPingJitter)),
      channel_(executor, network, nameserver.address, settings_.channel, this,
               logger.for_component(base::LogComponent::kRpc)) {}

NameserverLine::~NameserverLine() = default;

void NameserverLine::connect() {
  note_beginning();
  channel_.connect();
}

void NameserverLine::note_beginning() {
  if (channel_.state() != rpc::Channel::State::kClosed) return;
  began_ = executor_.now();
  setup_ = base::Duration::zero();
}

rpc::CallId NameserverLine::call(codec::FrameKind kind, std::string payload,
                                 base::Duration deadline,
                                 rpc::AnswerCallback on_answer) {
  note_beginning();
  return channel_.call(kind, std::move(payload), deadline,
                       [this, on_answer = std::move(on_answer)](
                           base::Result<rpc::AnswerPart> result) {
                         note_answer(result);
                         on_answer(std::move(result));
                       });
}

void NameserverLine::note_answer(const base::Result<rpc::AnswerPart>& result) {
  if (is_sign_of_life(result)) heard_ = executor_.now();
}

void NameserverLine::ping(base::Duration timeout) {
  if (!ready() || ping_ != 0) return;
  ping_ = channel_.call(
      codec::FrameKind::kPing, {}, timeout,
      [this](const base::Result<rpc::AnswerPart>& result) { on_pong(result); });
}

void NameserverLine::on_pong(const base::Result<rpc::AnswerPart>& result) {
  ping_ = 0;
  note_answer(result);
  if (is_sign_of_life(result)) return arm_idle_timer();
  // A connection that ended tells so by itself.
  if (result.error().code == base::ErrorCode::kTimedOut) {
    owner_.on_line_silent(*this, result.error());
  }
}

void NameserverLine::arm_idle_timer() {
  if (ping_interval_ <= base::Duration::zero() || idle_timer_) return;
  idle_timer_ = executor_.run_after(heard_ + ping_interval_ - executor_.now(),
                                    [this] { on_idle(); });
}

// The timer is not moved with each answer: it looks again when it is due.
void NameserverLine::on_idle() {
  idle_timer_.reset();
  if (!ready()) return;
  const bool silent = executor_.now() - heard_ >= ping_interval_;
  // A call under way has a deadline of its own.
  if (!silent || pending_calls() != 0) {
    if (silent) heard_ = executor_.now();
    return arm_idle_timer();
  }
  ping(patience(settings_.ping_timeout, settings_.budget));
}

void NameserverLine::on_connected(const model::HelloReply& reply) {
  heard_ = executor_.now();
  ready_at_ = heard_;
  setup_ = ready_at_ - began_;
  hello_ = reply;
  arm_idle_timer();
  owner_.on_line_connected(*this, reply);
}

void NameserverLine::on_disconnected(const base::Error& error) {
  idle_timer_.reset();
  owner_.on_line_ended(*this, error);
}

void NameserverLine::on_push(codec::FrameKind kind,
                             std::span<const std::byte> payload) {
  heard_ = executor_.now();
  owner_.on_line_push(*this, kind, payload);
}

}  // namespace waypost::client
