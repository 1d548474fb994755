#include "admin_cli/run_command.h"

#include <utility>

#include "admin_cli/broker_command.h"
#include "admin_cli/cluster_command.h"
#include "admin_cli/inquiry.h"
#include "admin_cli/ping_command.h"
#include "admin_cli/topic_command.h"

namespace waypost::admin {
namespace {

template <typename T>
using Format = std::string (*)(const Answers<T>& answers);

// How a command's answers become text.
template <typename T>
struct Formats {
  Format<T> table;
  Format<T> json;
};

template <typename T>
Outcome outcome_of(const Answers<T>& answers, const Settings& settings,
                   const Formats<T>& formats) {
  Outcome outcome;
  outcome.exit_status = exit_status_of(answers, settings.all);
  outcome.err = failure_lines(answers);
  outcome.out = settings.form() == OutputForm::kJson ? formats.json(answers)
                                                     : formats.table(answers);
  return outcome;
}

template <typename T>
class Running final : public RunningCommand {
 public:
  Running(const Settings& settings, typename Inquiry<T>::Ask ask,
          Formats<T> formats, std::function<void(Outcome)> on_done)
      : inquiry_(settings.nameservers, settings.all, std::move(ask),
                 [settings, formats,
                  on_done = std::move(on_done)](const Answers<T>& answers) {
                   on_done(outcome_of(answers, settings, formats));
                 }) {
    inquiry_.start();
  }

 private:
  Inquiry<T> inquiry_;
};

}  // namespace

std::unique_ptr<RunningCommand> run_command(
    base::Executor& executor, transport::Network& network,
    const Settings& settings, const Command& command,
    std::function<void(Outcome)> on_done) {
  const AskContext context{executor, network, settings.timeout};
  using base::Endpoint;
  switch (command.kind) {
    case CommandKind::kClusterShow:
      return std::make_unique<Running<model::ClusterView>>(
          settings,
          [context](const Endpoint& nameserver, auto on_answer) {
            return ask_cluster_view(context, nameserver, std::move(on_answer));
          },
          Formats<model::ClusterView>{cluster_table, cluster_json},
          std::move(on_done));
    case CommandKind::kBrokerList:
      return std::make_unique<Running<BrokerList>>(
          settings,
          [context, prefix = settings.prefix](const Endpoint& nameserver,
                                              auto on_answer) {
            return ask_brokers(context, nameserver, prefix,
                               std::move(on_answer));
          },
          Formats<BrokerList>{broker_table, broker_json}, std::move(on_done));
    case CommandKind::kTopicList:
      return std::make_unique<Running<TopicList>>(
          settings,
          [context, prefix = settings.prefix](const Endpoint& nameserver,
                                              auto on_answer) {
            return ask_topics(context, nameserver, prefix,
                              std::move(on_answer));
          },
          Formats<TopicList>{topic_table, topic_json}, std::move(on_done));
    case CommandKind::kTopicRoute:
      return std::make_unique<Running<model::VersionedRoute>>(
          settings,
          [context, topic = command.topic](const Endpoint& nameserver,
                                           auto on_answer) {
            return ask_route(context, nameserver, topic, std::move(on_answer));
          },
          Formats<model::VersionedRoute>{route_table, route_json},
          std::move(on_done));
    case CommandKind::kPing:
      break;
  }
  return std::make_unique<Running<PingAnswer>>(
      settings,
      [context](const Endpoint& nameserver, auto on_answer) {
        return ask_ping(context, nameserver, std::move(on_answer));
      },
      Formats<PingAnswer>{ping_table, ping_json}, std::move(on_done));
}

}  // namespace waypost::admin
