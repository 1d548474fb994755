#include "namesrv/registry/java_order.h"

#include <bit>

namespace waypost::registry {
namespace {

constexpr std::uint32_t kReplacement = 0xfffd;

struct Decoded {
  std::uint32_t code_point = kReplacement;
  std::size_t bytes = 1;
};

bool continues(unsigned char byte) { return (byte & 0xc0U) == 0x80U; }

// The code point at the start of the text, which is not empty.
Decoded decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const auto length = static_cast<std::size_t>(
      std::countl_one(static_cast<std::uint8_t>(lead)));
  if (length < 2 || length > 4 || text.size() < length) return {};
  std::uint32_t code_point = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!continues(byte)) return {};
    code_point = (code_point << 6U) | (byte & 0x3fU);
  }
  return {code_point, length};
}

}  // namespace

std::int32_t java_string_hash(std::string_view text) {
  std::uint32_t hash = 0;
  while (!text.empty()) {
    const Decoded next = decode(text);
    text.remove_prefix(next.bytes);
    if (next.code_point < 0x10000) {
      hash = hash * 31 + next.code_point;
      continue;
    }
    const std::uint32_t above = next.code_point - 0x10000;
    hash = hash * 31 + (0xd800 + (above >> 10U));
    hash = hash * 31 + (0xdc00 + (above & 0x3ffU));
  }
  return static_cast<std::int32_t>(hash);
}

std::size_t java_map_slots(std::size_t size, std::size_t initial) {
  std::size_t slots = initial;
  while (size > slots / 4 * 3) slots *= 2;
  return slots;
}

std::size_t java_map_slot(std::int32_t hash, std::size_t slots) {
  const auto bits = static_cast<std::uint32_t>(hash);
  return (bits ^ (bits >> 16U)) & (slots - 1);
}

}  // namespace waypost::registry
