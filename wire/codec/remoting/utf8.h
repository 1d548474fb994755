#ifndef WAYPOST_WIRE_CODEC_REMOTING_UTF8_H_
#define WAYPOST_WIRE_CODEC_REMOTING_UTF8_H_

// UTF-8 as Java reads and writes it.

#include <cstddef>
#include <string>
#include <string_view>

namespace waypost::remoting {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// The character at the front of a text and how many bytes it has. What is no
// UTF-8 (overlong forms and surrogates too) reads as one replacement character
// for the longest part that could have begun a character.
struct Utf8Character {
  char32_t code_point = kReplacementCharacter;
  std::size_t bytes = 1;
  bool valid = false;
};
Utf8Character read_utf8(std::string_view text);  // not empty

void append_utf8(std::string& out, char32_t code_point);

bool is_utf8(std::string_view text);

// With each invalid part replaced: new String(bytes, UTF_8). At most three
// times as long.
std::string repair_utf8(std::string_view text);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_UTF8_H_
