#include <algorithm>

#include "wire/codec/remoting/big_endian.h"
#include "wire/codec/remoting/header_codec.h"
#include "wire/codec/remoting/utf8.h"

namespace waypost::remoting {
namespace {

constexpr std::size_t kFixedBytes = 2 + 1 + 2 + 4 + 4;

base::Error malformed(std::string why) {
  return {base::ErrorCode::kMalformed, "remoting header: " + std::move(why),
          ""};
}

// Takes pieces off the front; false when there is less than asked for.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }

  bool take(std::size_t size, std::string_view& piece) {
    if (size > rest_.size()) return false;
    piece = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  // What an i32 before it says how long it is; nothing when that is negative,
  // as in Java.
  bool take_sized(std::string_view& piece) {
    std::string_view length;
    if (!take(4, length)) return false;
    const std::int32_t size = load_i32(length.data());
    return take(static_cast<std::size_t>(std::max(size, 0)), piece);
  }
  bool take_name(std::string_view& piece) {
    std::string_view length;
    return take(2, length) && load_i16(length.data()) >= 0 &&
           take(load_u16(length.data()), piece);
  }

 private:
  std::string_view rest_;
};

base::Result<ExtFields> decode_ext_fields(std::string_view bytes) {
  ExtFields fields;
  Cursor cursor(bytes);
  while (!cursor.empty()) {
    std::string_view name;
    std::string_view value;
    if (!cursor.take_name(name) || !cursor.take_sized(value)) {
      return tl::unexpected(malformed("an ext field is cut off"));
    }
    const std::string clean_name = repair_utf8(name);
    if (value.empty()) {
      fields.erase(clean_name);
      continue;
    }
    fields.set(clean_name, repair_utf8(value));
    if (fields.size() > kExtFieldsMax) {
      return tl::unexpected(too_many_ext_fields());
    }
  }
  return fields;
}

}  // namespace

base::Result<Command> decode_binary_header(std::string_view header) {
  Cursor cursor(header);
  std::string_view fixed;
  std::string_view remark;
  std::string_view ext_fields;
  if (!cursor.take(kFixedBytes, fixed)) {
    return tl::unexpected(malformed("it is too short"));
  }
  if (!cursor.take_sized(remark)) {
    return tl::unexpected(malformed("the remark is cut off"));
  }
  if (!cursor.take_sized(ext_fields)) {
    return tl::unexpected(malformed("the ext fields are cut off"));
  }
  Command command;
  command.serialization = Serialization::kBinary;
  command.code = load_i16(fixed.data());
  command.language = language_of(static_cast<std::uint8_t>(fixed[2]));
  command.version = load_i16(fixed.data() + 3);
  command.opaque = load_i32(fixed.data() + 5);
  command.flag = load_i32(fixed.data() + 9);
  if (!remark.empty()) command.remark = repair_utf8(remark);
  if (!ext_fields.empty()) {
    auto fields = decode_ext_fields(ext_fields);
    if (!fields) return tl::unexpected(std::move(fields.error()));
    command.ext_fields = std::move(*fields);
  }
  return command;
}

void append_binary_header(std::string& out, const Command& command) {
  append_u16(out, static_cast<std::uint32_t>(command.code));
  out.push_back(static_cast<char>(command.language));
  append_u16(out, static_cast<std::uint32_t>(command.version));
  append_u32(out, static_cast<std::uint32_t>(command.opaque));
  append_u32(out, static_cast<std::uint32_t>(command.flag));
  const std::string_view remark =
      command.remark ? std::string_view(*command.remark) : std::string_view();
  append_u32(out, static_cast<std::uint32_t>(remark.size()));
  out += remark;
  const std::size_t ext_at = out.size();
  append_u32(out, 0);
  if (command.ext_fields) {
    for (const auto& [name, value] : *command.ext_fields) {
      // The length has 16 bits, the top one a sign.
      const std::string_view short_name =
          std::string_view(name).substr(0, INT16_MAX);
      append_u16(out, static_cast<std::uint32_t>(short_name.size()));
      out += short_name;
      append_u32(out, static_cast<std::uint32_t>(value.size()));
      out += value;
    }
  }
  store_u32(&out[ext_at], static_cast<std::uint32_t>(out.size() - ext_at - 4));
}

}  // namespace waypost::remoting
