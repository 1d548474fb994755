#ifndef WAYPOST_WIRE_CODEC_REMOTING_REGISTER_LINES_H_
#define WAYPOST_WIRE_CODEC_REMOTING_REGISTER_LINES_H_

// The deflated form of a registration, behind decode_register_body.

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "wire/codec/remoting/register_body.h"

namespace waypost::remoting {

// What a TopicConfig has where it does not say.
inline constexpr std::int32_t kQueuesDefault = 16;
inline constexpr std::int32_t kPermissionDefault = 6;

base::Result<RegisterBody> decode_register_lines(
    std::string_view deflated, const RegisterBodyLimits& limits);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_REGISTER_LINES_H_
