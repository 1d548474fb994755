#include "admin_cli/run_command.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "admin_cli/admin_questions.h"
#include "admin_cli/broker_command.h"
#include "admin_cli/change_command.h"
#include "admin_cli/cluster_command.h"
#include "admin_cli/cluster_list_command.h"
#include "admin_cli/config_command.h"
#include "admin_cli/inquiry.h"
#include "admin_cli/kv_command.h"
#include "admin_cli/partition_command.h"
#include "admin_cli/peer_questions.h"
#include "admin_cli/permission_command.h"
#include "admin_cli/ping_command.h"
#include "admin_cli/topic_command.h"

namespace waypost::admin {
namespace {

using base::Endpoint;

template <typename T>
using Format = std::function<std::string(const Answers<T>& answers)>;

template <typename T>
using Conclude = std::function<Outcome(const Answers<T>& answers)>;

template <typename T>
class Running final : public RunningCommand {
 public:
  Running(const std::vector<Endpoint>& asked, bool all,
          typename Inquiry<T>::Ask ask, Conclude<T> conclude,
          std::function<void(Outcome)> on_done)
      : inquiry_(
            asked, all, std::move(ask),
            [conclude = std::move(conclude), on_done = std::move(on_done)](
                const Answers<T>& answers) { on_done(conclude(answers)); }) {
    inquiry_.start();
  }

 private:
  Inquiry<T> inquiry_;
};

// What making any command needs.
class Runner {
 public:
  // `ports` are the cluster ports of the nameservers, where those were learnt.
  Runner(const AskContext& context, const Settings& settings,
         const Command& command, std::optional<ClusterPorts> ports,
         std::function<void(Outcome)> on_done)
      : context_(context),
        settings_(settings),
        command_(command),
        ports_(std::move(ports)),
        on_done_(std::move(on_done)) {}

  std::unique_ptr<RunningCommand> make();

 private:
  using Made = std::unique_ptr<RunningCommand>;

  Made make_change();
  Made set_permission(model::Permission permission);
  Made export_kv();
  Made forget(bool forgotten);

  // A question of the kind `ask(context, nameserver, arguments..., on_answer)`,
  // and how its answers become text.
  template <typename T, typename Ask, typename... Arguments>
  Made run(Format<T> table, Format<T> json, Ask ask, Arguments... arguments) {
    const bool all = settings_.all || changes_something(command_.kind);
    return conclude_with<T>(
        all,
        [form = settings_.form(), all, table = std::move(table),
         json = std::move(json)](const Answers<T>& answers) {
          Outcome outcome;
          outcome.exit_status = exit_status_of(answers, all);
          outcome.err = failure_lines(answers);
          outcome.out =
              form == OutputForm::kJson ? json(answers) : table(answers);
          return outcome;
        },
        ask, std::move(arguments)...);
  }
  template <typename T, typename Ask, typename... Arguments>
  Made conclude_with(bool all, Conclude<T> conclude, Ask ask,
                     Arguments... arguments) {
    return std::make_unique<Running<T>>(
        asked(), all,
        [context = context_, ports = ports_, ask, arguments...](
            const Endpoint& nameserver, OnAnswer<T> on_answer) {
          if (!ports) {
            return ask(context, nameserver, arguments..., std::move(on_answer));
          }
          const ClusterPort& port = port_of(*ports, nameserver);
          if (port.at) {
            return ask(context, *port.at, arguments..., std::move(on_answer));
          }
          return answer_later(context, [error = port.at.error(),
                                        on_answer = std::move(on_answer)] {
            on_answer(tl::unexpected(error));
          });
        },
        std::move(conclude), std::move(on_done_));
  }
  template <typename Ask, typename... Arguments>
  Made change(Ask ask, Arguments... arguments) {
    return run<Change>(
        change_table,
        [kind = command_.kind](const Answers<Change>& answers) {
          return change_json(kind, answers);
        },
        ask, std::move(arguments)...);
  }

  static const ClusterPort& port_of(const ClusterPorts& ports,
                                    const Endpoint& nameserver) {
    return *std::find_if(ports.begin(), ports.end(), [&](const auto& each) {
      return each.nameserver == nameserver;
    });
  }
  Made show_cluster();

  const std::vector<Endpoint>& asked() const {
    return concerns_peers(command_.kind) && !settings_.cluster_ports.empty()
               ? settings_.cluster_ports
               : settings_.nameservers;
  }
  const std::string& argument(std::size_t index) const {
    return command_.argument(index);
  }

  const AskContext context_;
  const Settings& settings_;
  const Command& command_;
  const std::optional<ClusterPorts> ports_;
  std::function<void(Outcome)> on_done_;
};

Runner::Made Runner::make() {
  switch (command_.kind) {
    case CommandKind::kClusterShow:
      return show_cluster();
    case CommandKind::kClusterPartitions:
      return run<model::PartitionList>(partition_table, partition_json,
                                       ask_partitions,
                                       settings_.cluster_secret);
    case CommandKind::kClusterForget:
      return forget(true);
    case CommandKind::kClusterReadmit:
      return forget(false);
    case CommandKind::kClusterList:
      return run<BrokerList>(cluster_list_table, cluster_list_json, ask_brokers,
                             std::string());
    case CommandKind::kBrokerList:
      return run<BrokerList>(broker_table, broker_json, ask_brokers,
                             settings_.prefix);
    case CommandKind::kBrokerPermissions:
      return run<Overrides>(permission_table, permission_json, ask_overrides,
                            settings_.prefix);
    case CommandKind::kTopicList:
      return run<TopicList>(topic_table, topic_json, ask_topics,
                            settings_.prefix);
    case CommandKind::kTopicRoute:
      return run<model::VersionedRoute>(route_table, route_json, ask_route,
                                        model::TopicName(argument(0)));
    case CommandKind::kKvList: {
      std::optional<std::string> name_space;
      if (!command_.arguments.empty()) name_space = argument(0);
      return run<KvEntries>(kv_list_table, kv_list_json, ask_kv_entries,
                            name_space);
    }
    case CommandKind::kKvGet:
      return run<std::string>(kv_value_table, kv_value_json, ask_kv_value,
                              model::KvGetRequest{argument(0), argument(1)});
    case CommandKind::kKvExport:
      return export_kv();
    case CommandKind::kConfigShow:
      return run<SettingValues>(config_table, config_json, ask_settings);
    case CommandKind::kPing:
      return run<PingAnswer>(ping_table, ping_json, ask_ping);
    default:
      return make_change();
  }
}

Runner::Made Runner::show_cluster() {
  if (!ports_) {
    return run<ClusterShown>(cluster_table, cluster_json, ask_cluster_shown,
                             settings_.cluster_secret);
  }
  // Answers by itself for those whose cluster port is not known.
  Runner direct(context_, settings_, command_, std::nullopt,
                std::move(on_done_));
  return direct.run<ClusterShown>(
      cluster_table, cluster_json,
      [ports = *ports_](const AskContext& context, const Endpoint& nameserver,
                        const std::string& secret,
                        OnAnswer<ClusterShown> on_answer) {
        return ask_cluster_shown_at(context, port_of(ports, nameserver), secret,
                                    std::move(on_answer));
      },
      settings_.cluster_secret);
}

Runner::Made Runner::make_change() {
  switch (command_.kind) {
    case CommandKind::kClusterClearPartitions:
      return change(ask_clear_partitions, settings_.cluster_secret);
    case CommandKind::kBrokerWipeWrite:
      return set_permission({model::Permission::kRead});
    case CommandKind::kBrokerAddWrite:
      return set_permission(
          {model::Permission::kRead | model::Permission::kWrite});
    case CommandKind::kBrokerClearPermission:
      return change(ask_clear_override, model::BrokerName(argument(0)));
    case CommandKind::kTopicDelete: {
      model::DeleteTopicRequest request{model::TopicName(argument(0)), {}};
      if (!settings_.cluster.empty()) {
        request.cluster = model::ClusterName(settings_.cluster);
      }
      return change(ask_delete_topic, std::move(request));
    }
    case CommandKind::kKvPut:
      return change(ask_kv_put,
                    model::KvEntry{argument(0), argument(1), argument(2)});
    case CommandKind::kKvDelete:
      return change(ask_kv_delete,
                    model::KvDeleteRequest{argument(0), argument(1)});
    case CommandKind::kKvImport:
      return change(ask_kv_import, command_.entries);
    default:
      return change(ask_change_setting,
                    model::ChangeSettingRequest{argument(0), argument(1)});
  }
}

Runner::Made Runner::set_permission(model::Permission permission) {
  model::SetOverrideRequest request;
  request.broker_name = model::BrokerName(argument(0));
  request.permission = permission;
  request.owner = settings_.owner;
  request.reason = settings_.reason;
  request.lapses_after = settings_.lapses_after;
  return change(ask_set_override, std::move(request));
}

Runner::Made Runner::forget(bool forgotten) {
  return run<Change>(
      forget_table,
      [kind = command_.kind](const Answers<Change>& answers) {
        return change_json(kind, answers);
      },
      ask_forget_peer, settings_.cluster_secret,
      model::ForgetPeerRequest{model::PeerName(argument(0)), forgotten});
}

// The file of the first nameserver that answers, whatever form is asked for.
Runner::Made Runner::export_kv() {
  return conclude_with<KvEntries>(
      /*all=*/false,
      [](const Answers<KvEntries>& answers) {
        Outcome outcome;
        outcome.exit_status = exit_status_of(answers, /*all=*/false);
        outcome.err = failure_lines(answers);
        if (!answers.back().result) return outcome;
        auto file = write_kv_file(*answers.back().result);
        if (file) {
          outcome.out = std::move(*file);
        } else {
          outcome.exit_status = kExitFailed;
          outcome.err += "waypostctl: " + file.error().message + "\n";
        }
        return outcome;
      },
      ask_kv_entries, std::optional<std::string>());
}

// Learns where the cluster ports are, then asks there.
class FindingPorts final : public RunningCommand {
 public:
  FindingPorts(const AskContext& context, const Settings& settings,
               const Command& command, std::function<void(Outcome)> on_done)
      : inquiry_(
            settings.nameservers,
            settings.all || changes_something(command.kind),
            [context](const Endpoint& nameserver,
                      OnAnswer<model::ClusterView> on_answer) {
              return ask_cluster_view(context, nameserver,
                                      std::move(on_answer));
            },
            [this, context, &settings, &command, on_done = std::move(on_done)](
                const Answers<model::ClusterView>& told) {
              found_ = Runner(context, settings, command,
                              find_cluster_ports(settings.nameservers, told),
                              on_done)
                           .make();
            }) {
    inquiry_.start();
  }

 private:
  std::unique_ptr<RunningCommand> found_;
  Inquiry<model::ClusterView> inquiry_;
};

}  // namespace

std::unique_ptr<RunningCommand> run_command(
    base::Executor& executor, transport::Network& network,
    const Settings& settings, const Command& command,
    std::function<void(Outcome)> on_done) {
  const AskContext context{executor, network, settings.timeout};
  if (concerns_peers(command.kind) && settings.cluster_ports.empty()) {
    return std::make_unique<FindingPorts>(context, settings, command,
                                          std::move(on_done));
  }
  return Runner(context, settings, command, std::nullopt, std::move(on_done))
      .make();
}

}  // namespace waypost::admin
