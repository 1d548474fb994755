#include "wire/codec/remoting/utf8.h"

#include <cstdint>
#include <cstring>

namespace waypost::remoting {
namespace {

unsigned byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

// The second byte's range and the length of what a first byte begins (Unicode
// 15, table 3-7); length 0: begins nothing.
struct Lead {
  std::size_t length = 0;
  unsigned second_min = 0x80;
  unsigned second_max = 0xBF;
};

Lead lead_of(unsigned first) {
  if (first >= 0xC2 && first <= 0xDF) return {2};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {3};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first >= 0xF1 && first <= 0xF3) return {4};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

// How many bytes at the front are ASCII, eight at a time.
std::size_t ascii_run(std::string_view text) {
  std::size_t run = 0;
  for (; run + 8 <= text.size(); run += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + run, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (run < text.size() && byte_at(text, run) < 0x80) ++run;
  return run;
}

}  // namespace

Utf8Character read_utf8(std::string_view text) {
  const unsigned first = byte_at(text, 0);
  if (first < 0x80) return {first, 1, true};
  const Lead lead = lead_of(first);
  if (lead.length == 0) return {};
  char32_t code_point = first & (0xFFU >> (lead.length + 1));
  for (std::size_t i = 1; i < lead.length; ++i) {
    const unsigned low = i == 1 ? lead.second_min : 0x80;
    const unsigned high = i == 1 ? lead.second_max : 0xBF;
    if (i >= text.size() || byte_at(text, i) < low || byte_at(text, i) > high) {
      return {kReplacementCharacter, i, false};
    }
    code_point = code_point << 6U | (byte_at(text, i) & 0x3FU);
  }
  return {code_point, lead.length, true};
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&out](char32_t byte) {
    out.push_back(static_cast<char>(byte));
  };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6U);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12U);
    put(0x80 | (code_point >> 6U & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18U);
    put(0x80 | (code_point >> 12U & 0x3F));
    put(0x80 | (code_point >> 6U & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

bool is_utf8(std::string_view text) {
  while (true) {
    text.remove_prefix(ascii_run(text));
    if (text.empty()) return true;
    const Utf8Character character = read_utf8(text);
    if (!character.valid) return false;
    text.remove_prefix(character.bytes);
  }
}

std::string repair_utf8(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  while (true) {
    const std::size_t run = ascii_run(text);
    repaired.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) return repaired;
    const Utf8Character character = read_utf8(text);
    append_utf8(repaired, character.code_point);
    text.remove_prefix(character.bytes);
  }
}

}  // namespace waypost::remoting
