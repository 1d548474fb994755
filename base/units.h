#ifndef WAYPOST_BASE_UNITS_H_
#define WAYPOST_BASE_UNITS_H_

// Durations and sizes as people write them in options, files and tables.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace waypost::base {

// "1.5s", "250ms", "2m", "1h", "10us", "5ns"; a bare "0" is zero, any other
// bare number an error (no unit is guessed). format_duration writes a form that
// parse_duration reads back exactly; below ten minutes it stays with seconds.
Result<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);

// "64KiB", "16MiB", "1GiB", "1000"; bytes. "KB" is refused: it means two
// things.
Result<std::uint64_t> parse_bytes(std::string_view text);
std::string format_bytes(std::uint64_t bytes);

}  // namespace waypost::base

#endif  // WAYPOST_BASE_UNITS_H_
