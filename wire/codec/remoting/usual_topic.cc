#include "wire/codec/remoting/usual_topic.h"

#include <charconv>
#include <cstring>

namespace waypost::remoting {
namespace {

class Expect {
 public:
  explicit Expect(std::string_view json)
      : at_(json.data()), end_(json.data() + json.size()) {}

  const char* at() const { return at_; }

  template <std::size_t Size>
  bool literal(const char (&text)[Size]) {
    constexpr std::size_t kLength = Size - 1;
    if (static_cast<std::size_t>(end_ - at_) < kLength) return false;
    if (std::memcmp(at_, text, kLength) != 0) return false;
    at_ += kLength;
    return true;
  }

  bool number(std::int32_t& value) {
    const auto read = std::from_chars(at_, end_, value);
    if (read.ec != std::errc{}) return false;
    at_ = read.ptr;
    return true;
  }

  // What stands before the closing quote, which is taken too.
  bool text(std::string_view& value) {
    const char* begin = at_;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\') ++at_;
    if (at_ == end_ || *at_ == '\\') return false;
    value = {begin, static_cast<std::size_t>(at_ - begin)};
    ++at_;
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace

std::size_t scan_usual_topic(std::string_view json, UsualTopic& topic) {
  Expect expect(json);
  if (!expect.literal("{")) return 0;
  expect.literal("\"attributes\":{},");
  const bool usual =
      (expect.literal("\"order\":false,") ||
       expect.literal("\"order\":true,")) &&
      expect.literal("\"perm\":") && expect.number(topic.permission) &&
      expect.literal(",\"readQueueNums\":") &&
      expect.number(topic.read_queues) &&
      expect.literal(",\"topicFilterType\":\"") &&
      (expect.literal("SINGLE_TAG\"") || expect.literal("MULTI_TAG\"")) &&
      expect.literal(",\"topicName\":\"") && expect.text(topic.name) &&
      expect.literal(",\"topicSysFlag\":") &&
      expect.number(topic.system_flag) &&
      expect.literal(",\"writeQueueNums\":") &&
      expect.number(topic.write_queues) && expect.literal("}");
  return usual ? static_cast<std::size_t>(expect.at() - json.data()) : 0;
}

}  // namespace waypost::remoting
