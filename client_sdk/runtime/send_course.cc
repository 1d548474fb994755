#include "client_sdk/runtime/send_course.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/options.h"
#include "client_sdk/core/budget.h"

namespace waypost::client {

Error no_attempt_error(std::string_view topic) {
  return {ErrorCode::kInvalidArgument,
          "send to '" + std::string(topic) + "': the attempt is empty",
          "give a function that sends to the broker it is told"};
}

SendCourse::SendCourse(SendEnvironment& environment, std::string topic,
                       const SendOptions& options)
    : environment_(environment),
      topic_(std::move(topic)),
      options_(options),
      started_(environment.now()),
      attempts_left_(options.attempts_max) {}

// --- How it stands ---

bool SendCourse::over() const {
  const bool ended = !result_.attempts.empty() &&
                     result_.attempts.back().outcome != Outcome::kFailed;
  return ended || options_.cancel.cancelled() || left() <= base::Duration(0) ||
         attempts_left_ <= 0;
}

Status SendCourse::why() const {
  const auto* last =
      result_.attempts.empty() ? nullptr : &result_.attempts.back();
  if (last != nullptr && last->outcome == Outcome::kOk) return {};
  if (last != nullptr && last->outcome == Outcome::kRejected) {
    return Error{ErrorCode::kInvalidArgument,
                 subject() + ": rejected by " + last->pick.broker_name() +
                     ": " + last->detail,
                 ""};
  }
  const std::string maybe_sent =
      result_.attempts.empty()
          ? ""
          : "the message may have been taken by a broker that did not answer";
  if (options_.cancel.cancelled()) {
    return Error{ErrorCode::kCancelled, subject() + ": cancelled by its token",
                 maybe_sent};
  }
  if (left() <= base::Duration(0)) {
    return Error{ErrorCode::kTimedOut,
                 subject() + ": " + std::to_string(result_.attempts.size()) +
                     " attempts failed within " +
                     base::format_duration(options_.budget) + ": " +
                     attempts_text(),
                 maybe_sent};
  }
  return Error{ErrorCode::kUnavailable,
               subject() + ": all " + std::to_string(result_.attempts.size()) +
                   " attempts failed: " + attempts_text(),
               ""};
}

std::string SendCourse::subject() const { return "send to '" + topic_ + "'"; }

std::string SendCourse::attempts_text() const {
  std::string text;
  for (const auto& each : result_.attempts) {
    text += (text.empty() ? "" : "; ") + each.pick.broker_name() + " (" +
            each.pick.address() + "): " + each.detail;
  }
  return text;
}

// --- Choosing ---

Result<Pick> SendCourse::next_pick() {
  auto pick = pick_avoiding(failed_);
  if (!pick || failed_.size() < 2 || !has_failed(*pick)) return pick;
  return pick_avoiding({&failed_.back(), 1});
}

Result<Pick> SendCourse::pick_avoiding(std::span<const Pick> avoid) {
  PickOptions options;
  options.key = options_.key;
  options.selector = options_.selector;
  options.avoid = avoid;
  return environment_.pick(topic_, options);
}

bool SendCourse::has_failed(const Pick& pick) const {
  return std::any_of(failed_.begin(), failed_.end(), [&](const Pick& each) {
    return each.broker_name() == pick.broker_name();
  });
}

// --- Attempts ---

base::Duration SendCourse::begin(const Pick& pick) {
  AttemptRecord record;
  record.pick = pick;
  record.outcome = Outcome::kFailed;
  record.detail = "not over";
  record.budget =
      share_of_budget(left(), static_cast<std::size_t>(attempts_left_));
  --attempts_left_;
  result_.attempts.push_back(std::move(record));
  return result_.attempts.back().budget;
}

void SendCourse::end(AttemptResult result, base::Duration latency,
                     bool reported) {
  WAYPOST_ASSERT(!result_.attempts.empty());
  AttemptRecord& record = result_.attempts.back();
  record.latency = latency;
  record.outcome = result.outcome;
  record.detail = std::move(result.detail);
  if (reported) environment_.report(record.pick, record.outcome, latency);
  if (record.outcome == Outcome::kFailed) failed_.push_back(record.pick);
}

SendResult SendCourse::finish(Status status) {
  result_.status = std::move(status);
  result_.elapsed = elapsed();
  return std::move(result_);
}

}  // namespace waypost::client
