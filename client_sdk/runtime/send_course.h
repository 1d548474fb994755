#ifndef WAYPOST_CLIENT_SDK_RUNTIME_SEND_COURSE_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_SEND_COURSE_H_

// What all forms of sending share: which broker comes next, what each attempt
// may take, what became of it, and how the whole ended. Whoever drives it runs
// the attempts and waits.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "waypost/client.hpp"
#include "waypost/send.hpp"

namespace waypost::client {

// What sending needs of a client.
class SendEnvironment {
 public:
  virtual ~SendEnvironment() = default;
  virtual base::Instant now() const = 0;
  virtual Result<Pick> pick(std::string_view topic,
                            const PickOptions& options) = 0;
  virtual void report(const Pick& pick, Outcome outcome,
                      base::Duration latency) = 0;
  // Returns when the topic's route is known, or why it is not. Only where the
  // send may wait on its thread.
  virtual Status wait_for_route(std::string_view topic,
                                const CallLimits& limits) = 0;
};

// Of a send that was given an empty function: no broker is to blame for it.
Error no_attempt_error(std::string_view topic);

// One send, from the call on. Not thread-safe.
class SendCourse {
 public:
  // `options` without zeros; its key must outlive this.
  SendCourse(SendEnvironment& environment, std::string topic,
             const SendOptions& options);

  const std::string& topic() const { return topic_; }
  base::Duration left() const { return options_.budget - elapsed(); }
  const CancelToken& cancel() const { return options_.cancel; }

  // True when nothing more is to be tried; why() then.
  bool over() const;
  Status why() const;

  // Not a broker that failed in this send, if there is another; if there is
  // not, at least not the last one. kNotReady: wait for the topic's route.
  Result<Pick> next_pick();
  // The next attempt's budget. REQUIRES: !over().
  base::Duration begin(const Pick& pick);
  // How the attempt went; `reported`: the fault table is to know.
  void end(AttemptResult result, base::Duration latency, bool reported = true);

  SendResult finish(Status status);

 private:
  Result<Pick> pick_avoiding(std::span<const Pick> avoid);
  bool has_failed(const Pick& pick) const;
  base::Duration elapsed() const { return environment_.now() - started_; }
  std::string subject() const;
  std::string attempts_text() const;

  SendEnvironment& environment_;
  const std::string topic_;
  const SendOptions options_;
  const base::Instant started_;
  std::int64_t attempts_left_;
  std::vector<Pick> failed_;  // in order
  SendResult result_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_SEND_COURSE_H_
