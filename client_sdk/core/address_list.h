#ifndef WAYPOST_CLIENT_SDK_CORE_ADDRESS_LIST_H_
#define WAYPOST_CLIENT_SDK_CORE_ADDRESS_LIST_H_

// Lists of nameservers as address servers and files write them. One with more
// than kListedAddressesMax is refused: each name in it is looked up by itself,
// and what the network says must not use up an application's descriptors.

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::client {

inline constexpr std::size_t kListedAddressesMax = 64;

// What RocketMQ's address server answers: "10.0.0.1:9876;10.0.0.2:9876" in the
// first line that is not empty; the rest is ignored.
base::Result<std::vector<base::Endpoint>> read_address_answer(
    std::string_view body);

// A file for people: addresses separated by ends of lines, ';', ',' or blanks;
// '#' begins a comment.
base::Result<std::vector<base::Endpoint>> read_address_file(
    std::string_view text);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_ADDRESS_LIST_H_
