// How a channel lives:
//
//   kClosed --connect()--> kConnecting: TCP, preface and hello written
//   kConnecting --hello's reply--> kReady: waiting calls are sent
//   any --error, close, close()--> kClosed: calls fail, then on_disconnected
//
// Every callback may cancel, call, close or destroy the channel. Therefore the
// Impl is counted and each event holds it; after each callback the event looks
// whether it still has a channel (detached_) and a connection (link_).

#include "wire/rpc/channel.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/assert.h"
#include "wire/codec/native.h"
#include "wire/rpc/call_table.h"
#include "wire/rpc/channel_link.h"

namespace waypost::rpc {
namespace {

std::string ms_text(base::Duration duration) {
  return std::to_string(base::to_ms(duration)) + " ms";
}

// A peer that sends this much in a row that nobody waits for is not waited out:
// late answers to what was cancelled are less.
constexpr std::size_t kUselessMaxBytes = 64UL * 1024 * 1024;

bool answer_fits(codec::FrameKind request, codec::FrameKind answer) {
  return answer == request || answer == codec::FrameKind::kError ||
         ((request == codec::FrameKind::kQueryRoutes ||
           request == codec::FrameKind::kWatchRoutes) &&
          answer == codec::FrameKind::kRoute);
}

}  // namespace

class Channel::Impl final : public ChannelLink::Owner,
                            public std::enable_shared_from_this<Impl> {
 public:
  Impl(base::Executor& executor, transport::Network& network,
       base::Endpoint endpoint, ChannelOptions options,
       ChannelObserver* observer, base::Logger logger)
      : executor_(executor),
        network_(network),
        endpoint_(std::move(endpoint)),
        options_(std::move(options)),
        observer_(observer),
        logger_(logger) {
    // The largest frame must fit, whatever the transport's default is.
    options_.connection.read_limit_bytes =
        std::max(options_.connection.read_limit_bytes,
                 options_.payload_max_bytes + codec::kFrameHeaderBytes);
  }

  State state() const { return state_; }
  const base::Endpoint& endpoint() const { return endpoint_; }
  std::size_t pending_calls() const { return calls_.size(); }

  void connect();
  CallId call(codec::FrameKind kind, std::string payload,
              base::Duration deadline, AnswerCallback on_answer);
  void cancel(CallId call) { calls_.take(call); }
  void close(const std::string& why);
  void detach();

  std::size_t on_link_bytes(std::span<const std::byte> bytes) override;
  void on_link_closed(const base::Error& error) override;

 private:
  using ConnectResult = base::Result<std::unique_ptr<transport::Connection>>;

  void on_tcp_connected(ConnectResult connection);
  void on_connect_timeout();
  void on_deadline();

  void on_frame(const codec::FrameView& frame);
  void on_unasked(const codec::FrameView& frame);
  void on_useless(const codec::FrameView& frame);
  void on_hello_reply(const codec::FrameView& frame);
  void on_answer(const codec::FrameView& frame, PendingCall& call);
  void finish(CallId id, base::Result<AnswerPart> result);

  void send(CallId id, PendingCall& call);
  void arm_deadline_timer();

  // Ends the connection, if any, because of `error`. Failing calls and the
  // notice wait for deliver().
  void tear_down(const base::Error& error);
  // tear_down and deliver: from events only.
  void fail_connection(const base::Error& error);
  void deliver();
  void deliver_later();

  base::Error peer_error(base::ErrorCode code, std::string_view what) const {
    return {code, endpoint_.to_string() + ": " + std::string(what), {}};
  }
  base::Error late(const PendingCall& call) const;

  base::Executor& executor_;
  transport::Network& network_;
  const base::Endpoint endpoint_;
  ChannelOptions options_;
  ChannelObserver* const observer_;
  const base::Logger logger_;

  State state_ = State::kClosed;
  bool detached_ = false;
  CallTable calls_;
  std::deque<base::Error> notices_;  // on_disconnected to be called

  // While connecting.
  std::unique_ptr<transport::Operation> connecting_;
  // Kept until the next one: not destroyed within its own callback.
  std::unique_ptr<transport::Operation> connected_;
  bool in_connect_callback_ = false;
  std::unique_ptr<base::Timer> connect_timer_;
  CallId hello_id_ = 0;

  std::shared_ptr<ChannelLink> link_;
  std::uint32_t peer_payload_max_bytes_ = 0;  // 0: not told
  std::size_t useless_bytes_ = 0;             // since somebody got something

  // One timer for all calls. It may stand earlier than the next deadline, so
  // that a call which is answered in time costs no timer at all.
  std::unique_ptr<base::Timer> deadline_timer_;
  base::Instant armed_for_;
};

// --- The owner's calls ---

void Channel::Impl::connect() {
  if (state_ != State::kClosed) return;
  state_ = State::kConnecting;
  const std::weak_ptr<Impl> weak = weak_from_this();
  connect_timer_ = executor_.run_after(options_.connect_timeout, [weak] {
    if (const auto self = weak.lock()) self->on_connect_timeout();
  });
  connecting_ =
      network_.connect(endpoint_, options_.connect_timeout, options_.connection,
                       [weak](ConnectResult connection) {
                         if (const auto self = weak.lock()) {
                           self->in_connect_callback_ = true;
                           self->on_tcp_connected(std::move(connection));
                           self->in_connect_callback_ = false;
                         }
                       });
}

CallId Channel::Impl::call(codec::FrameKind kind, std::string payload,
                           base::Duration deadline, AnswerCallback on_answer) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  PendingCall pending;
  pending.kind = kind;
  pending.unsent = std::move(payload);
  pending.budget = deadline;
  pending.deadline = executor_.now() + deadline;
  pending.on_answer = std::move(on_answer);
  const CallId id = calls_.add(std::move(pending));
  arm_deadline_timer();
  if (state_ == State::kReady) {
    send(id, *calls_.find(id));
  } else {
    connect();
  }
  return id;
}

void Channel::Impl::close(const std::string& why) {
  if (state_ == State::kClosed) return;
  tear_down(peer_error(base::ErrorCode::kUnavailable, why));
  deliver_later();
}

void Channel::Impl::detach() {
  detached_ = true;
  calls_.clear();
  notices_.clear();
  deadline_timer_.reset();
  connect_timer_.reset();
  connecting_.reset();
  if (link_) std::exchange(link_, nullptr)->retire();
  state_ = State::kClosed;
  // `connected_` goes with us, but not within its own callback.
  if (in_connect_callback_) executor_.post([self = shared_from_this()] {});
}

// --- Connecting ---

void Channel::Impl::on_tcp_connected(ConnectResult connection) {
  connected_ = std::move(connecting_);
  if (!connection) return fail_connection(connection.error());
  link_ =
      std::make_shared<ChannelLink>(executor_, *this, std::move(*connection));
  hello_id_ = calls_.reserve_id();
  const codec::Preface preface = codec::encode_preface();
  const std::string hello = codec::make_frame(
      codec::FrameKind::kHello, 0, hello_id_, codec::encode(options_.hello));
  link_->start();
  link_->write(preface);
  link_->write(std::as_bytes(std::span(hello)));
}

void Channel::Impl::on_connect_timeout() {
  fail_connection(
      peer_error(base::ErrorCode::kTimedOut,
                 (link_ ? "connected, but hello was not answered within "
                        : "not connected within ") +
                     ms_text(options_.connect_timeout)));
}

void Channel::Impl::on_hello_reply(const codec::FrameView& frame) {
  if (frame.header.kind == codec::FrameKind::kError) {
    auto error = codec::decode<base::Error>(frame.payload);
    if (!error) error = error.error();
    return fail_connection(
        error->with_context(endpoint_.to_string() + " refused hello"));
  }
  if (frame.header.kind != codec::FrameKind::kHello) {
    return fail_connection(
        peer_error(base::ErrorCode::kMalformed,
                   "hello was answered with " +
                       codec::frame_kind_name(frame.header.kind)));
  }
  const auto reply = codec::decode<model::HelloReply>(frame.payload);
  if (!reply) {
    return fail_connection(reply.error().with_context(endpoint_.to_string()));
  }
  hello_id_ = 0;
  connect_timer_.reset();
  peer_payload_max_bytes_ = reply->max_payload_bytes;
  state_ = State::kReady;
  calls_.for_each([this](CallId id, PendingCall& call) {
    if (!call.failure) send(id, call);
  });
  if (observer_ != nullptr) observer_->on_connected(*reply);
}

// --- Calls ---

void Channel::Impl::send(CallId id, PendingCall& call) {
  const std::string payload = std::exchange(call.unsent, {});
  if (peer_payload_max_bytes_ != 0 &&
      payload.size() > peer_payload_max_bytes_) {
    calls_.fail(id, peer_error(base::ErrorCode::kTooLarge,
                               codec::frame_kind_name(call.kind) + " of " +
                                   std::to_string(payload.size()) +
                                   " bytes is above the peer's limit of " +
                                   std::to_string(peer_payload_max_bytes_)));
    return deliver_later();
  }
  const std::string frame = codec::make_frame(call.kind, 0, id, payload);
  link_->write(std::as_bytes(std::span(frame)));
}

void Channel::Impl::arm_deadline_timer() {
  const auto next = calls_.next_deadline();
  if (!next || (deadline_timer_ && armed_for_ <= *next)) return;
  armed_for_ = *next;
  const std::weak_ptr<Impl> weak = weak_from_this();
  deadline_timer_ = executor_.run_after(*next - executor_.now(), [weak] {
    if (const auto self = weak.lock()) self->on_deadline();
  });
}

void Channel::Impl::on_deadline() {
  deadline_timer_.reset();
  while (auto call = calls_.take_expired(executor_.now())) {
    call->on_answer(tl::unexpected(late(*call)));
    if (detached_) return;
  }
  arm_deadline_timer();
}

base::Error Channel::Impl::late(const PendingCall& call) const {
  const std::string within = " within " + ms_text(call.budget);
  return peer_error(
      base::ErrorCode::kTimedOut,
      state_ == State::kReady
          ? "no answer to " + codec::frame_kind_name(call.kind) + within
      : link_ ? "connected, but hello was not answered" + within
              : "not connected" + within);
}

// --- What arrives ---

std::size_t Channel::Impl::on_link_bytes(std::span<const std::byte> bytes) {
  const auto self = shared_from_this();
  const ChannelLink* const link = link_.get();
  std::size_t used = 0;
  while (link_.get() == link && !detached_) {
    const codec::FrameScan scan =
        codec::scan_frame(bytes.subspan(used), options_.payload_max_bytes);
    if (scan.outcome == codec::FrameScan::Outcome::kNeedMore) break;
    const std::uint32_t length = scan.frame.header.payload_bytes;
    if (scan.outcome == codec::FrameScan::Outcome::kTooLarge) {
      fail_connection(
          peer_error(base::ErrorCode::kTooLarge,
                     "sent a frame of " + std::to_string(length) +
                         " bytes, the limit is " +
                         std::to_string(options_.payload_max_bytes)));
      break;
    }
    if (scan.outcome == codec::FrameScan::Outcome::kMalformed) {
      fail_connection(peer_error(base::ErrorCode::kMalformed,
                                 "sent a frame of " + std::to_string(length) +
                                     " bytes, no multiple of 8"));
      break;
    }
    used += scan.consumed;
    on_frame(scan.frame);
  }
  return used;
}

void Channel::Impl::on_frame(const codec::FrameView& frame) {
  const std::uint64_t id = frame.header.correlation_id;
  if (id == 0) return on_unasked(frame);
  if (!frame.header.is_reply()) {
    return fail_connection(peer_error(
        base::ErrorCode::kMalformed,
        "sent a request (" + codec::frame_kind_name(frame.header.kind) +
            ") where only answers are expected"));
  }
  if (id == hello_id_) return on_hello_reply(frame);
  if (state_ != State::kReady) {
    return fail_connection(peer_error(base::ErrorCode::kMalformed,
                                      "answered something else before hello"));
  }
  PendingCall* call = calls_.find(id);
  // Late: nobody waits for it.
  if (call == nullptr || call->failure) return on_useless(frame);
  useless_bytes_ = 0;
  on_answer(frame, *call);
}

void Channel::Impl::on_useless(const codec::FrameView& frame) {
  useless_bytes_ += codec::kFrameHeaderBytes + frame.payload.size();
  if (useless_bytes_ <= kUselessMaxBytes) return;
  fail_connection(peer_error(base::ErrorCode::kMalformed,
                             "sends answers that nobody waits for"));
}

// An error that answers nothing is about the connection: the server says why it
// is about to close it.
void Channel::Impl::on_unasked(const codec::FrameView& frame) {
  if (frame.header.kind == codec::FrameKind::kError) {
    auto error = codec::decode<base::Error>(frame.payload);
    if (!error) error = error.error();
    return fail_connection(
        error->with_context(endpoint_.to_string() + " refused"));
  }
  if (state_ != State::kReady) return on_useless(frame);
  if (observer_ != nullptr) {
    observer_->on_push(frame.header.kind, frame.payload);
  }
}

void Channel::Impl::on_answer(const codec::FrameView& frame,
                              PendingCall& call) {
  const std::uint64_t id = frame.header.correlation_id;
  const codec::FrameKind kind = frame.header.kind;
  if (!answer_fits(call.kind, kind)) {
    return fail_connection(peer_error(base::ErrorCode::kMalformed,
                                      codec::frame_kind_name(call.kind) +
                                          " was answered with " +
                                          codec::frame_kind_name(kind)));
  }
  if (kind == codec::FrameKind::kError) {
    auto error = codec::decode<base::Error>(frame.payload);
    if (!error) {
      return fail_connection(error.error().with_context(endpoint_.to_string()));
    }
    return finish(id, tl::unexpected(std::move(*error)));
  }
  if (!frame.header.has_more()) {
    return finish(id, AnswerPart{kind, frame.payload, true});
  }
  // The callback may cancel its own call; it must not be destroyed meanwhile.
  AnswerCallback callback = std::move(call.on_answer);
  callback(AnswerPart{kind, frame.payload, false});
  if (PendingCall* still = calls_.find(id)) {
    still->on_answer = std::move(callback);
  }
}

void Channel::Impl::finish(CallId id, base::Result<AnswerPart> result) {
  if (auto call = calls_.take(id)) call->on_answer(std::move(result));
}

// --- The end ---

void Channel::Impl::on_link_closed(const base::Error& error) {
  const auto self = shared_from_this();
  fail_connection(peer_error(base::ErrorCode::kUnavailable,
                             "the connection ended: " + error.message));
}

void Channel::Impl::tear_down(const base::Error& error) {
  state_ = State::kClosed;
  hello_id_ = 0;
  peer_payload_max_bytes_ = 0;
  useless_bytes_ = 0;
  connect_timer_.reset();
  connecting_.reset();
  if (link_) std::exchange(link_, nullptr)->retire();
  calls_.fail_all(error);
  notices_.push_back(error);
  logger_.debug("disconnected", {{"peer", endpoint_.to_string()},
                                 {"error", error.to_string()}});
}

void Channel::Impl::fail_connection(const base::Error& error) {
  tear_down(error);
  deliver();
}

void Channel::Impl::deliver() {
  const auto self = shared_from_this();
  while (!detached_) {
    auto call = calls_.take_failing();
    if (!call) break;
    call->on_answer(tl::unexpected(std::move(*call->failure)));
  }
  while (!detached_ && !notices_.empty()) {
    const base::Error error = std::move(notices_.front());
    notices_.pop_front();
    if (observer_ != nullptr) observer_->on_disconnected(error);
  }
}

void Channel::Impl::deliver_later() {
  executor_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->deliver();
  });
}

// --- The handle ---

Channel::Channel(base::Executor& executor, transport::Network& network,
                 base::Endpoint endpoint, ChannelOptions options,
                 ChannelObserver* observer, base::Logger logger)
    : impl_(std::make_shared<Impl>(executor, network, std::move(endpoint),
                                   std::move(options), observer, logger)) {}

Channel::~Channel() { impl_->detach(); }

Channel::State Channel::state() const { return impl_->state(); }

const base::Endpoint& Channel::endpoint() const { return impl_->endpoint(); }

void Channel::connect() { impl_->connect(); }

CallId Channel::call(codec::FrameKind kind, std::string payload,
                     base::Duration deadline, AnswerCallback on_answer) {
  return impl_->call(kind, std::move(payload), deadline, std::move(on_answer));
}

void Channel::cancel(CallId call) { impl_->cancel(call); }

void Channel::close(const std::string& why) { impl_->close(why); }

std::size_t Channel::pending_calls() const { return impl_->pending_calls(); }

}  // namespace waypost::rpc
