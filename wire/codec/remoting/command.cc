#include "wire/codec/remoting/command.h"

#include <algorithm>

#include "base/assert.h"
#include "wire/codec/remoting/big_endian.h"
#include "wire/codec/remoting/header_codec.h"

namespace waypost::remoting {

const std::string* ExtFields::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.first == name) return &field.second;
  }
  return nullptr;
}

void ExtFields::set(std::string_view name, std::string value) {
  for (Field& field : fields_) {
    if (field.first == name) {
      field.second = std::move(value);
      return;
    }
  }
  fields_.emplace_back(name, std::move(value));
}

void ExtFields::erase(std::string_view name) {
  std::erase_if(fields_,
                [name](const Field& field) { return field.first == name; });
}

Command make_response(const Command& request, std::int32_t code) {
  Command response;
  response.serialization = request.serialization;
  response.code = code;
  response.opaque = request.opaque;
  response.flag = kFlagResponse;
  return response;
}

Command make_error(const Command& request, std::int32_t code,
                   std::string remark) {
  Command response = make_response(request, code);
  response.remark = std::move(remark);
  return response;
}

base::Result<Command> decode_header(const FrameView& frame) {
  return frame.serialization == Serialization::kJson
             ? decode_json_header(frame.header)
             : decode_binary_header(frame.header);
}

void append_frame(std::string& out, const Command& command,
                  std::string_view body) {
  const std::size_t begin = out.size();
  out.resize(begin + kFrameHeadBytes);
  if (command.serialization == Serialization::kJson) {
    append_json_header(out, command);
  } else {
    append_binary_header(out, command);
  }
  const std::size_t header = out.size() - begin - kFrameHeadBytes;
  const std::size_t length = 4 + header + body.size();
  WAYPOST_ASSERT(header <= 0xFFFFFF && length <= INT32_MAX);
  store_u32(&out[begin], static_cast<std::uint32_t>(length));
  store_u32(&out[begin + 4], static_cast<std::uint32_t>(command.serialization)
                                     << 24U |
                                 static_cast<std::uint32_t>(header));
  out += body;
}

std::string encode_frame(const Command& command, std::string_view body) {
  std::string frame;
  append_frame(frame, command, body);
  return frame;
}

base::Error too_many_ext_fields() {
  return {base::ErrorCode::kTooLarge,
          "remoting header: more than " + std::to_string(kExtFieldsMax) +
              " ext fields",
          ""};
}

}  // namespace waypost::remoting
