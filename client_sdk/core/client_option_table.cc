// The "client.*" rows of the option table.

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "client_sdk/core/client_options.h"
#include "client_sdk/core/order_config.h"

namespace waypost::client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::array<std::string_view, 4> kPolicyNames = {
    "off", "rocketmq-4", "rocketmq-5", "adaptive"};
// From Selector::kRoundRobin on; kCustom needs a function.
constexpr std::array<std::string_view, 4> kSelectorNames = {
    "round-robin", "zone-first", "least-latency", "custom"};
constexpr std::array<std::string_view, 3> kDeliveryNames = {"thread",
                                                            "executor", "poll"};
constexpr std::array<std::string_view, 3> kProbeNames = {"off", "tcp", "check"};
constexpr std::array<std::string_view, 6> kLevelNames = {
    "trace", "debug", "info", "warn", "error", "off"};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// An enumeration whose values are the indices of `names`, counted from `first`.
template <typename Enum, std::size_t N>
void declare_choice(base::OptionTable& table, std::string key, Enum& value,
                    const std::array<std::string_view, N>& names,
                    std::string help, std::size_t first = 0) {
  base::Option option;
  option.key = std::move(key);
  option.type = "choice";
  for (const auto name : names) {
    option.allowed += (option.allowed.empty() ? "" : ", ") + std::string(name);
  }
  option.help = std::move(help);
  option.get = [&value, &names, first] {
    const std::size_t index = static_cast<std::size_t>(value) - first;
    return std::string(index < names.size() ? names[index] : "?");
  };
  option.set = [&value, &names, first](std::string_view text) -> base::Status {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) {
      return base::fail(
          base::ErrorCode::kInvalidArgument,
          "'" + std::string(text) + "' is not one of the choices");
    }
    value = static_cast<Enum>(first +
                              static_cast<std::size_t>(found - names.begin()));
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

// off | adaptive | a duration.
void declare_hedge(base::OptionTable& table, ClientOptions& options) {
  base::Option option;
  option.key = "client.hedge";
  option.type = "off, adaptive or duration";
  option.allowed = "off, adaptive, 1ms to 1m";
  option.help =
      "Ask a second nameserver when the first one has not answered for this "
      "long; adaptive: for as long as 95 % of the last answers took.";
  option.get = [&options]() -> std::string {
    if (options.hedge == Hedge::kOff) return "off";
    if (options.hedge == Hedge::kAdaptive) return "adaptive";
    return base::format_duration(options.hedge_after);
  };
  option.set = [&options](std::string_view text) -> base::Status {
    if (text == "off" || text == "adaptive") {
      options.hedge = text == "off" ? Hedge::kOff : Hedge::kAdaptive;
      return {};
    }
    const auto after = base::parse_duration(text);
    if (!after) return tl::unexpected(after.error());
    if (*after < milliseconds(1) || *after > minutes(1)) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "'" + std::string(text) + "' is not within bounds");
    }
    options.hedge = Hedge::kAfter;
    options.hedge_after = *after;
    return {};
  };
  table.custom(std::move(option));
  table.number("client.hedge-extra-load", options.hedge_extra_load_percent, 0,
               100,
               "Of the questions, at most this share, in percent, is asked "
               "twice.");
}

// 0 | 50 ms to 1 h.
void declare_ping(base::OptionTable& table, ClientOptions& options) {
  table.duration("client.ping-interval", options.ping_interval, milliseconds(0),
                 hours(1),
                 "A nameserver that says nothing for this long is asked for a "
                 "sign of life, so that one that hangs is left in time; 0 "
                 "never asks.");
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

// "topic=broker-a:4;broker-b:8".
void declare_order(base::OptionTable& table, ClientOptions& options) {
  base::Option option;
  option.key = "client.order";
  option.type = "order configuration";
  option.allowed = "topic=broker:queues[;broker:queues...]";
  option.help =
      "The brokers and queues that the keys of a topic are spread over, "
      "whatever "
      "happens to brokers; a key whose broker is not there cannot be sent.";
  option.repeatable = true;
  option.get = [&options] {
    std::vector<std::string> orders;
    for (const auto& [topic, order] : options.order) {
      orders.push_back(topic + "=" + order);
    }
    return join(orders);
  };
  option.set = [&options](std::string_view text) -> base::Status {
    const auto equals = text.find('=');
    const std::string topic(text.substr(0, equals));
    if (equals == std::string_view::npos || topic.empty()) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "'" + std::string(text) + "' names no topic",
                        "write it as 'topic=broker-a:4;broker-b:8'");
    }
    const auto order = parse_order_config(text.substr(equals + 1));
    if (!order) return tl::unexpected(order.error());
    options.order[topic] = std::string(text.substr(equals + 1));
    return {};
  };
  table.custom(std::move(option));
}

void declare_selection(base::OptionTable& table, ClientOptions& options) {
  declare_choice(table, "client.selector", options.selector, kSelectorNames,
                 "How a broker is chosen among those that take turns; custom "
                 "needs a function of the application.",
                 static_cast<std::size_t>(Selector::kRoundRobin));
  table.text("client.zone", options.zone,
             "Where this client is, as brokers name their zones.");
  table.number("client.zone-spill", options.zone_spill_percent, 1, 100,
               "zone-first leaves its zone when less than this share of the "
               "zone's queues, in percent, can be used.");
  declare_order(table, options);
}

void declare_adaptive(base::OptionTable& table, AdaptiveFaults& adaptive) {
  table.number("client.adaptive-failures", adaptive.failures, 1, 100,
               "adaptive: failures in a row for which a broker is ejected.");
  table.duration("client.adaptive-ejection-min", adaptive.ejection_min,
                 milliseconds(100), hours(1),
                 "adaptive: how long the first ejection lasts; each further "
                 "one twice as long.");
  table.duration("client.adaptive-ejection-max", adaptive.ejection_max,
                 milliseconds(100), hours(1),
                 "adaptive: how long an ejection lasts at most.");
  table.duration("client.adaptive-half-life", adaptive.strike_half_life,
                 std::chrono::seconds(1), hours(1),
                 "adaptive: after this long in good standing half of a "
                 "broker's ejections are forgotten.");
  table.number("client.adaptive-latency-factor", adaptive.latency_factor, 0,
               1000,
               "adaptive: a broker whose latency is so many times the others' "
               "is ejected; 0 ejects nobody for that.");
  table.duration("client.adaptive-latency-excess", adaptive.latency_excess_min,
                 milliseconds(0), minutes(1),
                 "adaptive: nobody is ejected for a latency less than this "
                 "above the others'.");
  table.duration("client.adaptive-trickle", adaptive.trickle, milliseconds(0),
                 hours(1),
                 "adaptive: how long a broker gets a part of its turns only, "
                 "after an ejection.");
}

void declare_probe(base::OptionTable& table, BrokerProbing& probe) {
  declare_choice(table, "client.broker-probe", probe.kind, kProbeNames,
                 "How avoided brokers are tried out before they get traffic "
                 "again: not at all, by a TCP connection (which a broker that "
                 "hangs accepts too), or by a check of the application.");
  table.duration("client.probe-interval", probe.interval, milliseconds(100),
                 hours(1),
                 "First time between two probes of a broker; each further one "
                 "is twice as long.");
  table.duration("client.probe-interval-max", probe.interval_max,
                 milliseconds(100), hours(1),
                 "Longest time between two probes of a broker.");
  table.duration("client.probe-timeout", probe.timeout, milliseconds(10),
                 minutes(1), "A probe without an answer for this long failed.");
  table.number("client.probe-concurrency", probe.concurrency, 1, 256,
               "Probes under way at a time.");
}

}  // namespace

void declare_options(base::OptionTable& table, ClientOptions& options) {
  declare_nameservers(table, options);
  table.text("client.nameserver-url", options.nameserver_url,
             "An address server in RocketMQ's format that tells the "
             "nameservers, as http://host:port/path.");
  table.text("client.nameserver-file", options.nameserver_file,
             "A file that lists the nameservers; read again when it changes.");
  table.text("client.start-nameserver", options.start_nameserver,
             "The nameserver to start with instead of a random one; one of "
             "client.nameservers.");
  table.text("client.name", options.name,
             "How the client calls itself to nameservers.");
  declare_topics(table, options);
  table.text("client.snapshot-file", options.snapshot_file,
             "A file that keeps routes and nameservers, so that the client "
             "starts with them while no nameserver can be reached.");
  declare_times(table, options);
  table.flag("client.watch", options.watch,
             "Have nameservers push changed routes; polling goes on as the "
             "safety net.");
  table.flag("client.close-on-timeout", options.close_on_timeout,
             "Close a connection on which a question timed out and ask the "
             "next nameserver. Off shows the old behaviour: a hung nameserver "
             "holds the client for as long as it hangs.");
  declare_ping(table, options);
  declare_hedge(table, options);
  declare_choice(table, "client.fault-policy", options.fault_policy,
                 kPolicyNames,
                 "How long a broker is avoided after failures and long "
                 "latencies.");
  table.number("client.fault-max-avoided", options.fault_max_avoided_percent, 0,
               99,
               "Share of a topic's healthy brokers, in percent, that may be "
               "avoided at a time; never all.");
  declare_adaptive(table, options.adaptive);
  declare_probe(table, options.broker_probe);
  declare_selection(table, options);
  table.number("client.send-attempts", options.send_attempts, 1, 16,
               "Attempts of one send, the first included.");
  table.number("client.topics-max", options.topics_max, 1, 1'000'000,
               "Topics that one client follows; more are refused.");
  declare_choice(table, "client.event-delivery", options.event_delivery,
                 kDeliveryNames,
                 "Where the application hears of events: a thread of the "
                 "library, its own executor (which it must give), or when it "
                 "polls.");
  table.number("client.event-queue", options.event_queue_max, 16, 1'000'000,
               "Events that wait to be taken by the application; beyond it "
               "they are merged, then lost, and counted.");
  table.duration("client.metrics-interval", options.metrics_interval,
                 milliseconds(0), hours(24),
                 "How often the metrics handler is given the client's figures, "
                 "where there is one; less than 100ms counts as 100ms.");
  declare_choice(table, "client.log-level", options.log_level, kLevelNames,
                 "Least level that the log handler is given.");
}

void clear_list(std::string_view key, ClientOptions& options) {
  if (key == "client.nameservers") options.nameservers.clear();
  if (key == "client.topics") options.topics.clear();
  if (key == "client.order") options.order.clear();
}

void apply_profile(const base::Profile& profile, ClientOptions& options) {
  options.poll_interval = profile.client_poll_interval;
  options.rpc_timeout = profile.client_rpc_timeout;
  options.ping_interval = profile.client_ping_interval;
  const auto found =
      std::find(kPolicyNames.begin(), kPolicyNames.end(), profile.fault_preset);
  if (found != kPolicyNames.end()) {
    options.fault_policy =
        static_cast<FaultPolicy>(found - kPolicyNames.begin());
  }
}

}  // namespace waypost::client
