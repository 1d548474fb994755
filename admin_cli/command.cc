#include "admin_cli/command.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/options.h"
#include "wire/model/topic.h"

namespace waypost::admin {
namespace {

struct Form {
  CommandKind kind;
  std::string_view name;
  std::string_view argument;  // empty: none
  std::string_view effect;
};

constexpr std::array<Form, 5> kForms = {{
    {CommandKind::kClusterShow, "cluster show", "",
     "state and table size of a nameserver; with --all of each, also of those "
     "that do not answer, and whether they differ"},
    {CommandKind::kBrokerList, "broker list", "",
     "brokers with their address, health and silence; --prefix narrows by "
     "name"},
    {CommandKind::kTopicList, "topic list", "",
     "topics with their queues; --prefix narrows by name"},
    {CommandKind::kTopicRoute, "topic route", "TOPIC",
     "the brokers that serve a topic, as clients are told"},
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
  if (!form.argument.empty()) usage += " " + std::string(form.argument);
  return usage;
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
  const auto name_words = static_cast<std::size_t>(
      1 + std::count(form->name.begin(), form->name.end(), ' '));
  const std::size_t wanted = name_words + (form->argument.empty() ? 0 : 1);
  if (words.size() < wanted) {
    return usage_error(
        std::string(form->name) + " needs " + std::string(form->argument),
        "usage: " + usage_of(*form));
  }
  if (words.size() > wanted) {
    return usage_error("'" + words[wanted] + "' is too much",
                       "usage: " + usage_of(*form));
  }
  Command command;
  command.kind = form->kind;
  if (!form->argument.empty()) {
    const base::Status right = model::check_name("topic name", words.back());
    if (!right) return tl::unexpected(right.error());
    command.topic = model::TopicName(words.back());
  }
  return command;
}

const std::vector<CommandHelp>& command_help() {
  static const std::vector<CommandHelp> help = [] {
    std::vector<CommandHelp> all;
    for (const Form& form : kForms) {
      all.push_back({usage_of(form), std::string(form.effect)});
    }
    return all;
  }();
  return help;
}

}  // namespace waypost::admin
