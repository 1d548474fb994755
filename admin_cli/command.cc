#include "admin_cli/command.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <sstream>

#include "base/options.h"
#include "wire/model/topic.h"

namespace waypost::admin {
namespace {

struct Form {
  CommandKind kind;
  std::string_view name;
  std::string_view arguments;  // "TOPIC", "NAMESPACE KEY", "[NAMESPACE]"
  std::string_view effect;
};

constexpr std::array<Form, 23> kForms = {{
    {CommandKind::kClusterShow, "cluster show", "",
     "state and table size of a nameserver, and its peers where its cluster "
     "port is asked; with --all of each, also of those that do not answer, and "
     "whether they differ"},
    {CommandKind::kClusterList, "cluster list", "",
     "clusters of brokers, with how many groups and brokers they have and how "
     "these are"},
    {CommandKind::kClusterPartitions, "cluster partitions", "",
     "the losses of peers that a nameserver has recorded: who, since when, "
     "until when, seen by whom, what was done; of its cluster port"},
    {CommandKind::kClusterClearPartitions, "cluster clear-partitions", "",
     "clears the records of those that are over"},
    {CommandKind::kClusterForget, "cluster forget", "NAME",
     "a nameserver that will not come back is no peer any more; put to the "
     "cluster port of one that stays, which tells the others"},
    {CommandKind::kClusterReadmit, "cluster readmit", "NAME",
     "a forgotten nameserver may be a peer again"},
    {CommandKind::kBrokerList, "broker list", "",
     "brokers with their address, health and silence; --prefix narrows by "
     "name"},
    {CommandKind::kBrokerPermissions, "broker permissions", "",
     "which broker groups have a permission set by an operator, by whom and "
     "why"},
    {CommandKind::kBrokerWipeWrite, "broker wipe-write", "BROKER",
     "lets nobody write to a broker group any more, also when it registers "
     "again: --reason, --owner, --lapses-after"},
    {CommandKind::kBrokerAddWrite, "broker add-write", "BROKER",
     "lets clients read and write a broker group, whatever it registers"},
    {CommandKind::kBrokerClearPermission, "broker clear-permission", "BROKER",
     "gives a broker group back the permission that it registers"},
    {CommandKind::kTopicList, "topic list", "",
     "topics with their queues; --prefix narrows by name"},
    {CommandKind::kTopicRoute, "topic route", "TOPIC",
     "the brokers that serve a topic, as clients are told"},
    {CommandKind::kTopicDelete, "topic delete", "TOPIC",
     "takes a topic out of the routes until a broker registers it again; "
     "--cluster takes it from one cluster only"},
    {CommandKind::kKvList, "kv list", "[NAMESPACE]",
     "entries of the key-value configuration"},
    {CommandKind::kKvGet, "kv get", "NAMESPACE KEY", "the value of one entry"},
    {CommandKind::kKvPut, "kv put", "NAMESPACE KEY VALUE", "sets one entry"},
    {CommandKind::kKvDelete, "kv delete", "NAMESPACE KEY",
     "takes one entry away"},
    {CommandKind::kKvImport, "kv import", "FILE",
     "sets all entries of a RocketMQ nameserver's kvConfig.json, and takes "
     "none away"},
    {CommandKind::kKvExport, "kv export", "",
     "the entries as a kvConfig.json for a RocketMQ nameserver"},
    {CommandKind::kConfigShow, "config show", "",
     "the settings of a nameserver"},
    {CommandKind::kConfigSet, "config set", "KEY VALUE",
     "changes a setting that may change while a nameserver runs, until it is "
     "restarted"},
    {CommandKind::kPing, "ping", "",
     "whether a nameserver answers, and how fast"},
}};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

std::string usage_of(const Form& form) {
  std::string usage(form.name);
  if (!form.arguments.empty()) usage += " " + std::string(form.arguments);
  return usage;
}

std::vector<std::string> argument_names(const Form& form) {
  std::vector<std::string> names;
  std::istringstream words{std::string(form.arguments)};
  for (std::string name; words >> name;) names.push_back(name);
  return names;
}

std::string all_usages() {
  std::string text;
  for (const Form& form : kForms) {
    if (!text.empty()) text += ", ";
    text += usage_of(form);
  }
  return text;
}

// The words of a form's name are the first of `words`.
bool begins_with_name(const std::vector<std::string>& words, const Form& form) {
  const auto count = static_cast<std::size_t>(
      1 + std::count(form.name.begin(), form.name.end(), ' '));
  return words.size() >= count &&
         joined({words.begin(), words.begin() + static_cast<std::ptrdiff_t>(
                                                    count)}) == form.name;
}

// "did you mean 'broker list'?" where something is near.
std::string advice_for(const std::string& typed) {
  const Form* nearest = nullptr;
  std::size_t least = 4;  // further apart is another word, not a slip
  for (const Form& form : kForms) {
    const std::size_t distance = base::edit_distance(typed, form.name);
    if (distance < least) {
      least = distance;
      nearest = &form;
    }
  }
  if (nearest != nullptr) {
    return "did you mean '" + usage_of(*nearest) + "'?";
  }
  return "commands: " + all_usages();
}

tl::unexpected<base::Error> usage_error(std::string message,
                                        std::string advice) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message),
                    std::move(advice));
}

base::Status check_arguments(const Form& form,
                             const std::vector<std::string>& arguments) {
  const std::vector<std::string> names = argument_names(form);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool optional = names[i].starts_with('[');
    if (i >= arguments.size()) {
      if (optional) break;
      return usage_error(std::string(form.name) + " needs " + names[i],
                         "usage: " + usage_of(form));
    }
    // What a native client may ask for; the other names are a nameserver's to
    // judge, because those of RocketMQ may be anything.
    if (form.kind == CommandKind::kTopicRoute) {
      if (auto ok = model::check_name("topic name", arguments[i]); !ok) {
        return ok;
      }
    } else if (concerns_peers(form.kind)) {
      if (auto ok = model::check_name("nameserver name", arguments[i]); !ok) {
        return ok;
      }
    } else if (arguments[i].empty() && names[i] != "VALUE") {
      return usage_error(names[i] + " is empty", "usage: " + usage_of(form));
    }
  }
  if (arguments.size() > names.size()) {
    return usage_error("'" + arguments[names.size()] + "' is too much",
                       "usage: " + usage_of(form));
  }
  return {};
}

}  // namespace

std::string_view command_name(CommandKind kind) {
  for (const Form& form : kForms) {
    if (form.kind == kind) return form.name;
  }
  return "unknown";
}

base::Result<Command> parse_command(const std::vector<std::string>& words) {
  if (words.empty()) {
    return usage_error("no command given", "commands: " + all_usages());
  }
  const auto form = std::find_if(
      kForms.begin(), kForms.end(),
      [&](const Form& each) { return begins_with_name(words, each); });
  if (form == kForms.end()) {
    return usage_error("unknown command '" + joined(words) + "'",
                       advice_for(joined(words)));
  }
  const auto name_words = static_cast<std::ptrdiff_t>(
      1 + std::count(form->name.begin(), form->name.end(), ' '));
  Command command;
  command.kind = form->kind;
  command.arguments.assign(words.begin() + name_words, words.end());
  if (auto ok = check_arguments(*form, command.arguments); !ok) {
    return tl::unexpected(ok.error());
  }
  return command;
}

bool changes_something(CommandKind kind) {
  switch (kind) {
    case CommandKind::kClusterClearPartitions:
    case CommandKind::kBrokerWipeWrite:
    case CommandKind::kBrokerAddWrite:
    case CommandKind::kBrokerClearPermission:
    case CommandKind::kTopicDelete:
    case CommandKind::kKvPut:
    case CommandKind::kKvDelete:
    case CommandKind::kKvImport:
    case CommandKind::kConfigSet:
      return true;
    default:
      return false;
  }
}

bool concerns_peers(CommandKind kind) {
  switch (kind) {
    case CommandKind::kClusterShow:
    case CommandKind::kClusterPartitions:
    case CommandKind::kClusterClearPartitions:
    case CommandKind::kClusterForget:
    case CommandKind::kClusterReadmit:
      return true;
    default:
      return false;
  }
}

const std::vector<CommandHelp>& command_help() {
  static const std::vector<CommandHelp> help = [] {
    std::vector<CommandHelp> all;
    all.reserve(kForms.size());
    for (const Form& form : kForms) {
      all.push_back({usage_of(form), std::string(form.effect)});
    }
    return all;
  }();
  return help;
}

}  // namespace waypost::admin
