#include "client_sdk/core/client_environment.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/options.h"
#include "base/profile.h"
#include "client_sdk/core/client_options.h"
#include "client_sdk/core/to_public.h"

// POSIX: the process's own, "NAME=VALUE" each, null at the end.
extern char** environ;

namespace waypost {
namespace client {
namespace {

constexpr std::string_view kPrefix = "WAYPOST_CLIENT_";
constexpr std::string_view kProfile = "WAYPOST_PROFILE";
// As all programs call it; below WAYPOST_CLIENT_NAMESERVERS.
constexpr std::string_view kNameservers = "WAYPOST_NAMESERVERS";
// RocketMQ's, "host:port;host:port".
constexpr std::string_view kRocketmqNameservers = "NAMESRV_ADDR";

// What stands in `name`; an empty variable is none.
std::string_view value_of(const Environment& environment,
                          std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view{}
                                    : std::string_view(found->second);
}

// "WAYPOST_CLIENT_RPC_TIMEOT" -> "client.rpc-timeot", to look for the nearest.
std::string likely_key(std::string_view name) {
  std::string key = "client.";
  for (const char c : name.substr(kPrefix.size())) {
    if (c == '_') {
      key += '-';
    } else {
      key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return key;
}

base::Status check_names(const Environment& environment,
                         const base::OptionTable& table) {
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kPrefix)) continue;
    const auto& all = table.all();
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const base::Option& option) {
          return base::environment_name(option.key) == name;
        });
    if (known) continue;
    base::Error error{base::ErrorCode::kInvalidArgument,
                      "unknown environment variable " + name, ""};
    if (const auto* option = table.nearest(likely_key(name))) {
      error.advice =
          "did you mean " + base::environment_name(option->key) + "?";
    }
    return tl::unexpected(std::move(error));
  }
  return {};
}

// A list has a line for each value and takes the place of the one before.
base::Status assign(base::OptionTable& table, std::string_view key,
                    std::string_view lines, std::string_view name,
                    ClientOptions& options) {
  clear_list(key, options);
  const bool list = table.find(key)->repeatable;
  do {
    const auto end = list ? lines.find('\n') : std::string_view::npos;
    const auto status = table.set(key, lines.substr(0, end));
    if (!status) return tl::unexpected(status.error().with_context(name));
    lines = end == std::string_view::npos ? std::string_view{}
                                          : lines.substr(end + 1);
  } while (!lines.empty());
  return {};
}

base::Status assign_nameservers(const Environment& environment,
                                base::OptionTable& table,
                                ClientOptions& options) {
  if (!value_of(environment, "WAYPOST_CLIENT_NAMESERVERS").empty()) return {};
  const auto ours = value_of(environment, kNameservers);
  if (!ours.empty()) {
    return assign(table, "client.nameservers", ours, kNameservers, options);
  }
  const bool told = !options.nameservers.empty() ||
                    !options.nameserver_url.empty() ||
                    !options.nameserver_file.empty();
  std::string theirs(value_of(environment, kRocketmqNameservers));
  if (told || theirs.empty()) return {};
  std::replace(theirs.begin(), theirs.end(), ';', ',');
  if (theirs.back() == ',') theirs.pop_back();
  return assign(table, "client.nameservers", theirs, kRocketmqNameservers,
                options);
}

}  // namespace

Environment process_environment() {
  Environment environment;
  if (environ == nullptr) return environment;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view text(*each);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = text.substr(0, equals);
    if (name.starts_with("WAYPOST_") || name == kRocketmqNameservers) {
      environment.emplace(name, text.substr(equals + 1));
    }
  }
  return environment;
}

base::Status apply_environment(const Environment& environment,
                               ClientOptions& options) {
  base::OptionTable table;
  declare_options(table, options);
  if (auto known = check_names(environment, table); !known) return known;
  const auto profile_name = value_of(environment, kProfile);
  if (!profile_name.empty()) {
    const auto profile = base::find_profile(profile_name);
    if (!profile) {
      return tl::unexpected(profile.error().with_context(kProfile));
    }
    apply_profile(*profile, options);
  }
  for (const auto& option : table.all()) {
    const std::string name = base::environment_name(option.key);
    const auto value = value_of(environment, name);
    if (value.empty()) continue;
    if (auto set = assign(table, option.key, value, name, options); !set) {
      return set;
    }
  }
  return assign_nameservers(environment, table, options);
}

}  // namespace client

Status ClientOptions::set_from_environment() {
  ClientOptions changed = *this;
  const auto status =
      client::apply_environment(client::process_environment(), changed);
  if (!status) return client::to_public(status.error());
  *this = std::move(changed);
  return {};
}

}  // namespace waypost
