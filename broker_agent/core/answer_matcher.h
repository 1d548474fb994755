#ifndef WAYPOST_BROKER_AGENT_CORE_ANSWER_MATCHER_H_
#define WAYPOST_BROKER_AGENT_CORE_ANSWER_MATCHER_H_

#include <optional>
#include <string>
#include <string_view>

#include "broker_agent/core/health_judge.h"

namespace waypost::agent {

// Reads what a probed server answers, in whatever pieces it arrives, and says
// as soon as it knows whether that is the answer of a healthy one. Holds a
// bounded number of bytes. Pure.
class AnswerMatcher {
 public:
  virtual ~AnswerMatcher() = default;
  // None: more is needed. Not to be called after it answered.
  virtual std::optional<ProbeResult> feed(std::string_view bytes) = 0;
  // What is being waited for, for "no answer (waiting for ...)".
  virtual std::string waiting_for() const = 0;
  // For the next answer.
  virtual void reset() = 0;
};

// Waits for bytes that contain `expect`, among the first 16 KiB.
class ExpectMatcher final : public AnswerMatcher {
 public:
  explicit ExpectMatcher(std::string expect) : expect_(std::move(expect)) {}

  std::optional<ProbeResult> feed(std::string_view bytes) override;
  std::string waiting_for() const override;
  void reset() override { seen_.clear(); }

 private:
  static constexpr std::size_t kSeenMaxBytes = 16 * 1024;

  std::string expect_;
  std::string seen_;
};

// Waits for the header of an HTTP/1.x response: 2xx and 3xx pass, informational
// responses before it are skipped. The body does not matter.
class HttpMatcher final : public AnswerMatcher {
 public:
  std::optional<ProbeResult> feed(std::string_view bytes) override;
  std::string waiting_for() const override { return "an HTTP response"; }
  void reset() override { header_.clear(); }

 private:
  static constexpr std::size_t kHeaderMaxBytes = 16 * 1024;

  std::string header_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_ANSWER_MATCHER_H_
