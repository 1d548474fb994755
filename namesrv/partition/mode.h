#ifndef WAYPOST_NAMESRV_PARTITION_MODE_H_
#define WAYPOST_NAMESRV_PARTITION_MODE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace waypost::partition {

// What nameservers do when they lose sight of each other:
// `cluster.partition-handling`. Exactly one holds for a group of peers.
// docs/partitions.md tells which to choose.
enum class Mode : std::uint8_t {
  // As RabbitMQ: the membership stays, a side may pause or be restarted.
  kIgnore,
  kPauseMinority,
  kPauseIfAllDown,
  kAutoheal,
  // As Akka's split brain resolver: the losing side leaves the membership.
  kStaticQuorum,
  kKeepMajority,
  kKeepOldest,
  kDownAll,
  kLeaseMajority,
};

// Families do not mix: removal shrinks the denominator that pausing counts
// with, a paused peer looks like a crash to the resolver, and autoheal needs
// members that the resolver has removed.
enum class Family : std::uint8_t { kPause, kDowning };
Family family_of(Mode mode);

// "pause-minority", ...; all of them in the order above.
std::string_view mode_name(Mode mode);
const std::vector<std::string>& mode_names();

// kInvalidArgument for anything but one of the names; a list of modes is told
// that it cannot be. Underscores stand for hyphens, as in the origin's files.
base::Result<Mode> parse_mode(std::string_view text);

// For a value that comes from a running peer instead of a file: what we do not
// know (a newer version's mode) is treated as ignore, with a warning.
struct ModeAtRunTime {
  Mode mode = Mode::kIgnore;
  std::optional<std::string> warning;
};
ModeAtRunTime mode_at_run_time(std::string_view text);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_MODE_H_
