#include "wire/codec/remoting/route_query.h"

#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "wire/codec/remoting/big_endian.h"
#include "wire/codec/remoting/codes.h"
#include "wire/codec/remoting/expect.h"
#include "wire/codec/remoting/java_text.h"

namespace waypost::remoting {
namespace {

// The ext fields that count, each at most once.
class QueryFields {
 public:
  // False when a field comes twice, and when there are more than any client
  // sends.
  bool take(std::string_view name, std::string_view value) {
    if (++count_ > kFieldsMax) return false;
    if (name == "topic") return set(topic_, value);
    if (name == "acceptStandardJsonOnly") return set(accept_, value);
    if (name == kZoneModeField) return set(zone_mode_, value);
    if (name == kZoneNameField) return set(zone_name_, value);
    return true;
  }

  // False when it is no query.
  bool finish(RouteQuery& query) const {
    if (topic_.value.empty()) return false;
    query.topic = topic_.value;
    query.zone_mode = zone_mode_.value;
    query.zone_name = zone_name_.value;
    query.standard_json = version::reads_standard_json(query.version) ||
                          java_boolean(accept_.value);
    return true;
  }

 private:
  static constexpr std::size_t kFieldsMax = 64;

  struct Field {
    std::string_view value;
    bool seen = false;
  };

  static bool set(Field& field, std::string_view value) {
    if (field.seen) return false;
    field = {value, true};
    return true;
  }

  std::size_t count_ = 0;
  Field topic_;
  Field accept_;
  Field zone_mode_;
  Field zone_name_;
};

// Walks a JSON header that is written as programs write it. Each function
// returns false at the first thing that is not.
class PlainJson {
 public:
  explicit PlainJson(std::string_view header)
      : at_(header.data()), end_(header.data() + header.size()) {}

  bool take(char c) {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool at(char c) {
    skip_blanks();
    return at_ != end_ && *at_ == c;
  }
  bool at_end() {
    skip_blanks();
    return at_ == end_;
  }

  bool text(std::string_view& value) {
    if (!take('"')) return false;
    const char* begin = at_;
    while (at_ != end_ && is_plain(*at_)) ++at_;
    if (at_ == end_ || *at_ != '"') return false;
    value = {begin, static_cast<std::size_t>(at_ - begin)};
    ++at_;
    return true;
  }

  bool number(std::int32_t& value) {
    skip_blanks();
    const auto read = std::from_chars(at_, end_, value);
    if (read.ec != std::errc{}) return false;
    at_ = read.ptr;
    // It must end here: neither 1.5 nor 1L.
    return at(',') || at('}');
  }

  bool any_value() {
    std::string_view text_value;
    std::int32_t number_value = 0;
    return at('"') ? text(text_value) : number(number_value);
  }

  // `"name":`
  bool name(std::string_view& value) { return text(value) && take(':'); }

 private:
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }

  const char* at_;
  const char* end_;
};

bool scan_ext_fields(PlainJson& json, QueryFields& fields) {
  if (!json.take('{')) return false;
  if (json.take('}')) return true;
  do {
    std::string_view name;
    std::string_view value;
    if (!json.name(name) || !json.text(value)) return false;
    if (!fields.take(name, value)) return false;
  } while (json.take(','));
  return json.take('}');
}

// The members, as bits, to see that none comes twice.
enum : unsigned {
  kCode = 1,
  kExtFields = 2,
  kFlag = 4,
  kOpaque = 8,
  kVersion = 16,
};

struct Header {
  std::int32_t code = 0;
  std::int32_t flag = 0;
  RouteQuery query;
  QueryFields fields;
};

bool scan_member(PlainJson& json, std::string_view name, unsigned& seen,
                 Header& header) {
  const auto once = [&seen](unsigned member) {
    if ((seen & member) != 0) return false;
    seen |= member;
    return true;
  };
  if (name == "code") return once(kCode) && json.number(header.code);
  if (name == "flag") return once(kFlag) && json.number(header.flag);
  if (name == "opaque") {
    return once(kOpaque) && json.number(header.query.opaque);
  }
  if (name == "version") {
    return once(kVersion) && json.number(header.query.version);
  }
  if (name == "extFields") {
    return once(kExtFields) && scan_ext_fields(json, header.fields);
  }
  // A language may be a number that decode_header refuses.
  if (name == "language" && !json.at('"')) return false;
  return json.any_value();
}

bool scan_json(std::string_view bytes, Header& header) {
  PlainJson json(bytes);
  if (!json.take('{')) return false;
  unsigned seen = 0;
  do {
    std::string_view name;
    if (!json.name(name) || !scan_member(json, name, seen, header)) {
      return false;
    }
  } while (json.take(','));
  return json.take('}') && json.at_end();
}

bool scan_binary_fields(std::string_view bytes, QueryFields& fields) {
  while (!bytes.empty()) {
    if (bytes.size() < 2) return false;
    const std::size_t name_bytes = load_u16(bytes.data());
    if (name_bytes > INT16_MAX || bytes.size() < 2 + name_bytes + 4) {
      return false;
    }
    const std::string_view name = bytes.substr(2, name_bytes);
    bytes.remove_prefix(2 + name_bytes);
    const std::size_t value_bytes = load_u32(bytes.data());
    bytes.remove_prefix(4);
    if (value_bytes == 0 || value_bytes > bytes.size()) return false;
    const std::string_view value = bytes.substr(0, value_bytes);
    bytes.remove_prefix(value_bytes);
    for (const char c : value) {
      if (!is_plain(c)) return false;
    }
    if (!fields.take(name, value)) return false;
  }
  return true;
}

bool scan_binary(std::string_view bytes, Header& header) {
  constexpr std::size_t kFixedBytes = 2 + 1 + 2 + 4 + 4 + 4;
  if (bytes.size() < kFixedBytes + 4) return false;
  const char* at = bytes.data();
  header.code = load_i16(at);
  header.query.version = load_i16(at + 3);
  header.query.opaque = load_i32(at + 5);
  header.flag = load_i32(at + 9);
  const std::int32_t remark = load_i32(at + 13);
  if (remark != 0) return false;
  const std::size_t ext = load_u32(at + kFixedBytes);
  bytes.remove_prefix(kFixedBytes + 4);
  return ext <= bytes.size() &&
         scan_binary_fields(bytes.substr(0, ext), header.fields);
}

// A query as Java clients of 4.x write it, member by member.
bool scan_java_query(std::string_view header, RouteQuery& query) {
  Expect expect(header);
  std::int32_t flag = 0;
  std::string_view language;
  const bool usual =
      expect.literal(R"({"code":105,"extFields":{"topic":")") &&
      expect.plain_text(query.topic) && expect.literal(R"(},"flag":)") &&
      expect.number(flag) && expect.literal(R"(,"language":")") &&
      expect.plain_text(language) && expect.literal(R"(,"opaque":)") &&
      expect.number(query.opaque) &&
      expect.literal(R"(,"serializeTypeCurrentRPC":"JSON","version":)") &&
      expect.number(query.version) && expect.literal("}") && expect.at_end();
  if (!usual || query.topic.empty() || (flag & kFlagResponse) != 0) {
    return false;
  }
  query.oneway = (flag & kFlagOneway) != 0;
  query.standard_json = version::reads_standard_json(query.version);
  return true;
}

constexpr std::string_view kBeforeOpaque =
    R"({"code":0,"flag":1,"language":"JAVA","opaque":)";
constexpr std::string_view kAfterOpaque =
    R"(,"serializeTypeCurrentRPC":"JSON","version":409})";
static_assert(version::kOurs == 409);

constexpr std::size_t kBinaryHeaderBytes = 21;

}  // namespace

std::optional<RouteQuery> scan_route_query(const FrameView& frame) {
  if (RouteQuery query; frame.serialization == Serialization::kJson &&
                        scan_java_query(frame.header, query)) {
    return query;
  }
  Header header;
  header.query.serialization = frame.serialization;
  const bool scanned = frame.serialization == Serialization::kJson
                           ? scan_json(frame.header, header)
                           : scan_binary(frame.header, header);
  if (!scanned || header.code != request_code::kGetRouteInfoByTopic ||
      (header.flag & kFlagResponse) != 0 ||
      !header.fields.finish(header.query)) {
    return std::nullopt;
  }
  header.query.oneway = (header.flag & kFlagOneway) != 0;
  return header.query;
}

AnswerHead::AnswerHead(Serialization serialization, std::int32_t opaque,
                       std::size_t body_bytes) {
  char* at = bytes_.data() + kFrameHeadBytes;
  if (serialization == Serialization::kJson) {
    std::memcpy(at, kBeforeOpaque.data(), kBeforeOpaque.size());
    at += kBeforeOpaque.size();
    at = std::to_chars(at, bytes_.data() + kSizeMax, opaque).ptr;
    std::memcpy(at, kAfterOpaque.data(), kAfterOpaque.size());
    at += kAfterOpaque.size();
  } else {
    std::memset(at, 0, kBinaryHeaderBytes);
    store_u16(at + 3, version::kOurs);
    store_u32(at + 5, static_cast<std::uint32_t>(opaque));
    store_u32(at + 9, kFlagResponse);
    at += kBinaryHeaderBytes;
  }
  size_ = static_cast<std::size_t>(at - bytes_.data());
  const std::size_t length = size_ - 4 + body_bytes;
  WAYPOST_ASSERT(size_ <= kSizeMax && length <= INT32_MAX);
  store_u32(bytes_.data(), static_cast<std::uint32_t>(length));
  store_u32(bytes_.data() + 4,
            static_cast<std::uint32_t>(serialization) << 24U |
                static_cast<std::uint32_t>(size_ - kFrameHeadBytes));
}

}  // namespace waypost::remoting
