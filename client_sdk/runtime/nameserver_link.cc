#include "client_sdk/runtime/nameserver_link.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "client_sdk/core/budget.h"
#include "wire/codec/native.h"

namespace waypost::client {
namespace {

std::vector<std::string> names_of(const std::vector<base::Endpoint>& servers) {
  std::vector<std::string> names;
  for (const auto& server : servers) names.push_back(server.to_string());
  return names;
}

// What another nameserver would answer as well: the fault is ours.
bool is_our_fault(base::ErrorCode code) {
  return code == base::ErrorCode::kInvalidArgument ||
         code == base::ErrorCode::kDenied;
}

// The nameserver answered, but cannot help now.
bool is_alive(base::ErrorCode code) {
  return code == base::ErrorCode::kNotReady || code == base::ErrorCode::kBusy;
}

}  // namespace

// A connection to one nameserver, and the events it sends.
class NameserverLink::Line final : public rpc::ChannelObserver {
 public:
  Line(NameserverLink& link, std::size_t server, rpc::ChannelOptions options)
      : link_(link),
        server_(server),
        channel_(link.executor_, link.network_,
                 link.options_.nameservers[server], std::move(options), this,
                 link.logger_.for_component(base::LogComponent::kRpc)) {}

  std::size_t server() const { return server_; }
  rpc::Channel& channel() { return channel_; }

  void on_connected(const model::HelloReply& reply) override {
    link_.on_line_connected(*this, reply);
  }
  void on_disconnected(const base::Error& error) override {
    link_.on_line_disconnected(*this, error);
  }
  void on_push(codec::FrameKind kind,
               std::span<const std::byte> payload) override {
    link_.on_line_push(*this, kind, payload);
  }

 private:
  NameserverLink& link_;
  const std::size_t server_;
  rpc::Channel channel_;
};

struct NameserverLink::Call {
  CallId id = 0;
  codec::FrameKind kind = codec::FrameKind::kError;
  std::string payload;
  base::Duration budget{0};
  base::Instant deadline;
  AnswerSink* sink = nullptr;  // null: over
  std::vector<bool> tried;
  // The attempt in progress.
  Line* line = nullptr;
  rpc::CallId rpc_call = 0;
  std::string failures;  // "10.0.0.1:9876: ...; 10.0.0.2:9876: ..."
  base::ErrorCode last_code = base::ErrorCode::kUnavailable;
};

NameserverLink::NameserverLink(base::Executor& executor,
                               transport::Network& network,
                               NameserverLinkOptions options,
                               base::Random random,
                               NameserverLinkObserver* observer,
                               base::Logger logger)
    : executor_(executor),
      network_(network),
      options_(std::move(options)),
      names_(names_of(options_.nameservers)),
      random_(random),
      observer_(observer),
      logger_(logger),
      choice_(names_.size(), options_.start, random_) {}

NameserverLink::~NameserverLink() = default;

bool NameserverLink::connected() const {
  return line_ != nullptr &&
         line_->channel().state() == rpc::Channel::State::kReady;
}

NameserverLink::CallId NameserverLink::call(codec::FrameKind kind,
                                            std::string payload,
                                            base::Duration budget,
                                            AnswerSink& sink) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  auto call = std::make_shared<Call>();
  call->id = ++last_call_;
  call->kind = kind;
  call->payload = std::move(payload);
  call->budget = budget;
  call->deadline = executor_.now() + budget;
  call->sink = &sink;
  call->tried.assign(choice_.count(), false);
  calls_.emplace(call->id, call);
  attempt(call);
  return call->id;
}

void NameserverLink::cancel(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const CallPtr call = found->second;
  calls_.erase(found);
  call->sink = nullptr;
  if (call->line != nullptr) call->line->channel().cancel(call->rpc_call);
  sweep_soon();
}

// --- A call and its attempts ---

// Inside call() this cannot finish the call: the first attempt has a server
// that was not tried and a whole budget.
void NameserverLink::attempt(const CallPtr& call) {
  const base::Instant now = executor_.now();
  const auto server = choice_.best_untried(call->tried, now);
  if (!server || now >= call->deadline) {
    return finish(call, tl::unexpected(give_up(*call)));
  }
  const auto untried = static_cast<std::size_t>(
      std::count(call->tried.begin(), call->tried.end(), false));
  call->tried[*server] = true;
  move_to(*server, leaving_because_);
  Line& line = line_to(*server);
  const base::Duration remaining = call->deadline - now;
  const base::Duration deadline = options_.close_on_timeout
                                      ? share_of_budget(remaining, untried)
                                      : remaining;
  call->line = &line;
  call->sink->on_attempt(names_[*server]);
  call->rpc_call =
      line.channel().call(call->kind, call->payload, deadline,
                          [this, call](base::Result<rpc::AnswerPart> result) {
                            if (call->sink != nullptr)
                              on_answer(call, std::move(result));
                          });
}

void NameserverLink::on_answer(const CallPtr& call,
                               base::Result<rpc::AnswerPart> result) {
  if (!result) return on_attempt_failed(call, result.error());
  const base::Status accepted = call->sink->on_part(*result);
  if (!accepted) {
    if (!result->last) call->line->channel().cancel(call->rpc_call);
    return on_attempt_failed(call, accepted.error());
  }
  if (!result->last) return;
  const std::size_t server = call->line->server();
  choice_.on_success(server);
  finish(call, names_[server]);
}

void NameserverLink::on_attempt_failed(const CallPtr& call,
                                       const base::Error& error) {
  Line& line = *std::exchange(call->line, nullptr);
  const bool standing = line.channel().state() == rpc::Channel::State::kReady;
  if (!call->failures.empty()) call->failures += "; ";
  call->failures += error.message;
  call->last_code = error.code;
  sweep_soon();
  if (is_our_fault(error.code)) {
    return finish(call, tl::unexpected(error));
  }
  if (error.code == base::ErrorCode::kTimedOut && standing &&
      !options_.close_on_timeout) {
    // The old behaviour: a connection that stands is good enough.
    return finish(call, tl::unexpected(give_up(*call)));
  }
  // Another call's failure may have given the line up already.
  if (line_.get() == &line) {
    if (!is_alive(error.code)) {
      drop_line(line, error.message);
    } else if (choice_.count() > 1) {
      choice_.on_failure(line.server(), executor_.now());
      leaving_because_ = error.message;
      leave_line(line);
    }
  }
  attempt(call);
}

void NameserverLink::finish(const CallPtr& call,
                            const base::Result<std::string>& result) {
  calls_.erase(call->id);
  call->line = nullptr;
  sweep_soon();
  std::exchange(call->sink, nullptr)->on_done(result);
}

base::Error NameserverLink::give_up(const Call& call) const {
  base::Error error;
  error.code = call.last_code;
  error.message = "no nameserver answered within " +
                  std::to_string(base::to_ms(call.budget)) +
                  " ms: " + call.failures;
  error.advice = "check that the nameservers run and can be reached from here";
  return error;
}

// --- Lines ---

NameserverLink::Line& NameserverLink::line_to(std::size_t server) {
  if (line_ != nullptr && line_->server() == server) return *line_;
  if (line_ != nullptr) leave_line(*line_);
  rpc::ChannelOptions options;
  options.connect_timeout =
      share_of_budget(options_.rpc_timeout, choice_.count());
  options.hello = options_.hello;
  line_ = std::make_unique<Line>(*this, server, std::move(options));
  return *line_;
}

void NameserverLink::drop_line(Line& line, const std::string& why) {
  choice_.on_failure(line.server(), executor_.now());
  leaving_because_ = why;
  logger_.debug("nameserver connection given up",
                {{"nameserver", names_[line.server()]}, {"why", why}});
  line.channel().close(why);
  leave_line(line);
}

void NameserverLink::leave_line(Line& line) {
  WAYPOST_ASSERT(line_.get() == &line);
  leaving_.push_back(std::move(line_));
  sweep_soon();
  if (observer_ != nullptr) observer_->on_nameserver_lost();
}

void NameserverLink::move_to(std::size_t server, const std::string& why) {
  const std::size_t from = choice_.current();
  if (from == server) return;
  choice_.move_to(server);
  ++switches_;
  logger_.warn("left a nameserver",
               {{"from", names_[from]}, {"to", names_[server]}, {"why", why}});
  if (observer_ != nullptr) {
    observer_->on_nameserver_switched(names_[from], names_[server], why);
  }
}

// A line that is left may be in the midst of telling its calls that they have
// failed, so it goes in a task of its own, and not before its last call.
void NameserverLink::sweep_soon() {
  if (leaving_.empty() || sweep_timer_) return;
  sweep_timer_ = executor_.run_after(base::Duration::zero(), [this] {
    sweep_timer_.reset();
    std::erase_if(leaving_, [](const std::unique_ptr<Line>& line) {
      return line->channel().pending_calls() == 0;
    });
  });
}

// --- What lines tell ---

void NameserverLink::on_line_connected(Line& line,
                                       const model::HelloReply& reply) {
  if (line_.get() != &line) return;
  logger_.info("connected to a nameserver",
               {{"nameserver", names_[line.server()]},
                {"server", reply.server_name},
                {"state", model::server_state_name(reply.state)}});
  if (observer_ != nullptr) {
    observer_->on_nameserver_connected(names_[line.server()], reply);
  }
}

// Calls that were pending have failed and moved on before; what is left here is
// a connection that ended while nobody waited for anything.
void NameserverLink::on_line_disconnected(Line& line,
                                          const base::Error& error) {
  if (line_.get() != &line) return sweep_soon();
  drop_line(line, error.message);
  if (const auto other = choice_.best_other(executor_.now())) {
    move_to(*other, error.message);
  }
}

void NameserverLink::on_line_push(Line& line, codec::FrameKind kind,
                                  std::span<const std::byte> payload) {
  if (kind != codec::FrameKind::kDrainNotice || line_.get() != &line) return;
  const auto notice = codec::decode<model::DrainNotice>(payload);
  const std::string why =
      "draining" + (notice && !notice->reason.empty() ? ": " + notice->reason
                                                      : std::string());
  // Whoever has nowhere to go stays until the connection ends.
  const auto other = choice_.best_other(executor_.now());
  if (!other) return;
  choice_.on_failure(line.server(), executor_.now());
  leave_line(line);
  move_to(*other, why);
}

}  // namespace waypost::client
