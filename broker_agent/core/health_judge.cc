#include "broker_agent/core/health_judge.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "broker_agent/core/text.h"

namespace waypost::agent {

HealthJudge::HealthJudge(HealthSettings settings,
                         std::vector<std::string> probe_names)
    : settings_(settings) {
  for (std::string& name : probe_names) {
    Opinion probe;
    probe.name = std::move(name);
    probes_.push_back(std::move(probe));
  }
}

std::optional<Health> HealthJudge::on_probe(std::size_t probe,
                                            const ProbeResult& result,
                                            base::Instant now) {
  WAYPOST_ASSERT(probe < probes_.size());
  Opinion& opinion = probes_[probe];
  if (result.passed) {
    opinion.passed_at = now;
  } else {
    opinion.detail = result.detail;
  }
  if (!opinion.healthy) {
    if (result.passed || settings_.first_failure_counts ||
        ++opinion.against >= settings_.fall) {
      opinion.healthy = result.passed;
      opinion.against = 0;
    }
  } else if (*opinion.healthy == result.passed) {
    opinion.against = 0;
  } else if (++opinion.against >=
             (result.passed ? settings_.rise : settings_.fall)) {
    opinion.healthy = result.passed;
    opinion.against = 0;
  }
  return conclude(now);
}

std::optional<Health> HealthJudge::on_report(bool healthy,
                                             const std::string& reason,
                                             base::Instant now) {
  report_ = Health{healthy, reason};
  return conclude(now);
}

std::optional<Health> HealthJudge::conclude(base::Instant now) {
  const bool failed =
      (report_ && !report_->healthy) ||
      std::any_of(probes_.begin(), probes_.end(),
                  [](const Opinion& p) { return p.healthy == false; });
  const bool undecided =
      std::any_of(probes_.begin(), probes_.end(),
                  [](const Opinion& p) { return !p.healthy.has_value(); });
  if (!failed && undecided) return std::nullopt;
  const bool healthy = !failed;
  if (verdict_ && verdict_->healthy == healthy) return std::nullopt;

  Health health{healthy, {}};
  if (!healthy) {
    unhealthy_since_ = now;
    health.reason = describe_failures(now);
  } else if (unhealthy_since_) {
    health.reason =
        "back after " + format_elapsed(now - *unhealthy_since_) + " unhealthy";
  }
  verdict_ = health;
  return health;
}

std::string HealthJudge::describe_failures(base::Instant now) const {
  std::string text;
  const auto add = [&text](const std::string& part) {
    if (!text.empty()) text += "; ";
    text += part;
  };
  if (report_ && !report_->healthy) {
    add("the broker reports: " +
        (report_->reason.empty() ? std::string("unhealthy") : report_->reason));
  }
  for (const Opinion& probe : probes_) {
    if (probe.healthy != false) continue;
    std::string part = probe.name + ": " + probe.detail;
    if (probe.passed_at) {
      part +=
          ", last passed " + format_elapsed(now - *probe.passed_at) + " ago";
    }
    add(part);
  }
  return text;
}

}  // namespace waypost::agent
