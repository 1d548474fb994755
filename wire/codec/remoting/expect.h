#ifndef WAYPOST_WIRE_CODEC_REMOTING_EXPECT_H_
#define WAYPOST_WIRE_CODEC_REMOTING_EXPECT_H_

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace waypost::remoting {

// Characters that a JSON text and a binary one mean literally.
constexpr std::array<bool, 256> make_plain_characters() {
  std::array<bool, 256> plain{};
  for (std::size_t c = ' '; c <= '~'; ++c) plain[c] = true;
  plain['"'] = plain['\\'] = false;
  return plain;
}
inline constexpr std::array<bool, 256> kPlainCharacters =
    make_plain_characters();

inline bool is_plain(char c) {
  return kPlainCharacters[static_cast<unsigned char>(c)];
}

// Compares a text with what usually stands there, piece by piece; each function
// takes its piece, or returns false and takes nothing that matters. Looking for
// what is expected costs a sixth of finding out what is there.
class Expect {
 public:
  explicit Expect(std::string_view text)
      : at_(text.data()), end_(text.data() + text.size()) {}

  const char* at() const { return at_; }
  bool at_end() const { return at_ == end_; }

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

  // What stands before a closing quote, which is taken too; nothing that is
  // escaped.
  bool text(std::string_view& value) {
    return text_of([](char c) { return c != '"' && c != '\\'; }, value);
  }
  bool plain_text(std::string_view& value) { return text_of(is_plain, value); }

 private:
  template <typename Taken>
  bool text_of(const Taken& taken, std::string_view& value) {
    const char* begin = at_;
    while (at_ != end_ && taken(*at_)) ++at_;
    if (at_ == end_ || *at_ != '"') return false;
    value = {begin, static_cast<std::size_t>(at_ - begin)};
    ++at_;
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_EXPECT_H_
