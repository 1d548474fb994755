#ifndef WAYPOST_BROKER_AGENT_CORE_TEXT_H_
#define WAYPOST_BROKER_AGENT_CORE_TEXT_H_

#include <string>
#include <string_view>

#include "base/clock.h"

namespace waypost::agent {

// Elapsed time for people, rounded: "840us", "12ms", "3.1s", "4m 10s".
std::string format_elapsed(base::Duration elapsed);

// "1 topic", "3 topics".
std::string format_count(std::size_t count, std::string_view noun);

// Bytes for people: printable ASCII as it is, the rest as \r, \n, \x1f; cut
// with "..." after `max` input bytes.
std::string format_bytes_seen(std::string_view bytes, std::size_t max = 32);

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_TEXT_H_
