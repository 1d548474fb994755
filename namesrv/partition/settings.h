#ifndef WAYPOST_NAMESRV_PARTITION_SETTINGS_H_
#define WAYPOST_NAMESRV_PARTITION_SETTINGS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "namesrv/partition/autoheal.h"
#include "namesrv/partition/downing_resolver.h"
#include "namesrv/partition/mode.h"
#include "namesrv/partition/netsplit_gate.h"
#include "namesrv/partition/pause_policy.h"

namespace waypost::partition {

// `cluster.down-all-when-unstable = on | off | duration`.
class DownAllWhenUnstable {
 public:
  // on: three quarters of stable-after, at least 4 s. A duration must be > 0.
  static base::Result<DownAllWhenUnstable> parse(std::string_view text);

  // 0: off.
  base::Duration resolve(base::Duration stable_after) const;
  std::string to_string() const;

 private:
  enum class Kind : std::uint8_t { kOn, kOff, kFixed };
  Kind kind_ = Kind::kOn;
  base::Duration fixed_{0};
};

// Who keeps the lease of lease-majority.
enum class LeaseKind : std::uint8_t {
  kNone,
  kFile,  // a lock file: for nameservers on one machine
  kEtcd,
};

// All that `cluster.*` says about partitions, as read; each strategy has its
// own role. docs/options.md has the keys.
struct Settings {
  Mode mode = Mode::kIgnore;

  std::vector<model::PeerName> pause_if_all_down_nodes;
  std::optional<Recover> pause_if_all_down_recover;
  base::Duration autoheal_state_transition_timeout = kStateTransitionTimeout;

  base::Duration stable_after = std::chrono::seconds(20);
  DownAllWhenUnstable down_all_when_unstable;
  std::optional<std::int64_t> quorum_size;
  std::string static_quorum_role;
  std::string keep_majority_role;
  std::string keep_oldest_role;
  bool keep_oldest_down_if_alone = true;
  std::string lease_majority_role;
  LeaseKind lease_implementation = LeaseKind::kNone;
  std::string lease_name;  // blank: the default
  base::Duration acquire_lease_delay_for_minority = std::chrono::seconds(2);
  base::Duration lease_release_after = std::chrono::seconds(40);

  GateSettings gate;
};

// "file", "etcd"; anything else is kInvalidArgument.
base::Result<LeaseKind> parse_lease_kind(std::string_view text);
base::Result<Recover> parse_recover(std::string_view text);
// Blank after trimming means the default.
std::string lease_name_or(std::string_view configured,
                          std::string_view default_name);

PausePolicy pause_policy(const Settings& settings);
// `settings.mode` is of the downing family and check() has passed.
ResolverSettings resolver_settings(const Settings& settings);

// What the settings alone make impossible: kInvalidArgument, in words.
base::Status check(const Settings& settings);

// What is known of the group when the settings are looked at.
struct Roster {
  model::PeerNames members;  // with oneself
  // True when these are all: a name that joined through one peer may bring
  // more.
  bool complete = false;
  base::Duration unreachable_after = std::chrono::seconds(5);
};
// Combinations that do something else than they look like; sentences for the
// log, worst first. To be asked again when the membership changes.
std::vector<std::string> warnings(const Settings& settings,
                                  const Roster& roster);

// kInvalidArgument when the group is already such that the mode cannot do what
// it promises: a static quorum that two sides could both reach.
base::Status check_roster(const Settings& settings, const Roster& roster);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_SETTINGS_H_
