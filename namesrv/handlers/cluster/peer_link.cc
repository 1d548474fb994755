#include "namesrv/handlers/cluster/peer_link.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "wire/codec/peer.h"

namespace waypost::handlers {
namespace {

// Calls that wait for a connection.
constexpr std::size_t kWaitingMax = 100;
// What a peer that does not read is told, and holds in our memory.
constexpr std::size_t kTellsMax = 32;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

PeerLink::PeerLink(base::Executor& executor, transport::Network& network,
                   const PeerLinkSettings& settings, Owner& owner,
                   base::Logger logger)
    : executor_(executor),
      network_(network),
      settings_(settings),
      owner_(owner),
      logger_(logger) {}

PeerLink::~PeerLink() = default;

void PeerLink::set_addresses(std::vector<base::Endpoint> addresses) {
  WAYPOST_ASSERT(!addresses.empty());
  if (addresses == addresses_) return;
  std::optional<base::Endpoint> used;
  if (channel_ != nullptr) used = channel_->endpoint();
  addresses_ = std::move(addresses);
  const auto found =
      used ? std::find(addresses_.begin(), addresses_.end(), *used)
           : addresses_.end();
  if (found != addresses_.end()) {
    current_ = static_cast<std::size_t>(found - addresses_.begin());
  } else {
    // What is open there is as good as before, as long as it answers.
    current_ = 0;
  }
}

void PeerLink::beat(std::string heartbeat_payload) {
  waiting_beat_ = std::move(heartbeat_payload);
  switch (phase_) {
    case Phase::kIdle:
      return connect();
    case Phase::kConnecting:
    case Phase::kProving:
      return;
    case Phase::kReady:
      return send_beat();
  }
}

void PeerLink::connect() {
  rpc::ChannelOptions options;
  options.connect_timeout = settings_.connect_timeout;
  options.payload_max_bytes = settings_.payload_max_bytes;
  options.connection.keepalive = settings_.call_timeout;
  options.connection.user_timeout = settings_.call_timeout;
  options.hello = {model::PeerRole::kNameserver,
                   settings_.self.value(),
                   settings_.version,
                   {}};
  phase_ = Phase::kConnecting;
  closing_ = false;
  channel_ = std::make_unique<rpc::Channel>(executor_, network_, address(),
                                            std::move(options), this, logger_);
  channel_->connect();
}

void PeerLink::on_connected(const model::HelloReply&) {
  if (settings_.secret.empty()) return become_ready();
  prove();
}

void PeerLink::prove() {
  phase_ = Phase::kProving;
  auth_.emplace(settings_.secret, settings_.self);
  const auto fail = [this](const base::Error& error) {
    close(error.to_string());
  };
  channel_->call(
      codec::FrameKind::kPeerAuth, codec::encode(auth_->first()),
      settings_.connect_timeout,
      [this, fail](base::Result<rpc::AnswerPart> part) {
        if (!part) return fail(part.error());
        const auto answer = codec::decode<model::PeerAuth>(part->payload);
        if (!answer) return fail(answer.error());
        const auto next = auth_->second(*answer);
        if (!next) {
          if (const auto held_back = disbelief_.let(executor_.now())) {
            logger_.warn("a peer is not believed",
                         {{"address", address().to_string()},
                          {"why", next.error().to_string()},
                          {"again", std::to_string(*held_back)}});
          }
          return fail(next.error());
        }
        channel_->call(codec::FrameKind::kPeerAuth, codec::encode(*next),
                       settings_.connect_timeout,
                       [this, fail](base::Result<rpc::AnswerPart> done) {
                         if (!done) return fail(done.error());
                         become_ready();
                       });
      });
}

void PeerLink::become_ready() {
  phase_ = Phase::kReady;
  if (!waiting_beat_.empty()) send_beat();
  for (Waiting& each : std::exchange(waiting_, {})) {
    stream(each.kind, std::move(each.payload), each.deadline,
           std::move(each.on_part));
  }
}

void PeerLink::fail_waiting(const base::Error& error) {
  for (Waiting& each : std::exchange(waiting_, {})) {
    each.on_part(tl::unexpected(error), true);
  }
}

void PeerLink::send_beat() {
  call(codec::FrameKind::kPeerHeartbeat, std::exchange(waiting_beat_, {}),
       [this](base::Result<std::string> payload) {
         if (!payload) return;  // told by on_disconnected
         const auto heartbeat = codec::decode<model::PeerHeartbeat>(
             std::as_bytes(std::span(*payload)));
         if (heartbeat) {
           owner_.on_link_answer(*this, *heartbeat);
         } else {
           logger_.warn("a peer's heartbeat cannot be read",
                        {{"address", address().to_string()},
                         {"why", heartbeat.error().to_string()}});
         }
       });
}

void PeerLink::call(codec::FrameKind kind, std::string payload,
                    std::function<void(base::Result<std::string>)> on_answer) {
  stream(
      kind, std::move(payload), settings_.call_timeout,
      [on_answer = std::move(on_answer)](base::Result<std::string> part, bool) {
        on_answer(std::move(part));
      });
}

void PeerLink::tell(codec::FrameKind kind, std::string payload) {
  if (!ready() || unanswered_tells_ >= kTellsMax) return;
  ++unanswered_tells_;
  call(kind, std::move(payload),
       [this](const base::Result<std::string>&) { --unanswered_tells_; });
}

void PeerLink::stream(codec::FrameKind kind, std::string payload,
                      base::Duration deadline, OnPart on_part) {
  if (!ready()) {
    if (waiting_.size() < kWaitingMax) {
      waiting_.push_back(
          {kind, std::move(payload), deadline, std::move(on_part)});
      if (phase_ == Phase::kIdle) connect();
      return;
    }
    executor_.post([on_part = std::move(on_part)] {
      on_part(base::fail(base::ErrorCode::kUnavailable,
                         "there is no connection to the peer"),
              true);
    });
    return;
  }
  channel_->call(
      kind, std::move(payload), deadline,
      [this, on_part = std::move(on_part)](base::Result<rpc::AnswerPart> part) {
        if (part) {
          return on_part(text_of(part->payload), part->last);
        }
        const base::Error error = part.error();
        // Whoever does not answer is left: what is established
        // proves nothing.
        if (error.code == base::ErrorCode::kTimedOut) close(error.message);
        on_part(tl::unexpected(error), true);
      });
}

void PeerLink::close(const std::string& why) {
  if (channel_ == nullptr || phase_ == Phase::kIdle) return;
  closing_ = true;
  channel_->close(why);
}

void PeerLink::on_disconnected(const base::Error& error) {
  const Phase before = std::exchange(phase_, Phase::kIdle);
  const bool by_peer = !closing_ && error.code != base::ErrorCode::kTimedOut;
  if (before == Phase::kReady) {
    owner_.on_link_ended(*this, by_peer);
    return;
  }
  fail_waiting(error);
  owner_.on_link_failure(*this, error);
  current_ = (current_ + 1) % addresses_.size();
}

void PeerLink::on_push(codec::FrameKind, std::span<const std::byte>) {}

}  // namespace waypost::handlers
