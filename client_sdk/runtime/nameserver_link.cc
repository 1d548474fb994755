#include "client_sdk/runtime/nameserver_link.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "client_sdk/core/budget.h"

namespace waypost::client {
namespace {

// What another nameserver would answer as well: the fault is ours.
bool is_our_fault(base::ErrorCode code) {
  return code == base::ErrorCode::kInvalidArgument ||
         code == base::ErrorCode::kDenied;
}

// The nameserver answered, but cannot help now.
bool is_alive(base::ErrorCode code) {
  return code == base::ErrorCode::kNotReady || code == base::ErrorCode::kBusy;
}

// The nameserver said nothing, or what it said makes no sense.
bool is_silence(base::ErrorCode code) {
  return code == base::ErrorCode::kTimedOut ||
         code == base::ErrorCode::kUnavailable ||
         code == base::ErrorCode::kMalformed;
}

}  // namespace

// One question at one nameserver.
struct NameserverLink::Attempt {
  NameserverLine* line = nullptr;  // null: not asked, or over
  rpc::CallId rpc_call = 0;
  base::Instant started{};
  base::Instant deadline{};
  bool stood = false;  // the connection, when it was asked
  bool told = false;   // the sink has had a part of it
  // What a hedge has brought so far, as long as it is held back.
  struct Held {
    codec::FrameKind kind;
    std::vector<std::byte> payload;
    bool last = false;
  };
  std::vector<Held> held;
};

struct NameserverLink::Call {
  CallId id = 0;
  codec::FrameKind kind = codec::FrameKind::kError;
  std::string payload;
  base::Duration budget{0};
  base::Instant deadline;
  AnswerSink* sink = nullptr;  // null: over
  bool here = false;           // of the current nameserver alone
  ServerIds tried;
  SecondChance second_chance;
  Attempt first;
  Attempt hedge;
  std::unique_ptr<base::Timer> timer;  // to hedge, or to give up waiting
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
      options_(std::move(options)),
      logger_(logger),
      lines_(executor, network, options_, random, observer, logger),
      hedging_(options_.hedge, options_.hedge_after,
               options_.hedge_extra_load_percent) {}

NameserverLink::~NameserverLink() = default;

NameserverLink::CallId NameserverLink::call(codec::FrameKind kind,
                                            std::string payload,
                                            base::Duration budget,
                                            AnswerSink& sink) {
  const CallPtr call = add_call(kind, std::move(payload), budget, sink);
  ++asked_;
  hedging_.on_call();
  if (lines_.choice().count() != 0) {
    attempt(call);
  } else {
    call->timer = executor_.run_after(budget, [this, call] { attempt(call); });
  }
  return call->id;
}

NameserverLink::CallPtr NameserverLink::add_call(codec::FrameKind kind,
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
  calls_.emplace(call->id, call);
  return call;
}

NameserverLink::CallId NameserverLink::call_here(codec::FrameKind kind,
                                                 std::string payload,
                                                 base::Duration budget,
                                                 AnswerSink& sink) {
  const CallPtr call = add_call(kind, std::move(payload), budget, sink);
  call->here = true;
  if (NameserverLine* line = lines_.connected_line()) {
    const base::Duration share =
        share_of_budget(budget, lines_.choice().count());
    start(call, call->first, *line, line->patience(share, budget));
  } else {
    fail_later(call);
  }
  return call->id;
}

void NameserverLink::fail_later(const CallPtr& call) {
  call->timer = executor_.run_after(base::Duration::zero(), [this, call] {
    finish(call, base::fail(base::ErrorCode::kUnavailable,
                            "there is no connection to a nameserver"));
  });
}

void NameserverLink::distrust(const std::string& why) {
  if (NameserverLine* line = lines_.connected_line()) {
    lines_.distrust(*line, why);
  }
}

void NameserverLink::cancel(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const CallPtr call = found->second;
  calls_.erase(found);
  call->sink = nullptr;
  call->timer.reset();
  drop(call->first);
  drop(call->hedge);
}

void NameserverLink::withdraw(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const Attempt& attempt = found->second->first;
  if (attempt.line != nullptr && attempt.line->ready() &&
      options_.close_on_timeout) {
    lines_.doubt(*attempt.line, std::max(attempt.deadline - executor_.now(),
                                         base::Duration::zero()));
  }
  cancel(id);
}

std::string NameserverLink::progress(CallId id) const {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return "";
  const Call& call = *found->second;
  if (call.first.line == nullptr) {
    return call.failures.empty() ? why_empty_ : call.failures;
  }
  return call.failures + (call.failures.empty() ? "" : "; ") +
         call.first.line->name() +
         (call.first.line->ready() ? ": no answer yet" : ": not connected yet");
}

void NameserverLink::set_nameservers(const std::vector<Nameserver>& nameservers,
                                     std::string why_empty) {
  if (!why_empty.empty()) why_empty_ = std::move(why_empty);
  lines_.set_nameservers(nameservers);
  if (nameservers.empty()) return;
  // Those that waited for a list.
  const auto calls = calls_;
  for (const auto& [id, call] : calls) {
    if (call->sink == nullptr || call->first.line != nullptr || call->here ||
        !call->tried.empty()) {
      continue;
    }
    call->timer.reset();
    attempt(call);
  }
}

// --- A call and its attempts ---

// Inside call() this cannot finish the call: the first attempt has a server
// that was not tried and a whole budget.
void NameserverLink::attempt(const CallPtr& call) {
  const base::Instant now = executor_.now();
  auto server = lines_.next(call->tried);
  if (!server && now < call->deadline) {
    server = call->second_chance.take();
    // It may have left the list meanwhile.
    if (server && lines_.choice().find(*server) == nullptr) server.reset();
  }
  if (!server || now >= call->deadline) {
    return finish(call, tl::unexpected(give_up(*call)));
  }
  const base::Duration remaining = call->deadline - now;
  const base::Duration share =
      options_.close_on_timeout
          ? share_of_budget(remaining, lines_.choice().untried(call->tried))
          : remaining;
  const bool first = call->tried.empty();
  call->tried.insert(*server);
  NameserverLine& line = lines_.open(*server);
  if (call->sink == nullptr) return;  // cancelled by who was told of the move
  const base::Duration deadline =
      first ? line.patience(share, remaining) : share;
  start(call, call->first, line, deadline);
  lines_.keep_connected();
  arm_hedge(call, deadline);
}

void NameserverLink::start(const CallPtr& call, Attempt& attempt,
                           NameserverLine& line, base::Duration deadline) {
  attempt = {};
  attempt.line = &line;
  attempt.started = executor_.now();
  attempt.deadline = attempt.started + deadline;
  attempt.stood = line.ready();
  attempt.rpc_call =
      line.call(call->kind, call->payload, deadline,
                [this, call, &attempt](base::Result<rpc::AnswerPart> result) {
                  if (call->sink != nullptr && attempt.line != nullptr) {
                    on_answer(call, attempt, std::move(result));
                  }
                });
}

void NameserverLink::on_answer(const CallPtr& call, Attempt& attempt,
                               base::Result<rpc::AnswerPart> result) {
  if (!result) return on_attempt_failed(call, attempt, result.error());
  base::Status accepted;
  if (&attempt == &call->hedge && call->first.line != nullptr) {
    attempt.held.push_back({result->kind,
                            {result->payload.begin(), result->payload.end()},
                            result->last});
    if (result->last) accepted = replay(*call);
  } else {
    // Who has begun to answer is let finish; two streams cannot be mixed.
    if (&attempt == &call->first && call->hedge.line != nullptr) {
      // Asked in vain, it may still be needed: what began may come to nothing.
      call->tried.erase(call->hedge.line->server());
      drop(call->hedge);
    }
    accepted = tell(*call, attempt, *result);
  }
  if (!accepted) {
    if (!result->last) attempt.line->cancel(attempt.rpc_call);
    return on_attempt_failed(call, attempt, accepted.error());
  }
  if (result->last) succeed(call, attempt);
}

base::Status NameserverLink::tell(Call& call, Attempt& attempt,
                                  const rpc::AnswerPart& part) {
  if (!std::exchange(attempt.told, true)) {
    call.sink->on_attempt(attempt.line->name());
  }
  return call.sink->on_part(part);
}

void NameserverLink::succeed(const CallPtr& call, Attempt& attempt) {
  const NameserverLine& line = *attempt.line;
  lines_.answered(line);
  if (attempt.stood) hedging_.on_answer(executor_.now() - attempt.started);
  const bool first_was_slow =
      &attempt == &call->hedge && call->first.line != nullptr;
  if (first_was_slow) {
    const base::Duration left = call->first.deadline - executor_.now();
    lines_.doubt(*call->first.line, std::max(left, base::Duration::zero()));
  }
  finish(call, line.name());
}

void NameserverLink::on_attempt_failed(const CallPtr& call, Attempt& attempt,
                                       const base::Error& error) {
  NameserverLine& line = *std::exchange(attempt.line, nullptr);
  attempt.held.clear();
  if (!call->failures.empty()) call->failures += "; ";
  call->failures += error.message;
  call->last_code = error.code;
  lines_.call_ended();
  if (call->here) {
    // That it will not do this says nothing about the rest.
    const bool stays = error.code == base::ErrorCode::kTimedOut &&
                       !options_.close_on_timeout && line.ready();
    if (is_silence(error.code) && !stays) {
      lines_.distrust(line, error.message);
    }
    if (call->sink == nullptr) return;  // cancelled by who was told of that
    return finish(call, tl::unexpected(error));
  }
  if (is_our_fault(error.code)) return finish(call, tl::unexpected(error));
  call->second_chance.on_failure(line.server(), attempt.stood, error.code);
  if (error.code == base::ErrorCode::kTimedOut && line.ready() &&
      !options_.close_on_timeout) {
    // The old behaviour: a connection that stands is good enough.
    return finish(call, tl::unexpected(give_up(*call)));
  }
  judge_line(line, attempt.stood, error);
  if (call->sink == nullptr) return;
  if (&attempt == &call->hedge) {
    if (call->first.line == nullptr) NameserverLink::attempt(call);
    return;  // the first one may still answer
  }
  call->timer.reset();
  if (call->hedge.line == nullptr) return NameserverLink::attempt(call);
  // The hedge goes on as the only attempt, with what it has brought so far.
  const base::Status accepted = replay(*call);
  if (accepted) return;
  call->hedge.line->cancel(call->hedge.rpc_call);
  on_attempt_failed(call, call->hedge, accepted.error());
}

// Another call's failure may have given the line up already.
void NameserverLink::judge_line(NameserverLine& line, bool stood,
                                const base::Error& error) {
  if (error.code == base::ErrorCode::kTimedOut && !stood &&
      options_.close_on_timeout && line.cut_short()) {
    lines_.leave_late(line, error.message);
  } else if (!is_alive(error.code)) {
    lines_.give_up(line, error.message);
  } else if (lines_.choice().count() > 1) {
    lines_.leave(line, error.message);
  }
}

void NameserverLink::finish(const CallPtr& call,
                            const base::Result<std::string>& result) {
  calls_.erase(call->id);
  call->timer.reset();
  drop(call->first);
  drop(call->hedge);
  std::exchange(call->sink, nullptr)->on_done(result);
}

base::Error NameserverLink::give_up(const Call& call) const {
  base::Error error;
  error.code = call.last_code;
  error.message = "no nameserver answered within " +
                  std::to_string(base::to_ms(call.budget)) + " ms: " +
                  (call.failures.empty() ? why_empty_ : call.failures);
  error.advice = "check that the nameservers run and can be reached from here";
  if (call.last_code == base::ErrorCode::kTimedOut) {
    error.advice +=
        "; a round trip to them must take less than half of client.rpc-timeout";
  }
  return error;
}

// --- Hedges ---

void NameserverLink::arm_hedge(const CallPtr& call, base::Duration deadline) {
  call->timer.reset();
  const auto delay = hedging_.delay();
  if (!delay || *delay >= deadline) return;
  if (lines_.choice().untried(call->tried) == 0) return;
  call->timer = executor_.run_after(*delay, [this, call] { hedge(call); });
}

void NameserverLink::hedge(const CallPtr& call) {
  call->timer.reset();
  const base::Instant now = executor_.now();
  const auto server = lines_.choice().best_untried(call->tried, now);
  // Who has begun to answer is not helped by asking twice.
  if (!server || call->first.told || call->deadline <= now ||
      !hedging_.take()) {
    return;
  }
  const base::Duration deadline = share_of_budget(
      call->deadline - now, lines_.choice().untried(call->tried));
  call->tried.insert(*server);
  ++hedges_;
  start(call, call->hedge, lines_.open_aside(*server), deadline);
}

base::Status NameserverLink::replay(Call& call) {
  for (const auto& each : std::exchange(call.hedge.held, {})) {
    const auto accepted =
        tell(call, call.hedge, {each.kind, each.payload, each.last});
    if (!accepted) return accepted;
  }
  return {};
}

void NameserverLink::drop(Attempt& attempt) {
  if (attempt.line == nullptr) return;
  attempt.line->cancel(attempt.rpc_call);
  attempt.line = nullptr;
  attempt.held.clear();
  lines_.call_ended();
}

}  // namespace waypost::client
