#include "client_sdk/core/md5.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <string>

namespace waypost::client {
namespace {

using State = std::array<std::uint32_t, 4>;
constexpr std::size_t kBlockBytes = 64;

// RFC 1321, 3.4: how far each step rotates, by round.
constexpr std::array<std::array<int, 4>, 4> kRotations = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

// RFC 1321, 3.4: T[i] = floor(2^32 * |sin(i)|), i from 1.
std::array<std::uint32_t, 64> make_constants() {
  std::array<std::uint32_t, 64> constants{};
  for (std::size_t i = 0; i < constants.size(); ++i) {
    constants[i] = static_cast<std::uint32_t>(
        std::floor(std::fabs(std::sin(static_cast<double>(i + 1))) * 0x1p32));
  }
  return constants;
}

std::uint32_t word_at(const char* bytes) {
  std::uint32_t word = 0;
  for (int i = 3; i >= 0; --i) {
    word = word << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return word;
}

void append_word(std::string& text, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    text.push_back(static_cast<char>(value >> (8U * static_cast<unsigned>(i))));
  }
}

struct Mixed {
  std::uint32_t value;
  std::size_t word;  // of the block
};
Mixed mix(std::size_t step, const State& s) {
  switch (step / 16) {
    case 0:
      return {(s[1] & s[2]) | (~s[1] & s[3]), step};
    case 1:
      return {(s[1] & s[3]) | (s[2] & ~s[3]), (5 * step + 1) % 16};
    case 2:
      return {s[1] ^ s[2] ^ s[3], (3 * step + 5) % 16};
    default:
      return {s[2] ^ (s[1] | ~s[3]), 7 * step % 16};
  }
}

void take_block(State& state, const char* block) {
  static const auto constants = make_constants();
  State s = state;
  for (std::size_t step = 0; step < 64; ++step) {
    const Mixed mixed = mix(step, s);
    const std::uint32_t sum =
        s[0] + mixed.value + word_at(block + 4 * mixed.word) + constants[step];
    s = {s[3], s[1] + std::rotl(sum, kRotations[step / 16][step % 4]), s[1],
         s[2]};
  }
  for (std::size_t i = 0; i < 4; ++i) state[i] += s[i];
}

}  // namespace

std::array<std::uint8_t, 16> md5(std::string_view text) {
  std::string padded(text);
  padded.push_back('\x80');
  while (padded.size() % kBlockBytes != kBlockBytes - 8) padded.push_back('\0');
  append_word(padded, std::uint64_t{text.size()} * 8, 8);

  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (std::size_t at = 0; at < padded.size(); at += kBlockBytes) {
    take_block(state, padded.data() + at);
  }
  std::string bytes;
  for (const std::uint32_t word : state) append_word(bytes, word, 4);
  std::array<std::uint8_t, 16> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(bytes[i]);
  }
  return digest;
}

}  // namespace waypost::client
