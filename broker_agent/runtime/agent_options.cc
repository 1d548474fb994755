#include "broker_agent/runtime/agent_options.h"

#include <utility>

#include "base/units.h"

namespace waypost::agent {
namespace {

using base::Duration;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void declare_identity(base::OptionTable& table, AgentOptionValues& values) {
  table.endpoints("nameservers", values.settings.nameservers,
                  "All nameservers, separated by commas: the broker is "
                  "registered with each of them, independently. A name "
                  "stands for all its addresses, and is looked up again and "
                  "again");
  table.text("cluster", values.cluster, "Cluster that the broker belongs to");
  table.text("broker-name", values.broker_name,
             "Name of the broker group; replicas share it");
  table.number("broker-id", values.broker_id, 0, 1'000'000,
               "The broker's number in its group; 0 is the master");
  table.endpoint("broker-address", values.broker_address,
                 "Where clients reach the broker");
  table.text("zone", values.settings.registration.identity.zone,
             "Zone or data centre of the broker, for clients that prefer "
             "their own");
}

void declare_registration(base::OptionTable& table, AgentOptionValues& values) {
  RegistrationSettings& registration = values.settings.registration;
  table.duration("agent.register-interval", registration.register_interval,
                 seconds(1), hours(1),
                 "All topics are registered with every nameserver this often; "
                 "changes are told at once");
  table.duration("agent.heartbeat-interval", registration.heartbeat_interval,
                 milliseconds(50), minutes(1),
                 "Sign of life between registrations; a nameserver suspects a "
                 "broker that is silent for some of these");
  table.duration("agent.rpc-timeout", registration.rpc_timeout,
                 milliseconds(50), minutes(1),
                 "A nameserver that leaves a call unanswered for this long is "
                 "left and tried on a new connection");
  table.duration("agent.expiry", registration.expiry, Duration{0}, hours(24),
                 "Silence after which nameservers shall drop this broker; 0: "
                 "each one's own setting");
  table.duration("agent.reconnect-max", registration.reconnect_max,
                 milliseconds(100), minutes(1),
                 "Longest wait between attempts to reach a nameserver. A "
                 "nameserver that was stopped and goes on waits 1s for its "
                 "brokers; stay below that");
  table.duration("agent.superseded-retry", registration.superseded_retry,
                 seconds(5), hours(1),
                 "How often an agent whose place was taken by a newer process "
                 "looks whether that one is gone");
  table.choice("agent.unhealthy-action", values.unhealthy_action,
               {"remove", "drop-write"},
               "What an unhealthy verdict does: take the broker out of the "
               "routes, or leave it there for consumers only");
  table.duration("agent.stop-timeout", registration.stop_timeout,
                 milliseconds(100), minutes(1),
                 "Longest time for telling the nameservers goodbye");
  table.duration("agent.handover-grace", registration.handover_grace,
                 seconds(1), hours(1),
                 "With on-exit keep: how long nameservers keep the broker "
                 "until the next agent registers it");
}

void declare_probes(base::OptionTable& table, AgentOptionValues& values) {
  table.text_list("probe", values.probes,
                  "How to see that the broker works; give it several times "
                  "for several probes, all must pass. One of " +
                      std::string(kProbeKinds) +
                      ". tcp sees a dead broker but not a hung one");
  table.duration("probe.interval", values.settings.probe_timing.interval,
                 milliseconds(50), hours(1), "From one attempt to the next");
  table.duration("probe.timeout", values.settings.probe_timing.timeout,
                 milliseconds(10), minutes(5),
                 "An attempt without an answer for this long has failed");
  table.number("probe.fall", values.settings.health.fall, 1, 1000,
               "Failures in a row that make the broker unhealthy");
  table.number("probe.rise", values.settings.health.rise, 1, 1000,
               "Successes in a row that make it healthy again");
}

tl::unexpected<base::Error> refuse(std::string message, std::string advice) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message),
                    std::move(advice));
}

base::Status check_nameservers(const AgentOptionValues& values) {
  if (values.settings.nameservers.empty()) {
    return refuse("nameservers is not set",
                  "say --nameservers HOST:PORT,HOST:PORT");
  }
  for (const base::Endpoint& nameserver : values.settings.nameservers) {
    if (nameserver.port == 0) {
      return refuse("nameservers: port 0 in " + nameserver.to_string(),
                    "name the port, 9876 by default");
    }
  }
  return {};
}

base::Status check_identity(const AgentOptionValues& values) {
  if (auto ok = model::check_name("cluster", values.cluster); !ok) return ok;
  if (auto ok = model::check_name("broker-name", values.broker_name); !ok) {
    return ok;
  }
  const std::string& zone = values.settings.registration.identity.zone;
  if (!zone.empty()) {
    if (auto ok = model::check_name("zone", zone); !ok) return ok;
  }
  if (values.broker_address.host.empty() || values.broker_address.port == 0) {
    return refuse("broker-address is not set or has no port",
                  "say --broker-address HOST:PORT, as clients reach it");
  }
  return {};
}

// What only says who registers.
base::Status check_no_identity(const AgentOptionValues& values) {
  const auto means_nothing = [](const std::string& key) {
    return refuse(key + " means nothing together with observe",
                  "an observed broker registers itself: leave " + key +
                      " out; to register a broker leave observe out");
  };
  if (!values.cluster.empty()) return means_nothing("cluster");
  if (!values.broker_name.empty()) return means_nothing("broker-name");
  if (values.broker_id != 0) return means_nothing("broker-id");
  if (!values.broker_address.host.empty()) {
    return means_nothing("broker-address");
  }
  if (!values.settings.registration.identity.zone.empty()) {
    return means_nothing("zone");
  }
  return {};
}

base::Status check_times(const RegistrationSettings& registration) {
  const Duration heartbeat = registration.heartbeat_interval;
  if (heartbeat > registration.register_interval) {
    return refuse(
        "agent.heartbeat-interval (" + base::format_duration(heartbeat) +
            ") is above agent.register-interval (" +
            base::format_duration(registration.register_interval) + ")",
        "heartbeats go between registrations");
  }
  if (registration.expiry != Duration{0} &&
      registration.expiry < 3 * heartbeat) {
    return refuse("agent.expiry (" +
                      base::format_duration(registration.expiry) +
                      ") is below three heartbeats of " +
                      base::format_duration(heartbeat),
                  "one lost heartbeat must not drop the broker");
  }
  return {};
}

model::VerdictAction action_of(const AgentOptionValues& values) {
  return values.unhealthy_action == 0
             ? model::VerdictAction::kRemoveFromRoutes
             : model::VerdictAction::kDropWritePermission;
}

base::Status add_probes(const std::vector<std::string>& texts,
                        const base::Endpoint& broker, AgentSettings& settings) {
  for (const std::string& text : texts) {
    auto probe = parse_probe(text, broker);
    if (!probe) return tl::unexpected(probe.error());
    settings.probes.push_back(std::move(*probe));
  }
  return {};
}

}  // namespace

void declare_options(base::OptionTable& table, AgentOptionValues& values) {
  declare_identity(table, values);
  declare_probes(table, values);
  declare_registration(table, values);
}

void apply_profile(const base::Profile& profile, AgentOptionValues& values) {
  RegistrationSettings& registration = values.settings.registration;
  registration.register_interval = profile.agent_register_interval;
  registration.heartbeat_interval = profile.agent_heartbeat_interval;
  registration.rpc_timeout = profile.client_rpc_timeout;
}

base::Result<AgentSettings> complete(const AgentOptionValues& values) {
  if (auto ok = check_nameservers(values); !ok) {
    return tl::unexpected(ok.error());
  }
  if (auto ok = check_identity(values); !ok) return tl::unexpected(ok.error());
  AgentSettings settings = values.settings;
  RegistrationSettings& registration = settings.registration;
  if (auto ok = check_times(registration); !ok) {
    return tl::unexpected(ok.error());
  }
  registration.identity.cluster = model::ClusterName(values.cluster);
  registration.identity.broker = {model::BrokerName(values.broker_name),
                                  model::BrokerId(values.broker_id)};
  registration.identity.address = values.broker_address;
  registration.unhealthy_action = action_of(values);
  if (auto ok = add_probes(values.probes, values.broker_address, settings);
      !ok) {
    return tl::unexpected(ok.error());
  }
  return settings;
}

base::Result<AgentSettings> complete_observer(const AgentOptionValues& values,
                                              const base::Endpoint& address) {
  if (auto ok = check_nameservers(values); !ok) {
    return tl::unexpected(ok.error());
  }
  if (auto ok = check_no_identity(values); !ok) {
    return tl::unexpected(ok.error());
  }
  if (address.port == 0) {
    return refuse("observe: port 0 in " + address.to_string(),
                  "say the address as the broker registers it, its listenPort "
                  "is 10911 by default");
  }
  AgentSettings settings = values.settings;
  settings.observe = address;
  settings.registration.unhealthy_action = action_of(values);
  const std::vector<std::string> probes =
      values.probes.empty() ? std::vector<std::string>{"rocketmq"}
                            : values.probes;
  if (auto ok = add_probes(probes, address, settings); !ok) {
    return tl::unexpected(ok.error());
  }
  return settings;
}

}  // namespace waypost::agent
