#include "client_sdk/core/client_options.h"

#include <algorithm>
#include <string>
#include <utility>

#include "client_sdk/core/to_public.h"

namespace waypost {
namespace client {
namespace {

base::Status check_nameservers(const ClientOptions& options,
                               CheckedOptions& checked) {
  if (!options.nameserver_url.empty()) {
    auto url = parse_http_url(options.nameserver_url);
    if (!url) {
      return tl::unexpected(url.error().with_context("client.nameserver-url"));
    }
    checked.nameserver_url = std::move(*url);
  }
  const bool elsewhere =
      checked.nameserver_url || !options.nameserver_file.empty();
  if (options.nameservers.empty() && elsewhere) return {};
  std::string list;
  for (const auto& each : options.nameservers) {
    list += (list.empty() ? "" : ",") + each;
  }
  const auto nameservers = base::parse_endpoints(list);
  if (!nameservers) {
    return tl::unexpected(
        nameservers.error().with_context("client.nameservers"));
  }
  checked.nameservers = *nameservers;
  if (options.start_nameserver.empty()) return {};
  const auto start = base::parse_endpoint(options.start_nameserver);
  const auto found = !start ? checked.nameservers.end()
                            : std::find(checked.nameservers.begin(),
                                        checked.nameservers.end(), *start);
  if (found == checked.nameservers.end()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "client.start-nameserver: '" + options.start_nameserver +
                          "' is not one of client.nameservers");
  }
  return {};
}

base::Status check_selection(const ClientOptions& options,
                             CheckedOptions& checked) {
  if (options.selector == Selector::kCustom && !options.custom_selector) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "client.selector: custom, but no custom_selector is set");
  }
  for (const auto& [topic, text] : options.order) {
    auto order = parse_order_config(text);
    if (!order) {
      return tl::unexpected(
          order.error().with_context("client.order of topic '" + topic + "'"));
    }
    checked.order.emplace(topic, std::move(*order));
  }
  return {};
}

base::Status check_functions(const ClientOptions& options) {
  if (options.event_delivery == EventDelivery::kExecutor &&
      !options.event_executor) {
    return base::fail(
        base::ErrorCode::kInvalidArgument,
        "client.event-delivery: executor, but no event_executor is set");
  }
  if (options.broker_probe.kind == ProbeKind::kCheck &&
      !options.broker_probe.check) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "client.broker-probe: check, but no check is set");
  }
  return {};
}

base::Status check_ping(const ClientOptions& options) {
  const auto interval = options.ping_interval;
  if (interval <= base::Duration::zero() ||
      interval >= std::chrono::milliseconds(50)) {
    return {};
  }
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "client.ping-interval: less than 50ms, and not 0");
}

}  // namespace

base::Result<CheckedOptions> check_options(const ClientOptions& options) {
  CheckedOptions checked;
  if (const auto status = check_nameservers(options, checked); !status) {
    return tl::unexpected(status.error());
  }
  if (const auto status = check_selection(options, checked); !status) {
    return tl::unexpected(status.error());
  }
  if (const auto status = check_functions(options); !status) {
    return tl::unexpected(status.error());
  }
  if (const auto status = check_ping(options); !status) {
    return tl::unexpected(status.error());
  }
  // Values that were assigned rather than set by key pass through the same
  // bounds: print and read each option of a copy.
  ClientOptions copy = options;
  base::OptionTable table;
  declare_options(table, copy);
  for (const auto& option : table.all()) {
    if (option.repeatable || option.type == "text") continue;
    if (const auto status = table.set(option.key, option.get()); !status) {
      return tl::unexpected(status.error());
    }
  }
  return checked;
}

}  // namespace client

Result<ClientOptions> ClientOptions::for_profile(std::string_view profile) {
  const auto found = base::find_profile(profile);
  if (!found) return client::to_public(found.error());
  ClientOptions options;
  client::apply_profile(*found, options);
  return options;
}

Status ClientOptions::set(std::string_view key, std::string_view value) {
  if (key == "profile") {
    const auto profile = base::find_profile(value);
    if (!profile) return client::to_public(profile.error());
    client::apply_profile(*profile, *this);
    return {};
  }
  base::OptionTable table;
  client::declare_options(table, *this);
  const auto status = table.set(key, value);
  if (!status) return client::to_public(status.error());
  return {};
}

Result<std::string> ClientOptions::get(std::string_view key) const {
  ClientOptions copy = *this;
  base::OptionTable table;
  client::declare_options(table, copy);
  const base::Option* option = table.find(key);
  if (option == nullptr) return client::to_public(table.unknown_key(key));
  return option->get();
}

std::vector<ClientOptionInfo> client_option_table() {
  ClientOptions options;
  base::OptionTable table;
  client::declare_options(table, options);
  std::vector<ClientOptionInfo> rows;
  for (const auto& option : table.all()) {
    rows.push_back({option.key, option.type, option.allowed, option.help,
                    option.default_text, option.repeatable,
                    base::environment_name(option.key)});
  }
  return rows;
}

}  // namespace waypost
