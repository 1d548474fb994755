#ifndef WAYPOST_WIRE_CODEC_REMOTING_JAVA_TEXT_H_
#define WAYPOST_WIRE_CODEC_REMOTING_JAVA_TEXT_H_

// Ext fields are texts; these read them as Java's parse functions do.

#include <cstdint>
#include <optional>
#include <string_view>

namespace waypost::remoting {

// Long.parseLong, Integer.parseInt: an optional sign and decimal digits within
// range, nothing else. None where Java throws.
std::optional<std::int64_t> java_long(std::string_view text);
std::optional<std::int32_t> java_int(std::string_view text);

// Boolean.parseBoolean: "true" in any case.
bool java_boolean(std::string_view text);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_JAVA_TEXT_H_
