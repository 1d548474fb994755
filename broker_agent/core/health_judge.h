#ifndef WAYPOST_BROKER_AGENT_CORE_HEALTH_JUDGE_H_
#define WAYPOST_BROKER_AGENT_CORE_HEALTH_JUDGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace waypost::agent {

// What one probe found out once.
struct ProbeResult {
  bool passed = false;
  std::string detail;  // of a failure: "no PINGRESP within 1s"
};

// What the agent says about its broker.
struct Health {
  bool healthy = true;
  std::string reason;  // for people; empty while nothing was ever wrong
};

struct HealthSettings {
  std::int64_t fall = 2;  // failures in a row that make a probe's broker down
  std::int64_t rise = 2;  // successes in a row that make it up again
  // False: a probe's first opinion needs as many failures as any other.
  bool first_failure_counts = true;
};

// Turns single probe results into a verdict that does not flap: a probe changes
// its mind after `fall` failures or `rise` successes in a row, and the broker
// is healthy when all probes, and the embedding broker's own report if there
// was one, say so. The first result of a probe counts at once, because there is
// no earlier opinion to defend: an agent that starts beside a dead broker must
// not register it as healthy. (An observer's broker is registered already, and
// stays where it is until it has failed as often as any other.) With the
// defaults (interval 1 s, timeout 1 s, fall 2) a hang right after a good answer
// is a verdict 3 s later: probes start after 1 s and 2 s and each takes its
// full timeout. A pure value.
class HealthJudge {
 public:
  HealthJudge(HealthSettings settings, std::vector<std::string> probe_names);

  // A result of the probe with that number. Returns the verdict when it is the
  // first one or another than before.
  std::optional<Health> on_probe(std::size_t probe, const ProbeResult& result,
                                 base::Instant now);

  // The embedding broker's own word; it counts at once.
  std::optional<Health> on_report(bool healthy, const std::string& reason,
                                  base::Instant now);

  // None until every probe has said something, or one has failed.
  const std::optional<Health>& verdict() const { return verdict_; }

 private:
  struct Opinion {
    std::string name;
    std::optional<bool> healthy;  // none: no result yet
    std::int64_t against = 0;     // results in a row that contradict `healthy`
    std::string detail;           // of the last failure
    std::optional<base::Instant> passed_at;
  };

  std::optional<Health> conclude(base::Instant now);
  std::string describe_failures(base::Instant now) const;

  HealthSettings settings_;
  std::vector<Opinion> probes_;
  std::optional<Health> report_;
  std::optional<Health> verdict_;
  std::optional<base::Instant> unhealthy_since_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_HEALTH_JUDGE_H_
