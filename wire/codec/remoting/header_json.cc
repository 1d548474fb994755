#include <bitset>

#include "wire/codec/remoting/header_codec.h"
#include "wire/codec/remoting/json_reader.h"
#include "wire/codec/remoting/json_writer.h"

namespace waypost::remoting {
namespace {

void read_language(JsonReader& reader, Language& language) {
  if (reader.peek() == JsonReader::Kind::kNumber) {
    std::int32_t number = 0;
    if (!reader.read(number)) return;
    language = number < 0 || number > 0xFF
                   ? Language::kUnknown
                   : language_of(static_cast<std::uint8_t>(number));
    // The Java server knows names it has never heard of, but no such number.
    if (language == Language::kUnknown) reader.fail("no such language");
    return;
  }
  std::string_view name;
  if (reader.read(name)) language = language_of(name);
}

// False when there are too many.
bool read_ext_fields(JsonReader& reader, std::optional<ExtFields>& fields) {
  if (!reader.enter_object()) return true;
  fields.emplace();
  std::string_view key;
  std::string name;
  std::string value;
  while (reader.next_member(key)) {
    name.assign(key);
    if (!reader.read(value)) {
      // Java's map keeps the null, and a field that is null is absent.
      fields->erase(name);
      continue;
    }
    fields->set(name, value);
    if (fields->size() > kExtFieldsMax) return false;
  }
  return true;
}

// The members by their place in what Java writes.
enum Member : std::size_t {
  kCode,
  kExtFields,
  kFlag,
  kLanguage,
  kOpaque,
  kRemark,
  kVersion,
  kMembers,
};

std::size_t member_of(std::string_view key) {
  if (key == "code") return kCode;
  if (key == "extFields") return kExtFields;
  if (key == "flag") return kFlag;
  if (key == "language") return kLanguage;
  if (key == "opaque") return kOpaque;
  if (key == "remark") return kRemark;
  if (key == "version") return kVersion;
  return kMembers;
}

}  // namespace

base::Result<Command> decode_json_header(std::string_view header) {
  JsonReader reader(header);
  Command command;
  command.version = 0;
  std::bitset<kMembers> seen;
  std::string_view key;
  // `null` is an object to fastjson, but no command.
  if (!reader.enter_object()) reader.fail("an object is expected");
  while (reader.next_member(key)) {
    const std::size_t member = member_of(key);
    if (member == kMembers || seen[member]) {
      reader.skip();
      continue;
    }
    seen[member] = true;
    switch (member) {
      case kCode:
        reader.read(command.code);
        break;
      case kExtFields:
        if (!read_ext_fields(reader, command.ext_fields)) {
          return tl::unexpected(too_many_ext_fields());
        }
        break;
      case kFlag:
        reader.read(command.flag);
        break;
      case kLanguage:
        read_language(reader, command.language);
        break;
      case kOpaque:
        reader.read(command.opaque);
        break;
      case kRemark:
        if (std::string remark; reader.read(remark)) {
          command.remark = std::move(remark);
        }
        break;
      default:
        reader.read(command.version);
        break;
    }
  }
  if (auto end = reader.finish(); !end) {
    return tl::unexpected(end.error().with_context("remoting header"));
  }
  return command;
}

void append_json_header(std::string& out, const Command& command) {
  JsonWriter writer(out);
  writer.begin_object().member("code", command.code);
  if (command.ext_fields) {
    writer.key("extFields").begin_object();
    for (const auto& [name, value] : *command.ext_fields) {
      writer.member(name, value);
    }
    writer.end_object();
  }
  writer.member("flag", command.flag)
      .member("language", language_name(command.language))
      .member("opaque", command.opaque);
  if (command.remark) writer.member("remark", *command.remark);
  writer.member("serializeTypeCurrentRPC", "JSON")
      .member("version", command.version)
      .end_object();
}

}  // namespace waypost::remoting
