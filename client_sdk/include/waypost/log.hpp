#ifndef WAYPOST_LOG_HPP_
#define WAYPOST_LOG_HPP_

#include <cstdint>
#include <functional>
#include <string_view>

namespace waypost {

enum class LogLevel : std::uint8_t {
  kTrace = 0,
  kDebug = 1,
  kInfo = 2,
  kWarn = 3,
  kError = 4,
  kOff = 5,
};

// "trace", "debug", "info", "warn", "error", "off".
std::string_view log_level_name(LogLevel level);

// Receives one log line: a sentence followed by `key=value` fields. The text is
// valid during the call only. Called from the library's background thread and
// from threads that call into the library, also at the same time. Must not
// block and must not call into the client.
using LogHandler = std::function<void(LogLevel level, std::string_view line)>;

}  // namespace waypost

#endif  // WAYPOST_LOG_HPP_
