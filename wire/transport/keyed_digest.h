#ifndef WAYPOST_WIRE_TRANSPORT_KEYED_DIGEST_H_
#define WAYPOST_WIRE_TRANSPORT_KEYED_DIGEST_H_

// What proving the knowledge of a shared secret needs. OpenSSL is behind it.

#include <cstddef>
#include <string>
#include <string_view>

namespace waypost::transport {

// HMAC-SHA-256 (RFC 2104): 32 bytes.
std::string keyed_digest(std::string_view key, std::string_view text);

// Takes the same time wherever they differ; their lengths are no secret.
bool equal_in_constant_time(std::string_view one, std::string_view other);

// From the system's cryptographic generator.
std::string random_bytes(std::size_t count);

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_KEYED_DIGEST_H_
