#ifndef WAYPOST_NAMESRV_SERVER_SETTINGS_H_
#define WAYPOST_NAMESRV_SERVER_SETTINGS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/options.h"
#include "base/profile.h"
#include "namesrv/handlers/native/native_context.h"
#include "namesrv/handlers/remoting/remoting_context.h"
#include "namesrv/server/admin_settings.h"
#include "namesrv/server/cluster_settings.h"
#include "namesrv/service/name_service.h"

namespace waypost::server {

// All that an operator can set of a nameserver, with its defaults.
struct ServerSettings {
  base::Endpoint listen{"0.0.0.0", 9876};
  std::string data_dir;
  std::string name;  // empty: host:port of `listen`
  // RocketMQ's properties file; empty: none.
  std::string rocketmq_config;
  // RocketMQ's kvConfig.json, taken over into a fresh data directory; empty:
  // none.
  std::string kv_import_file;

  std::int64_t io_threads = 0;  // 0: one for each core
  std::int64_t decode_threads = 1;

  service::NameServiceSettings service;
  ClusterOptions cluster;
  AdminOptions admin;
  handlers::NativeSettings native;
  handlers::RemotingSettings remoting;
  std::size_t route_cache_bytes = 64UL * 1024 * 1024;  // of each I/O thread
  base::Duration drain_max_wait = std::chrono::seconds(3);
  base::Duration first_frame_timeout = std::chrono::seconds(10);
  std::int64_t connections_max = 200'000;
  // Input of all connections that is not a complete frame yet.
  std::size_t input_budget_bytes = 512UL * 1024 * 1024;
  std::size_t write_limit_bytes = 64UL * 1024 * 1024;
};

// Declares every option on `settings`, which must outlive the table.
void declare_options(ServerSettings& settings, base::OptionTable& table);

void apply_profile(const base::Profile& profile, ServerSettings& settings);

// Checks how values relate and derives what follows from them.
base::Status complete(ServerSettings& settings);

// Puts what is set where tools can ask for it over either protocol: every
// option of the table, and RocketMQ's names for those that it has. The values
// of secrets are not shown. After complete().
void show_settings(const base::OptionTable& table, ServerSettings& settings);

// Whether an option's value is nobody else's business, by its key.
bool is_secret(std::string_view key);

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_SETTINGS_H_
