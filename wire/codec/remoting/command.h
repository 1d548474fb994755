#ifndef WAYPOST_WIRE_CODEC_REMOTING_COMMAND_H_
#define WAYPOST_WIRE_CODEC_REMOTING_COMMAND_H_

// A frame's header as a value, and both ways of writing it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "wire/codec/remoting/codes.h"
#include "wire/codec/remoting/frame.h"

namespace waypost::remoting {

// The header's own fields by name, in the order received or set. A field whose
// value is null is as good as absent, in Java as here. (A binary header cannot
// tell an empty value from null, and means null; a JSON header can.)
class ExtFields {
 public:
  using Field = std::pair<std::string, std::string>;

  // Null when absent.
  const std::string* find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }

  // Adds, or replaces in place.
  void set(std::string_view name, std::string value);
  void erase(std::string_view name);

  bool empty() const { return fields_.empty(); }
  std::size_t size() const { return fields_.size(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

  friend bool operator==(const ExtFields&, const ExtFields&) = default;

 private:
  std::vector<Field> fields_;
};

struct Command {
  Serialization serialization = Serialization::kJson;
  std::int32_t code = 0;
  Language language = Language::kJava;
  std::int32_t version = version::kOurs;
  std::int32_t opaque = 0;  // the request's number; its response repeats it
  std::int32_t flag = 0;
  std::optional<std::string> remark;
  // Java answers `"extFields":{}` where the response has a header class and
  // leaves the member out where it has none: absent and empty differ. Readers
  // use ext_field().
  std::optional<ExtFields> ext_fields;

  bool is_response() const { return (flag & kFlagResponse) != 0; }
  bool is_oneway() const { return (flag & kFlagOneway) != 0; }

  // Null when the field, or all of them, are absent.
  const std::string* ext_field(std::string_view name) const {
    return ext_fields ? ext_fields->find(name) : nullptr;
  }
  void set_ext_field(std::string_view name, std::string value) {
    if (!ext_fields) ext_fields.emplace();
    ext_fields->set(name, std::move(value));
  }

  friend bool operator==(const Command&, const Command&) = default;
};

// The answer to `request`: its serialization and opaque, our version, the
// response flag.
Command make_response(const Command& request, std::int32_t code);
Command make_error(const Command& request, std::int32_t code,
                   std::string remark);

// JSON headers are read with the Java server's leniency (see json_reader.h):
// members it does not know are skipped, numbers may be written as strings, of
// two equal members the first counts, ext field values that are no text become
// their compact JSON text. What is absent is 0 or absent (the language: Java).
// kMalformed, with the reason, for what the Java server closes the connection
// for. Takes memory in proportion to the header.
base::Result<Command> decode_header(const FrameView& frame);

// A whole frame. JSON members in the order in which Java writes them: code,
// extFields, flag, language, opaque, remark, serializeTypeCurrentRPC, version.
// A binary header has no room for a code or version beyond 16 bits: they wrap,
// as in Java. Asserts that the header stays below 16 MiB and the frame below
// 2 GiB.
std::string encode_frame(const Command& command, std::string_view body = {});
void append_frame(std::string& out, const Command& command,
                  std::string_view body = {});

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_COMMAND_H_
