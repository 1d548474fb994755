#include "client_sdk/runtime/async_send.h"

#include <exception>
#include <utility>

#include "base/options.h"

namespace waypost::client {

// --- One attempt ---

bool AttemptState::begin() {
  begun_.store(clock_.now().time_since_epoch().count());
  return !over_.load();
}

void AttemptState::complete(AttemptResult result) {
  if (over_.exchange(true)) return;
  const base::Instant now = clock_.now();
  ended_(std::move(result), begun() ? now - begun_at() : base::Duration(0));
}

namespace {

void run_guarded(const AsyncAttempt& attempt, const Pick& pick,
                 base::Duration budget,
                 const std::shared_ptr<AttemptState>& state) {
  if (!state->begin()) return;
  try {
    attempt(pick, budget, AttemptState::handle(state));
  } catch (const std::exception& error) {
    state->complete(AttemptResult::failed(std::string("the attempt threw: ") +
                                          error.what()));
  } catch (...) {
    state->complete(AttemptResult::failed("the attempt threw"));
  }
}

}  // namespace

// --- The course of them ---

namespace {

SendOptions with_key(SendOptions options, std::string_view key) {
  options.key = key;
  return options;
}

}  // namespace

AsyncSend::AsyncSend(SendEnvironment& environment, AsyncSendHost& host,
                     std::string topic,
                     std::shared_ptr<const AsyncAttempt> attempt,
                     SendOptions options)
    : host_(host),
      key_(options.key),
      attempt_(std::move(attempt)),
      course_(environment, std::move(topic),
              with_key(std::move(options), key_)) {}

void AsyncSend::start(Over over) {
  over_ = std::move(over);
  next();
}

void AsyncSend::tell(Status status) {
  if (over_) std::exchange(over_, nullptr)(std::move(status));
}

SendResult AsyncSend::end(Status status) {
  over_ = nullptr;
  const bool late = !status && status.error().code == ErrorCode::kTimedOut;
  end_attempt(status ? "" : status.error().message, late);
  if (!status && course_.over()) status = course_.why();
  return course_.finish(std::move(status));
}

void AsyncSend::next() {
  if (course_.over()) return tell(course_.why());
  const auto pick = course_.next_pick();
  if (pick) return try_pick(*pick);
  const bool unknown = pick.error().code == ErrorCode::kNotReady;
  if (!unknown || std::exchange(waited_, true)) return tell(pick.error());
  host_.when_route_known(course_.topic(),
                         [self = weak_from_this()](Status status) {
                           const auto send = self.lock();
                           if (!send) return;
                           if (status) return send->next();
                           send->tell(std::move(status));
                         });
}

void AsyncSend::try_pick(const Pick& pick) {
  const base::Duration budget = course_.begin(pick);
  const std::uint64_t number = ++number_;
  auto state = std::make_shared<AttemptState>(
      host_.steady_clock(),
      [post = host_.poster(), self = weak_from_this(), number](
          AttemptResult result, base::Duration latency) {
        post([self, number, result = std::move(result), latency]() mutable {
          const auto send = self.lock();
          if (send) send->on_ended(number, std::move(result), latency);
        });
      });
  under_way_ = state;
  // The loop's time stands still within a turn: counted from that, the last
  // attempt would end before the budget does, which then was not used up.
  const base::Instant end = host_.steady_clock().now() + budget;
  timer_ = host_.executor().run_after(end - host_.executor().now(), [this,
                                                                     budget] {
    end_attempt(
        "no answer within " + std::to_string(base::to_ms(budget)) + "ms", true);
    next();
  });
  host_.run_for_application(
      [attempt = attempt_, pick, budget, state = std::move(state)] {
        run_guarded(*attempt, pick, budget, state);
      });
}

void AsyncSend::on_ended(std::uint64_t number, AttemptResult result,
                         base::Duration latency) {
  if (number != number_ || !timer_) return;
  timer_.reset();
  course_.end(std::move(result), latency);
  next();
}

// Gives up the attempt under way, if there is one.
void AsyncSend::end_attempt(const std::string& why, bool late) {
  if (!timer_) return;
  timer_.reset();
  const auto state = under_way_.lock();
  const bool begun = state && state->begun();
  if (state) state->give_up();
  const base::Duration latency =
      begun ? host_.steady_clock().now() - state->begun_at()
            : base::Duration(0);
  // A broker is not to blame for an application that was late to begin.
  course_.end(AttemptResult::failed(
                  begun || !late ? why : "its handlers ran too late to begin"),
              latency, begun && late);
}

}  // namespace waypost::client

namespace waypost {

PendingAttempt::PendingAttempt(std::shared_ptr<client::AttemptState> state)
    : state_(std::move(state)) {}

void PendingAttempt::complete(AttemptResult result) const {
  if (state_) state_->complete(std::move(result));
}

bool PendingAttempt::over() const { return !state_ || state_->over(); }

}  // namespace waypost
