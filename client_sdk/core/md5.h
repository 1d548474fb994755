#ifndef WAYPOST_CLIENT_SDK_CORE_MD5_H_
#define WAYPOST_CLIENT_SDK_CORE_MD5_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace waypost::client {

// The MD5 digest (RFC 1321) of a text. Here because RocketMQ's consistent hash
// is defined by it, and a library of cryptography is much to link for a hash
// that protects nothing.
std::array<std::uint8_t, 16> md5(std::string_view text);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_MD5_H_
