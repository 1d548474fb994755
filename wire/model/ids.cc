#include "wire/model/ids.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace waypost::model {

std::string BrokerKey::to_string() const {
  return broker_name.value() + "/" + std::to_string(broker_id.value());
}

std::string Digest::to_string() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const std::uint64_t half : {high, low}) {
    for (unsigned shift = 64; shift > 0; shift -= 4) {
      text += kDigits[(half >> (shift - 4)) & 0xfU];
    }
  }
  return text;
}

Digest digest_bytes(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  const Digest digest{hash.low64, hash.high64};
  return digest.is_none() ? Digest{1, 0} : digest;
}

std::uint64_t hash_bytes(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace waypost::model
