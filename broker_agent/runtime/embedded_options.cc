// AgentOptions by key, and out of the environment.

#include <cstdlib>
#include <exception>
#include <iterator>

#include "base/options.h"
#include "base/profile.h"
#include "broker_agent/runtime/agent_options.h"
#include "waypost/agent.hpp"

namespace waypost {
namespace {

AgentError refused(const base::Error& error) {
  return {AgentError::Code::kInvalidArgument, error.message, error.advice};
}

// "a,b" added to {"c"} is {"c", "a", "b"}. The text was checked before.
void add_addresses(std::string_view text, std::vector<std::string>& list) {
  const auto parsed = base::parse_endpoints(text);
  if (!parsed) return;
  for (const base::Endpoint& each : *parsed) list.push_back(each.to_string());
}

void assign(AgentOptions& options, std::string_view key,
            const std::string& value) {
  if (key == "nameservers") return add_addresses(value, options.nameservers);
  if (key == "probe") return options.probes.push_back(value);
  if (key == "broker-id") {
    options.broker_id = std::atoll(value.c_str());
    return;
  }
  const std::pair<std::string_view, std::string*> texts[] = {
      {"profile", &options.profile},
      {"cluster", &options.cluster},
      {"broker-name", &options.broker_name},
      {"broker-address", &options.broker_address},
      {"zone", &options.zone}};
  for (const auto& [name, member] : texts) {
    if (key != name) continue;
    *member = value;
    return;
  }
  options.settings.emplace_back(key, value);
}

AgentStatus set_checked(AgentOptions& options, std::string_view key,
                        std::string_view value) {
  if (key == "profile") {
    const auto profile = base::find_profile(value);
    if (!profile) return refused(profile.error());
  } else {
    agent::AgentOptionValues scratch;
    base::OptionTable table;
    agent::declare_options(table, scratch);
    if (auto set = table.set(key, value); !set) return refused(set.error());
  }
  assign(options, key, std::string(value));
  return std::monostate{};
}

// A list has a line for each value, and takes the place of what was set.
AgentStatus set_from(AgentOptions& options, const std::string& key,
                     std::string_view lines) {
  const std::string name = base::environment_name(key);
  if (key == "nameservers") options.nameservers.clear();
  if (key == "probe") options.probes.clear();
  const bool list = key == "nameservers" || key == "probe";
  do {
    const auto end = list ? lines.find('\n') : std::string_view::npos;
    auto set = set_checked(options, key, lines.substr(0, end));
    if (!set) {
      AgentError error = set.error();
      error.message.insert(0, name + ": ");
      return error;
    }
    lines = end == std::string_view::npos ? std::string_view{}
                                          : lines.substr(end + 1);
  } while (!lines.empty());
  return std::monostate{};
}

}  // namespace

AgentStatus AgentOptions::set(std::string_view key, std::string_view value) {
  try {
    return set_checked(*this, key, value);
  } catch (const std::exception& error) {
    return AgentError{AgentError::Code::kInternal, error.what(), {}};
  }
}

AgentStatus AgentOptions::set_from_environment() {
  try {
    AgentOptions changed = *this;
    agent::AgentOptionValues scratch;
    base::OptionTable table;
    agent::declare_options(table, scratch);
    std::vector<std::string> keys = {"profile"};
    for (const base::Option& option : table.all()) keys.push_back(option.key);
    for (const std::string& key : keys) {
      const char* const value =
          std::getenv(base::environment_name(key).c_str());
      if (value == nullptr || *value == '\0') continue;
      if (auto set = set_from(changed, key, value); !set) return set;
    }
    *this = std::move(changed);
    return std::monostate{};
  } catch (const std::exception& error) {
    return AgentError{AgentError::Code::kInternal, error.what(), {}};
  }
}

}  // namespace waypost
