#include "client_sdk/runtime/sender.h"

#include <exception>
#include <string>

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

}  // namespace

SendResult run_send(SendEnvironment& environment, std::string_view topic,
                    const Attempt& attempt, const SendOptions& options) {
  SendCourse course(environment, std::string(topic), options);
  if (!attempt) return course.finish(no_attempt_error(topic));
  while (!course.over()) {
    auto pick = course.next_pick();
    if (!pick && pick.error().code == ErrorCode::kNotReady) {
      const auto known = environment.wait_for_route(
          topic, CallLimits(course.left(), options.cancel));
      if (!known) return course.finish(known.error());
      pick = course.next_pick();
    }
    if (!pick) return course.finish(pick.error());
    const base::Duration budget = course.begin(*pick);
    const base::Instant before = environment.now();
    AttemptResult result = run_guarded(attempt, *pick, budget);
    course.end(std::move(result), environment.now() - before);
  }
  return course.finish(course.why());
}

}  // namespace waypost::client
