#include "client_sdk/core/address_list.h"

#include <algorithm>
#include <string>

namespace waypost::client {
namespace {

bool is_blank(char each) {
  return each == ' ' || each == '\t' || each == '\r' || each == '\n' ||
         each == ',' || each == ';';
}

// Addresses between blanks and separators; one that is told twice counts once.
base::Result<std::vector<base::Endpoint>> read_addresses(
    std::string_view text) {
  std::vector<base::Endpoint> addresses;
  while (!text.empty()) {
    const auto end = std::find_if(text.begin(), text.end(), is_blank);
    const auto size = static_cast<std::size_t>(end - text.begin());
    if (size != 0) {
      auto address = base::parse_endpoint(text.substr(0, size));
      if (!address) return tl::unexpected(address.error());
      if (std::find(addresses.begin(), addresses.end(), *address) ==
          addresses.end()) {
        if (addresses.size() == kListedAddressesMax) {
          return base::fail(base::ErrorCode::kTooLarge,
                            "more than " + std::to_string(kListedAddressesMax) +
                                " addresses");
        }
        addresses.push_back(std::move(*address));
      }
    }
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  if (addresses.empty()) {
    return base::fail(base::ErrorCode::kNotFound, "no addresses in it");
  }
  return addresses;
}

}  // namespace

base::Result<std::vector<base::Endpoint>> read_address_answer(
    std::string_view body) {
  while (!body.empty() && is_blank(body.front())) body.remove_prefix(1);
  return read_addresses(body.substr(0, body.find_first_of("\r\n")));
}

base::Result<std::vector<base::Endpoint>> read_address_file(
    std::string_view text) {
  std::string kept;
  bool comment = false;
  for (const char each : text) {
    if (each == '\n') comment = false;
    if (each == '#') comment = true;
    if (!comment) kept += each;
  }
  return read_addresses(kept);
}

}  // namespace waypost::client
