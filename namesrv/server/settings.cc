#include "namesrv/server/settings.h"

#include <algorithm>
#include <array>
#include <string>
#include <thread>

#include <sched.h>

#include "wire/rpc/remoting_stream.h"

namespace waypost::server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
constexpr std::size_t kGiB = 1024 * kMiB;

// Two loops on one core would wait for each other's time slices.
std::int64_t usable_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  // Fails beyond 1024 cores.
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) {
    return std::max<std::int64_t>(1, std::thread::hardware_concurrency());
  }
  return CPU_COUNT(&cores);
}

void declare_liveness(ServerSettings& settings, base::OptionTable& table) {
  registry::RegistrySettings& registry = settings.service.registry;
  table.duration("liveness.scan-interval", settings.service.scan_interval,
                 milliseconds(100), hours(1),
                 "How often live brokers are looked through for silent ones");
  table.duration("liveness.broker-expiry", registry.broker_expiry, seconds(1),
                 hours(24),
                 "Silence after which a broker that speaks the remoting "
                 "protocol is dropped");
  table.duration("liveness.agent-expiry", registry.agent_expiry, seconds(1),
                 hours(24),
                 "Silence after which a broker that registers through an agent "
                 "is dropped, unless it brings its own expiry");
  table.duration("liveness.expiry-min", registry.expiry_min, milliseconds(500),
                 hours(24), "Least expiry that a broker may bring");
  table.duration("liveness.expiry-max", registry.expiry_max, seconds(1),
                 hours(24), "Largest expiry that a broker may bring");
  table.duration("liveness.suspect-after", registry.suspect_after,
                 milliseconds(100), hours(1),
                 "Silence after which an agent's broker is shown as suspect: "
                 "it stays in the routes and is used last");
  table.flag("liveness.expiry-brake", registry.expiry_brake,
             "Hold removals back for up to one further expiry when more than "
             "max(3, 20 %) of the brokers would expire in one scan: more "
             "likely this nameserver's network than all of them");
}

void declare_limits(ServerSettings& settings, base::OptionTable& table) {
  table.bytes("limits.payload", settings.native.payload_max_bytes, 64 * kKiB,
              kGiB, "Largest payload of one frame");
  table.bytes("remoting.frame-limit", settings.remoting.frame_max_bytes,
              64 * kKiB, rpc::RemotingStream::kFrameMaxLimit,
              "Largest frame of the RocketMQ remoting protocol, with its "
              "length; larger ones close the connection, as "
              "com.rocketmq.remoting.frameMaxLength does. A broker with 70 000 "
              "topics needs about 16 MiB");
  table.duration("remoting.idle", settings.remoting.idle, seconds(1), hours(24),
                 "A remoting connection on which nothing went either way for "
                 "this long is closed");
  table.bytes("limits.input", settings.input_budget_bytes, 16 * kMiB, 64 * kGiB,
              "Input of all connections together that is not a complete frame "
              "yet; who goes beyond it is closed");
  table.bytes("limits.output", settings.write_limit_bytes, kMiB, 16 * kGiB,
              "Output that one connection may leave unread before it is "
              "closed");
  table.number("limits.connections", settings.connections_max, 1, 10'000'000,
               "Connections of one I/O thread");
  table.duration("limits.first-frame", settings.first_frame_timeout,
                 milliseconds(100), hours(1),
                 "A connection that has sent no complete frame after this long "
                 "is closed");
  table.bytes("limits.route-cache", settings.route_cache_bytes, kMiB, 64 * kGiB,
              "Encoded routes kept by each I/O thread");
  store::HardStateLimits& kept = settings.service.hard_state;
  table.number(
      "limits.kv-entries", kept.entries_max, 1, 10'000'000,
      "Entries and namespaces of the key-value configuration together");
  table.bytes("limits.kv-total", kept.bytes_max, kKiB, kGiB,
              "Names, keys and values of the key-value configuration together");
  table.bytes("limits.kv-value", kept.value_bytes_max, 1, 16 * kMiB,
              "Largest value of the key-value configuration");
}

}  // namespace

void declare_options(ServerSettings& settings, base::OptionTable& table) {
  table.endpoint("listen", settings.listen,
                 "Service address for brokers and clients; port 0 takes a free "
                 "one, which <data-dir>/address tells");
  table.text("data-dir", settings.data_dir,
             "Directory for what survives a restart; made if missing, used by "
             "one process at a time");
  table.text("name", settings.name,
             "Name shown to people; host:port of the service address when "
             "empty");
  table.text("rocketmq-config", settings.rocketmq_config,
             "Properties file of a RocketMQ nameserver (also -c): keys that "
             "mean something here act, unless an option says otherwise; the "
             "log names the others");
  table.text("rocketmq-kv-import", settings.kv_import_file,
             "RocketMQ's kvConfig.json, taken over when the data directory is "
             "fresh; kvConfigPath of the properties file says the same");
  table.flag("admin.allow-on-service-port", settings.native.changes_allowed,
             "Let tools change configuration, permissions and topics over the "
             "service port, as RocketMQ's nameserver does; off: its clients "
             "and brokers may be strangers");
  table.number("io.threads", settings.io_threads, 0, 1024,
               "Threads that serve connections; 0: one for each core that it "
               "may use (taskset, cpusets)");
  table.number("io.decode-threads", settings.decode_threads, 1, 64,
               "Threads that decode large registrations");
  declare_liveness(settings, table);
  table.duration("starting.max-wait",
                 settings.service.lifecycle.starting_max_wait,
                 base::Duration::zero(), hours(1),
                 "How long a restarted nameserver waits for the brokers it "
                 "knew before it answers route queries");
  table.flag("starting.wait-for-brokers",
             settings.service.lifecycle.wait_for_roster,
             "Answer no route query after a restart until the brokers known "
             "before are back: part of a route is worse than none");
  table.duration("drain.max-wait", settings.drain_max_wait,
                 base::Duration::zero(), hours(1),
                 "How long SIGTERM waits for clients to move on");
  declare_admin_options(settings.admin, table);
  declare_cluster_options(settings.cluster, table);
  declare_limits(settings, table);
}

void apply_profile(const base::Profile& profile, ServerSettings& settings) {
  settings.service.scan_interval = profile.scan_interval;
  settings.service.registry.broker_expiry = profile.broker_expiry;
  settings.service.registry.agent_expiry = profile.agent_expiry;
  settings.service.registry.suspect_after = profile.suspect_after;
}

base::Status complete(ServerSettings& settings) {
  const auto refuse = [](std::string message, std::string advice) {
    return base::fail(base::ErrorCode::kInvalidArgument, std::move(message),
                      std::move(advice));
  };
  registry::RegistrySettings& registry = settings.service.registry;
  if (settings.data_dir.empty()) {
    return refuse("data-dir is not set",
                  "say --data-dir DIR: a directory of this nameserver's own");
  }
  if (registry.expiry_min > registry.expiry_max) {
    return refuse("liveness.expiry-min is above liveness.expiry-max",
                  "swap them");
  }
  if (registry.suspect_after >= registry.agent_expiry) {
    return refuse("liveness.suspect-after (" +
                      base::format_duration(registry.suspect_after) +
                      ") is not below liveness.agent-expiry (" +
                      base::format_duration(registry.agent_expiry) + ")",
                  "a broker is suspect first and dropped later");
  }
  if (auto cluster = complete_cluster(settings.cluster, settings.name);
      !cluster) {
    return cluster;
  }
  if (auto admin = complete_admin(settings.admin); !admin) return admin;
  registry.tells_holdings = settings.cluster.listen_at.has_value();
  settings.remoting.changes_allowed = settings.native.changes_allowed;
  if (settings.io_threads == 0) settings.io_threads = usable_cores();
  settings.service.server_name = settings.name;  // else once it listens
  lifecycle::LifecycleSettings& lifecycle = settings.service.lifecycle;
  lifecycle.waits_for_peers = !settings.cluster.keeper.peers.empty();
  lifecycle.scan_interval = settings.service.scan_interval;
  lifecycle.smallest_expiry =
      std::min(registry.broker_expiry, registry.agent_expiry);
  return {};
}

bool is_secret(std::string_view key) {
  constexpr std::array<std::string_view, 5> kSecretWords = {
      "secret", "password", "token", "credential", "private"};
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) {
                       return key.find(word) != std::string_view::npos;
                     });
}

void show_settings(const base::OptionTable& table, ServerSettings& settings) {
  auto& java = settings.remoting.configuration.fixed;
  const auto on = [](bool value) { return value ? "true" : "false"; };
  const auto ms = [](base::Duration duration) {
    return std::to_string(base::to_ms(duration));
  };
  const auto whole_seconds = [](base::Duration duration) {
    return std::to_string(
        std::chrono::duration_cast<seconds>(duration).count());
  };
  std::string black_list;
  for (const auto& key : settings.remoting.configuration.black_list) {
    black_list += (black_list.empty() ? "" : ";") + key;
  }
  java = {
      {"bindAddress", settings.listen.host},
      {"listenPort", std::to_string(settings.listen.port)},
      {"configBlackList", black_list},
      {"scanNotActiveBrokerInterval", ms(settings.service.scan_interval)},
      {"serverChannelMaxIdleTimeSeconds",
       whole_seconds(settings.remoting.idle)},
      {"needWaitForService", on(settings.service.lifecycle.wait_for_roster)},
      {"waitSecondsForService",
       whole_seconds(settings.service.lifecycle.starting_max_wait)}};
  settings.native.fixed_settings.clear();
  for (const base::Option& option : table.all()) {
    const std::string value = is_secret(option.key) ? "(hidden)" : option.get();
    settings.native.fixed_settings.push_back({option.key, value, false});
    java.emplace_back(option.key, value);
  }
}

}  // namespace waypost::server
