#ifndef WAYPOST_NAMESRV_SERVER_ROCKETMQ_PROPERTIES_H_
#define WAYPOST_NAMESRV_SERVER_ROCKETMQ_PROPERTIES_H_

// The properties file of RocketMQ's nameserver (its -c), releases 4.9 and 5.3:
// a cluster that moves to Waypost brings it along as it is. Keys that mean
// something here act; each of the others is told to be ignored, and why.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "namesrv/server/settings.h"

namespace waypost::server {

struct PropertiesReport {
  struct Line {
    std::string key;
    std::string value;
    std::string what;  // the option that it sets, or why it is ignored
  };
  std::vector<Line> applied;
  std::vector<Line> ignored;

  // One line each.
  void log(const base::Logger& logger) const;
};

// Reads the file into `settings`. An option that `is_given` names was said more
// directly (by a flag, an environment variable or Waypost's own file) and
// stays. Errors name file and key: a file that cannot be read, a malformed
// escape, a value that its key does not take.
base::Result<PropertiesReport> apply_rocketmq_properties(
    const std::string& file,
    const std::function<bool(std::string_view option)>& is_given,
    ServerSettings& settings);

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_ROCKETMQ_PROPERTIES_H_
