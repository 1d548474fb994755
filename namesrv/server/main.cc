#include <cstdio>
#include <utility>

#include "base/log.h"
#include "base/options.h"
#include "namesrv/server/rocketmq_properties.h"
#include "namesrv/server/server.h"
#include "namesrv/server/settings.h"
#include "process/command_line.h"
#include "process/log_sink.h"
#include "process/program.h"

// Read by jemalloc where it is linked. What a burst of registrations needed for
// a moment goes back to the system within seconds; without a thread that does
// it, not before the next burst.
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "background_thread:true";
}

namespace {

waypost::process::Program describe() {
  waypost::process::Program program;
  program.name = "waypost-namesrv";
  program.summary =
      "nameserver: brokers register their topics, clients ask who serves them";
  program.synopsis = {
      "--listen HOST:PORT --data-dir DIR [--profile P] [--config FILE] "
      "[OPTION...]"};
  program.examples = {
      {"--listen 10.0.0.1:9876 --data-dir /var/lib/waypost",
       "serves with RocketMQ's times: a silent broker goes after 120 s"},
      {"--listen 10.0.0.1:9876 --data-dir /var/lib/waypost --profile fast",
       "notices failures in seconds"},
      {"--listen [::1]:0 --data-dir ./ns",
       "takes a free port and tells it in ./ns/address"},
      {"-c namesrv.properties --data-dir /var/lib/waypost",
       "takes the place of a RocketMQ nameserver with its configuration"}};
  program.notes = {
      "Run one nameserver on each of two or more machines, none of them a "
      "broker's: one machine's death shall not take both. Brokers register "
      "with all of them, each serves alone if it must.",
      "SIGTERM tells clients to move on, waits for them (drain.max-wait) and "
      "ends; a second one ends at once. SIGHUP reads log.level again from the "
      "configuration file.",
      "The data directory holds roster.json (the brokers to wait for after a "
      "restart), state.db (configuration and permissions), partitions.db (the "
      "records of partitions), address (the address in use) and a lock."};
  program.exit_statuses = {
      {1,
       "it could not start: the address is taken, the data directory "
       "cannot be used, ..."}};
  program.required = {"data-dir"};
  program.short_flags = {{'c', "rocketmq-config"}};
  return program;
}

int fail_with(const waypost::base::Error& error) {
  std::fprintf(stderr, "waypost-namesrv: %s\n", error.to_string().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace waypost;  // NOLINT: main's own file
  server::ServerSettings settings;
  settings.service.server_version = process::program_version();
  process::LogSettings log_settings;
  base::OptionTable options;
  server::declare_options(settings, options);
  process::declare_log_options(options, log_settings);
  const auto line = process::parse_command_line(
      argc, argv, describe(), options, [&](const base::Profile& profile) {
        server::apply_profile(profile, settings);
      });
  if (line.exit_status) return *line.exit_status;
  server::PropertiesReport properties;
  if (!settings.rocketmq_config.empty()) {
    auto report = server::apply_rocketmq_properties(
        settings.rocketmq_config,
        [&line](std::string_view option) { return line.is_given(option); },
        settings);
    if (!report) {
      std::fprintf(stderr, "waypost-namesrv: %s\n",
                   report.error().to_string().c_str());
      return process::kExitUsage;
    }
    properties = std::move(*report);
  }
  if (auto completed = server::complete(settings); !completed) {
    std::fprintf(stderr, "waypost-namesrv: %s\n",
                 completed.error().to_string().c_str());
    return process::kExitUsage;
  }
  server::show_settings(options, settings);
  auto log = process::ProcessLog::open(log_settings);
  if (!log) return fail_with(log.error());
  properties.log((*log)->logger());

  server::Server server(std::move(settings), (*log)->logger());
  if (auto opened = server.open(); !opened) return fail_with(opened.error());
  server.run([&log, &line] {
    if (auto reloaded = (*log)->reload(line.config_file); !reloaded) {
      (*log)->logger().warn("reload failed; the log goes on as it was",
                            {{"why", reloaded.error().to_string()}});
    }
  });
  return process::kExitSuccess;
}
