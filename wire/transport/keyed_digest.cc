#include "wire/transport/keyed_digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/assert.h"

namespace waypost::transport {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string keyed_digest(std::string_view key, std::string_view text) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  const unsigned char* const made = HMAC(
      EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text),
      text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size);
  WAYPOST_ASSERT(made != nullptr);
  digest.resize(size);
  return digest;
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  return one.size() == other.size() &&
         CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  const int made = RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                              static_cast<int>(count));
  WAYPOST_ASSERT(made == 1);
  return bytes;
}

}  // namespace waypost::transport
