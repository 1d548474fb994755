#ifndef WAYPOST_WIRE_CODEC_REMOTING_HEADER_CODEC_H_
#define WAYPOST_WIRE_CODEC_REMOTING_HEADER_CODEC_H_

// The two ways of writing a header, behind decode_header and append_frame.
//
// The binary one, all numbers big-endian:
//
//   i16 code, u8 language, i16 version, i32 opaque, i32 flag,
//   i32 remark length, remark, i32 ext fields length, then for each ext field
//   u16 name length, name, i32 value length, value

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/codec/remoting/command.h"

namespace waypost::remoting {

// More than any header class has by far; ExtFields looks them up one by one.
inline constexpr std::size_t kExtFieldsMax = 256;

base::Result<Command> decode_json_header(std::string_view header);
base::Result<Command> decode_binary_header(std::string_view header);

void append_json_header(std::string& out, const Command& command);
void append_binary_header(std::string& out, const Command& command);

base::Error too_many_ext_fields();

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_HEADER_CODEC_H_
