#ifndef WAYPOST_PROCESS_LOG_FORMAT_H_
#define WAYPOST_PROCESS_LOG_FORMAT_H_

// How a log line looks. Values come from peers: a broker may be named anything,
// so nothing in a message or a value can end the line, start another one, move
// the cursor of a terminal or pass for another field.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"

namespace waypost::process {

// One line without its end:
//   2026-11-22T11:06:25.123Z WARN  registry  broker is suspect broker=a/0
// Values with blanks, quotes, '=' or anything unprintable are quoted, with
// escapes as in C: "a\nb", "\x1b".
std::string format_text_line(base::WallTime time, base::LogLevel level,
                             base::LogComponent component,
                             std::string_view message, base::LogFields fields);

// The same as one JSON object: time, level, component, message, then the
// fields. Bytes that are no UTF-8 become U+FFFD.
std::string format_json_line(base::WallTime time, base::LogLevel level,
                             base::LogComponent component,
                             std::string_view message, base::LogFields fields);

}  // namespace waypost::process

#endif  // WAYPOST_PROCESS_LOG_FORMAT_H_
