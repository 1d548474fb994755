#include "client_sdk/core/client_options.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "client_sdk/core/to_public.h"

namespace waypost {
namespace client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::array<std::string_view, 3> kPolicyNames = {"off", "rocketmq-4",
                                                          "rocketmq-5"};
constexpr std::array<std::string_view, 6> kLevelNames = {
    "trace", "debug", "info", "warn", "error", "off"};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// An enumeration whose values are the indices of `names`.
template <typename Enum, std::size_t N>
void declare_choice(base::OptionTable& table, std::string key, Enum& value,
                    const std::array<std::string_view, N>& names,
                    std::string help) {
  base::Option option;
  option.key = std::move(key);
  option.type = "choice";
  for (const auto name : names) {
    option.allowed += (option.allowed.empty() ? "" : ", ") + std::string(name);
  }
  option.help = std::move(help);
  option.get = [&value, &names] {
    return std::string(names.at(static_cast<std::size_t>(value)));
  };
  option.set = [&value, &names](std::string_view text) -> base::Status {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) {
      return base::fail(
          base::ErrorCode::kInvalidArgument,
          "'" + std::string(text) + "' is not one of the choices");
    }
    value = static_cast<Enum>(found - names.begin());
    return {};
  };
  table.custom(std::move(option));
}

void declare_nameservers(base::OptionTable& table, ClientOptions& options) {
  base::Option option;
  option.key = "client.nameservers";
  option.type = "list of addresses";
  option.allowed = "host:port[,host:port...], [address]:port for IPv6";
  option.help =
      "The nameservers; the client talks to one of them at a time. List all of "
      "them.";
  option.repeatable = true;
  option.get = [&options] { return join(options.nameservers); };
  option.set = [&options](std::string_view text) -> base::Status {
    const auto parsed = base::parse_endpoints(text);
    if (!parsed) return tl::unexpected(parsed.error());
    for (const auto& endpoint : *parsed) {
      options.nameservers.push_back(endpoint.to_string());
    }
    return {};
  };
  table.custom(std::move(option));
}

void declare_topics(base::OptionTable& table, ClientOptions& options) {
  base::Option option;
  option.key = "client.topics";
  option.type = "list of names";
  option.help = "Topics whose routes are fetched at start, without waiting.";
  option.repeatable = true;
  option.get = [&options] { return join(options.topics); };
  option.set = [&options](std::string_view text) -> base::Status {
    options.topics.emplace_back(text);
    return {};
  };
  table.custom(std::move(option));
}

void declare_times(base::OptionTable& table, ClientOptions& options) {
  table.duration("client.poll-interval", options.poll_interval,
                 milliseconds(100), hours(1),
                 "Routes are asked for again after this long, give or take a "
                 "tenth.");
  table.duration("client.rpc-timeout", options.rpc_timeout, milliseconds(10),
                 minutes(10),
                 "Total time for one question to the nameservers, shared out "
                 "so that each of them can be tried.");
  table.duration("client.send-timeout", options.send_timeout, milliseconds(10),
                 hours(1), "Total time for one send, over all its attempts.");
  table.duration("client.negative-ttl", options.negative_ttl, milliseconds(0),
                 minutes(1),
                 "How long an answer that nobody serves a topic is believed.");
}

}  // namespace

void declare_options(base::OptionTable& table, ClientOptions& options) {
  declare_nameservers(table, options);
  table.text("client.start-nameserver", options.start_nameserver,
             "The nameserver to start with instead of a random one; one of "
             "client.nameservers.");
  table.text("client.name", options.name,
             "How the client calls itself to nameservers.");
  declare_topics(table, options);
  declare_times(table, options);
  table.flag("client.close-on-timeout", options.close_on_timeout,
             "Close a connection on which a question timed out and ask the "
             "next nameserver. Off shows the old behaviour: a hung nameserver "
             "holds the client for as long as it hangs.");
  declare_choice(table, "client.fault-policy", options.fault_policy,
                 kPolicyNames,
                 "How long a broker is avoided after failures and long "
                 "latencies.");
  table.number("client.fault-max-avoided", options.fault_max_avoided_percent, 0,
               99,
               "Share of a topic's healthy brokers, in percent, that may be "
               "avoided at a time; never all.");
  table.number("client.send-attempts", options.send_attempts, 1, 16,
               "Attempts of one send, the first included.");
  table.number("client.topics-max", options.topics_max, 1, 1'000'000,
               "Topics that one client follows; more are refused.");
  declare_choice(table, "client.log-level", options.log_level, kLevelNames,
                 "Least level that the log handler is given.");
}

void apply_profile(const base::Profile& profile, ClientOptions& options) {
  options.poll_interval = profile.client_poll_interval;
  options.rpc_timeout = profile.client_rpc_timeout;
  const auto found =
      std::find(kPolicyNames.begin(), kPolicyNames.end(), profile.fault_preset);
  if (found != kPolicyNames.end()) {
    options.fault_policy =
        static_cast<FaultPolicy>(found - kPolicyNames.begin());
  }
}

base::Result<CheckedOptions> check_options(const ClientOptions& options) {
  CheckedOptions checked;
  const auto nameservers = base::parse_endpoints(join(options.nameservers));
  if (!nameservers) {
    return tl::unexpected(
        nameservers.error().with_context("client.nameservers"));
  }
  checked.nameservers = *nameservers;
  if (!options.start_nameserver.empty()) {
    const auto start = base::parse_endpoint(options.start_nameserver);
    const auto found = !start ? checked.nameservers.end()
                              : std::find(checked.nameservers.begin(),
                                          checked.nameservers.end(), *start);
    if (found == checked.nameservers.end()) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "client.start-nameserver: '" +
                            options.start_nameserver +
                            "' is not one of client.nameservers");
    }
    checked.start =
        static_cast<std::size_t>(found - checked.nameservers.begin());
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

std::vector<ClientOptionInfo> client_option_table() {
  ClientOptions options;
  base::OptionTable table;
  client::declare_options(table, options);
  std::vector<ClientOptionInfo> rows;
  for (const auto& option : table.all()) {
    rows.push_back({option.key, option.type, option.allowed, option.help,
                    option.default_text});
  }
  return rows;
}

}  // namespace waypost
