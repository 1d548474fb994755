#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/options.h"
#include "broker_agent/core/text.h"
#include "broker_agent/runtime/agent_options.h"
#include "broker_agent/runtime/agent_runner.h"
#include "broker_agent/sidecar/topic_file.h"
#include "broker_agent/sidecar/topic_watcher.h"
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
      "registers a broker beside it with all nameservers and watches its "
      "health";
  program.synopsis = {
      "--nameservers H:P,H:P --cluster C --broker-name B [--broker-id N] "
      "--broker-address H:P --topics FILE [--zone Z] [--probe KIND]... "
      "[--on-exit unregister|keep] [--profile P] [--config FILE] [OPTION...]"};
  program.examples = {
      {"--nameservers 10.0.0.1:9876,10.0.0.2:9876 --cluster c1 --broker-name "
       "broker-a --broker-address 10.0.0.5:1883 --topics topics.json --probe "
       "mqtt",
       "registers an MQTT broker; when it hangs it is out of the routes in "
       "under 5 s"},
      {"... --probe 'tcp-exchange:PING\\r\\n/+PONG'",
       "sends a line to the broker and waits for its answer"},
      {"... --probe tcp --probe 'command:/usr/local/bin/check --quick'",
       "all probes must pass"}};
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
  program.required = {"nameservers", "cluster", "broker-name", "broker-address",
                      "topics"};
  return program;
}

int refuse(const base::Error& error) {
  std::fprintf(stderr, "waypost-agent: %s\n", error.to_string().c_str());
  return process::kExitUsage;
}

struct Options {
  agent::AgentOptionValues agent;
  std::string topics;
  std::size_t on_exit = 0;
  process::LogSettings log;
};

void declare(base::OptionTable& table, Options& options) {
  agent::declare_options(table, options.agent);
  table.text("topics", options.topics, "JSON file with the broker's topics");
  table.choice("on-exit", options.on_exit, {"unregister", "keep"},
               "At SIGTERM take the broker out of the routes, or keep it there "
               "for the next agent (an upgrade of the sidecar)");
  process::declare_log_options(table, options.log);
}

std::string join_probes(const std::vector<agent::ProbeSpec>& probes) {
  std::string text;
  for (const auto& probe : probes) {
    if (!text.empty()) text += ',';
    text += probe.name;
  }
  return text.empty() ? "none" : text;
}

// The running sidecar, on its loop.
class Sidecar {
 public:
  Sidecar(transport::Loop& loop, const Options& options,
          agent::AgentSettings settings, process::ProcessLog& log,
          std::string config_file)
      : loop_(loop),
        leave_(options.on_exit == 0 ? agent::Leave::kUnregister
                                    : agent::Leave::kKeep),
        log_(log),
        logger_(log.logger(base::LogComponent::kAgent)),
        config_file_(std::move(config_file)),
        settings_(std::move(settings)),
        watcher_(
            loop, options.topics,
            [this](agent::TopicListPtr topics) {
              if (agent_) agent_->set_topics(std::move(topics));
            },
            logger_),
        first_topics_(agent::read_topic_file(options.topics)) {}

  base::Status run() {
    if (!first_topics_) return tl::unexpected(first_topics_.error());
    const auto topics =
        std::make_shared<const agent::TopicList>(std::move(*first_topics_));
    log_start(topics->size());
    agent_ = std::make_unique<agent::AgentRunner>(
        agent::AgentSurroundings{loop_, loop_.network(),
                                 [this](const auto& arguments, auto on_exit) {
                                   return loop_.spawn(arguments,
                                                      std::move(on_exit));
                                 },
                                 transport::is_local_address, logger_},
        settings_, topics);
    agent_->start();
    watcher_.start();
    const auto on_term = loop_.on_signal(SIGTERM, [this] { stop(); });
    const auto on_int = loop_.on_signal(SIGINT, [this] { stop(); });
    const auto on_hup = loop_.on_signal(SIGHUP, [this] { reload(); });
    loop_.run();
    agent_.reset();
    return {};
  }

 private:
  void log_start(std::size_t topics) {
    const auto& identity = settings_.registration.identity;
    std::string nameservers;
    for (const auto& each : settings_.nameservers) {
      if (!nameservers.empty()) nameservers += ',';
      nameservers += each.to_string();
    }
    logger_.info("agent starts", {{"broker", identity.broker.to_string()},
                                  {"address", identity.address.to_string()},
                                  {"cluster", identity.cluster.value()},
                                  {"topics", topics},
                                  {"probes", join_probes(settings_.probes)},
                                  {"nameservers", nameservers}});
  }

  void stop() {
    if (stopping_) return loop_.stop();  // asked twice: at once
    stopping_ = true;
    logger_.info(
        "agent stops",
        {{"on_exit", leave_ == agent::Leave::kKeep ? "keep" : "unregister"}});
    agent_->stop(leave_, [this] { loop_.stop(); });
  }

  void reload() {
    if (stopping_) return;
    logger_.info("reads topics and log level again, as SIGHUP asked");
    watcher_.reload();
    if (auto reloaded = log_.reload(config_file_); !reloaded) {
      logger_.warn("the log goes on as it was",
                   {{"why", reloaded.error().to_string()}});
    }
  }

  transport::Loop& loop_;
  const agent::Leave leave_;
  process::ProcessLog& log_;
  const base::Logger logger_;
  const std::string config_file_;
  const agent::AgentSettings settings_;
  agent::TopicWatcher watcher_;
  base::Result<agent::TopicList> first_topics_;
  std::unique_ptr<agent::AgentRunner> agent_;
  bool stopping_ = false;
};

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
  auto settings = agent::complete(options.agent);
  if (!settings) return refuse(settings.error());
  auto log = process::ProcessLog::open(options.log);
  if (!log) return refuse(log.error());

  const auto loop = transport::Loop::create();
  if (!loop) {
    std::fprintf(stderr, "waypost-agent: no descriptors or memory left\n");
    return 1;
  }
  Sidecar sidecar(*loop, options, std::move(*settings), **log,
                  line.config_file);
  if (auto ran = sidecar.run(); !ran) return refuse(ran.error());
  return process::kExitSuccess;
}
