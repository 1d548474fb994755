#ifndef WAYPOST_CLIENT_SDK_CORE_CLIENT_OPTIONS_H_
#define WAYPOST_CLIENT_SDK_CORE_CLIENT_OPTIONS_H_

// ClientOptions as rows of an option table, for programs that take them from
// their command line or a file beside their own, and for set() by key.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"
#include "base/options.h"
#include "base/profile.h"
#include "client_sdk/core/http_message.h"
#include "client_sdk/core/order_config.h"
#include "waypost/options.hpp"

namespace waypost::client {

// Declares all "client.*" options on `options`, which must outlive the table.
void declare_options(base::OptionTable& table, ClientOptions& options);

// Empties the list that `key` adds to; nothing for a key that is no list.
void clear_list(std::string_view key, ClientOptions& options);

// Overwrites what a profile defines: times and the fault policy.
void apply_profile(const base::Profile& profile, ClientOptions& options);

// The nameservers as addresses, checked; the error names what is wrong with the
// options, also with those that were not set by key.
struct CheckedOptions {
  std::vector<base::Endpoint> nameservers;
  std::optional<HttpUrl> nameserver_url;
  std::map<std::string, OrderConfig> order;  // by topic
};
base::Result<CheckedOptions> check_options(const ClientOptions& options);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_CLIENT_OPTIONS_H_
