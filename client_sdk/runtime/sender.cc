#include "client_sdk/runtime/sender.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "base/options.h"
#include "client_sdk/core/budget.h"

namespace waypost::client {
namespace {

AttemptResult run_guarded(const Attempt& attempt, const Pick& pick,
                          base::Duration budget) {
  try {
    return attempt(pick, budget);
  } catch (const std::exception& error) {
    return AttemptResult::failed(std::string("the attempt threw: ") +
                                 error.what());
  } catch (...) {
    return AttemptResult::failed("the attempt threw");
  }
}

class Sending {
 public:
  Sending(SendEnvironment& environment, std::string_view topic,
          const Attempt& attempt, const SendOptions& options)
      : environment_(environment),
        topic_(topic),
        attempt_(attempt),
        options_(options),
        started_(environment.now()) {}

  SendResult run() {
    for (std::int64_t left = options_.attempts_max; left > 0; --left) {
      if (elapsed() >= options_.budget) return over(timed_out());
      const auto pick = next_pick();
      if (!pick) return over(pick.error());
      const AttemptRecord& record =
          try_once(*pick, static_cast<std::size_t>(left));
      if (record.outcome == Outcome::kOk) return over({});
      if (record.outcome == Outcome::kRejected) return over(rejected(record));
    }
    return over(elapsed() >= options_.budget ? timed_out() : all_failed());
  }

 private:
  // Not one that failed in this send, if there is another; if there is not, at
  // least not the last one.
  Result<Pick> next_pick() {
    auto pick = pick_avoiding(failed_);
    if (!pick && pick.error().code == ErrorCode::kNotReady) {
      const auto known =
          environment_.wait_for_route(topic_, options_.budget - elapsed());
      if (!known) return known.error();
      pick = pick_avoiding(failed_);
    }
    if (!pick || failed_.size() < 2 || !has_failed(*pick)) return pick;
    return pick_avoiding({&failed_.back(), 1});
  }

  Result<Pick> pick_avoiding(std::span<const Pick> avoid) {
    PickOptions options;
    options.key = options_.key;
    options.selector = options_.selector;
    options.avoid = avoid;
    return environment_.pick(topic_, options);
  }

  bool has_failed(const Pick& pick) const {
    return std::any_of(failed_.begin(), failed_.end(), [&](const Pick& each) {
      return each.broker_name() == pick.broker_name();
    });
  }

  const AttemptRecord& try_once(const Pick& pick, std::size_t attempts_left) {
    AttemptRecord record;
    record.pick = pick;
    record.budget = share_of_budget(options_.budget - elapsed(), attempts_left);
    const base::Instant before = environment_.now();
    AttemptResult result = run_guarded(attempt_, pick, record.budget);
    record.latency = environment_.now() - before;
    record.outcome = result.outcome;
    record.detail = std::move(result.detail);
    environment_.report(pick, record.outcome, record.latency);
    if (record.outcome == Outcome::kFailed) failed_.push_back(pick);
    result_.attempts.push_back(std::move(record));
    return result_.attempts.back();
  }

  base::Duration elapsed() const { return environment_.now() - started_; }

  SendResult over(Status status) {
    result_.status = std::move(status);
    result_.elapsed = elapsed();
    return std::move(result_);
  }

  std::string subject() const {
    return "send to '" + std::string(topic_) + "'";
  }

  std::string attempts_text() const {
    std::string text;
    for (const auto& each : result_.attempts) {
      text += (text.empty() ? "" : "; ") + each.pick.broker_name() + " (" +
              each.pick.address() + "): " + each.detail;
    }
    return text;
  }

  Error timed_out() const {
    return {ErrorCode::kTimedOut,
            subject() + ": " + std::to_string(result_.attempts.size()) +
                " attempts failed within " +
                base::format_duration(options_.budget) + ": " + attempts_text(),
            "the message may have been taken by a broker that did not answer"};
  }
  Error all_failed() const {
    return {ErrorCode::kUnavailable,
            subject() + ": all " + std::to_string(result_.attempts.size()) +
                " attempts failed: " + attempts_text(),
            ""};
  }
  Error rejected(const AttemptRecord& record) const {
    return {ErrorCode::kInvalidArgument,
            subject() + ": rejected by " + record.pick.broker_name() + ": " +
                record.detail,
            ""};
  }

  SendEnvironment& environment_;
  const std::string_view topic_;
  const Attempt& attempt_;
  const SendOptions options_;
  const base::Instant started_;
  std::vector<Pick> failed_;  // in order
  SendResult result_;
};

}  // namespace

SendResult run_send(SendEnvironment& environment, std::string_view topic,
                    const Attempt& attempt, const SendOptions& options) {
  return Sending(environment, topic, attempt, options).run();
}

}  // namespace waypost::client
