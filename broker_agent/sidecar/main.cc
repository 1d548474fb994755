#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/options.h"
#include "broker_agent/runtime/agent_options.h"
#include "broker_agent/runtime/agent_runner.h"
#include "broker_agent/sidecar/duty.h"
#include "process/command_line.h"
#include "process/log_sink.h"
#include "process/program.h"
#include "wire/transport/loop.h"

namespace {

using namespace waypost;  // NOLINT: main's own file

process::Program describe() {
  process::Program program;
  program.name = "waypost-agent";
  program.summary =
      "registers a broker with all nameservers and watches its health, or "
      "only watches a broker that registers itself";
  program.synopsis = {
      "--nameservers H:P,H:P --cluster C --broker-name B [--broker-id N] "
      "--broker-address H:P --topics FILE [--zone Z] [--probe KIND]... "
      "[--on-exit unregister|keep] [--profile P] [--config FILE] [OPTION...]",
      "--nameservers H:P,H:P --observe H:P[,H:P...] [--probe KIND]... "
      "[--profile P] [--config FILE] [OPTION...]"};
  program.examples = {
      {"--nameservers 10.0.0.1:9876,10.0.0.2:9876 --cluster c1 --broker-name "
       "broker-a --broker-address 10.0.0.5:1883 --topics topics.json --probe "
       "mqtt",
       "registers an MQTT broker; when it hangs it is out of the routes in "
       "under 5 s"},
      {"... --probe 'tcp-exchange:PING\\r\\n/+PONG'",
       "sends a line to the broker and waits for its answer"},
      {"... --probe tcp --probe 'command:/usr/local/bin/check --quick'",
       "all probes must pass"},
      {"--nameservers 10.0.0.1:9876,10.0.0.2:9876 --observe "
       "10.0.0.5:10911,10.0.0.6:10911",
       "watches two RocketMQ brokers; one that hangs is out of the routes in "
       "under 5 s"}};
  program.notes = {
      "The topic file is {\"topics\": [{\"name\": \"orders\", \"read_queues\": "
      "4, \"write_queues\": 4, \"permission\": \"rw\"}]}; only the name is "
      "required. It is read again when it changes and on SIGHUP; a broken file "
      "keeps the topics as they were and is logged with its line.",
      "SIGTERM tells the nameservers goodbye (see on-exit), within "
      "agent.stop-timeout; a second one ends at once.",
      "Do not run a nameserver on the broker's machine: when the machine "
      "hangs, nobody is left to notice."};
  program.exit_statuses = {{1, "it could not start, the log says why"}};
  program.required = {"nameservers"};
  program.required_without = {
      "observe", {"cluster", "broker-name", "broker-address", "topics"}};
  return program;
}

int refuse(const base::Error& error) {
  std::fprintf(stderr, "waypost-agent: %s\n", error.to_string().c_str());
  return process::kExitUsage;
}

struct Options {
  agent::AgentOptionValues agent;
  std::vector<base::Endpoint> observe;
  std::string topics;
  std::size_t on_exit = 0;
  process::LogSettings log;
};

void declare(base::OptionTable& table, Options& options) {
  agent::declare_options(table, options.agent);
  table.endpoints("observe", options.observe,
                  "Register nothing, but watch brokers that register "
                  "themselves, such as RocketMQ's, and tell the nameservers "
                  "when one hangs: their addresses as they register them, "
                  "separated by commas. Best from another machine than theirs");
  table.text("topics", options.topics, "JSON file with the broker's topics");
  table.choice("on-exit", options.on_exit, {"unregister", "keep"},
               "At SIGTERM take the broker out of the routes, or keep it there "
               "for the next agent (an upgrade of the sidecar)");
  process::declare_log_options(table, options.log);
}

// Runs the duty on the loop until it has been told to stop and has.
class Sidecar {
 public:
  Sidecar(transport::Loop& loop, agent::Duty& duty, process::ProcessLog& log,
          std::string config_file)
      : loop_(loop),
        duty_(duty),
        log_(log),
        logger_(log.logger(base::LogComponent::kAgent)),
        config_file_(std::move(config_file)) {}

  void run() {
    // First, so that whoever has seen us start may end us in order.
    const auto on_term = loop_.on_signal(SIGTERM, [this] { stop(); });
    const auto on_int = loop_.on_signal(SIGINT, [this] { stop(); });
    const auto on_hup = loop_.on_signal(SIGHUP, [this] { reload(); });
    duty_.start();
    loop_.run();
  }

 private:
  void stop() {
    if (stopping_) return loop_.stop();  // asked twice: at once
    stopping_ = true;
    duty_.stop([this] { loop_.stop(); });
  }

  void reload() {
    if (stopping_) return;
    logger_.info("reads topics and log level again, as SIGHUP asked");
    duty_.reload();
    if (auto reloaded = log_.reload(config_file_); !reloaded) {
      logger_.warn("the log goes on as it was",
                   {{"why", reloaded.error().to_string()}});
    }
  }

  transport::Loop& loop_;
  agent::Duty& duty_;
  process::ProcessLog& log_;
  const base::Logger logger_;
  const std::string config_file_;
  bool stopping_ = false;
};

// Checked before anything is opened.
struct Plan {
  std::vector<agent::AgentSettings> observed;  // empty: registers
  agent::AgentSettings registered;
};

base::Result<Plan> make_plan(const Options& options) {
  Plan plan;
  if (options.observe.empty()) {
    auto settings = agent::complete(options.agent);
    if (!settings) return tl::unexpected(settings.error());
    plan.registered = std::move(*settings);
    return plan;
  }
  if (!options.topics.empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "topics means nothing together with observe",
                      "an observed broker registers its topics itself");
  }
  for (const base::Endpoint& address : options.observe) {
    auto settings = agent::complete_observer(options.agent, address);
    if (!settings) return tl::unexpected(settings.error());
    plan.observed.push_back(std::move(*settings));
  }
  return plan;
}

base::Result<std::unique_ptr<agent::Duty>> make_duty(transport::Loop& loop,
                                                     const Options& options,
                                                     Plan plan,
                                                     base::Logger logger) {
  if (!plan.observed.empty()) {
    return agent::make_observing(loop, std::move(plan.observed), logger);
  }
  return agent::make_registering(
      loop, std::move(plan.registered), options.topics,
      options.on_exit == 0 ? agent::Leave::kUnregister : agent::Leave::kKeep,
      logger);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  base::OptionTable table;
  declare(table, options);
  const auto line = process::parse_command_line(
      argc, argv, describe(), table, [&](const base::Profile& profile) {
        agent::apply_profile(profile, options.agent);
      });
  if (line.exit_status) return *line.exit_status;
  auto plan = make_plan(options);
  if (!plan) return refuse(plan.error());
  auto log = process::ProcessLog::open(options.log);
  if (!log) return refuse(log.error());

  const auto loop = transport::Loop::create();
  if (!loop) {
    std::fprintf(stderr, "waypost-agent: no descriptors or memory left\n");
    return 1;
  }
  const auto duty = make_duty(*loop, options, std::move(*plan),
                              (*log)->logger(base::LogComponent::kAgent));
  if (!duty) return refuse(duty.error());
  Sidecar(*loop, **duty, **log, line.config_file).run();
  return process::kExitSuccess;
}
