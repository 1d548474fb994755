#include "process/help_text.h"

#include <algorithm>
#include <utility>

namespace waypost::process {
namespace {

using base::Option;
using base::OptionTable;

// The options that share what stands before the first dot of their keys.
struct Group {
  std::string name;  // empty: keys without a dot
  std::vector<const Option*> options;
};

std::vector<Group> grouped(const OptionTable& table) {
  std::vector<Group> groups;
  for (const Option& option : table.all()) {
    const auto dot = option.key.find('.');
    const std::string name =
        dot == std::string::npos ? "" : option.key.substr(0, dot);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Group& g) { return g.name == name; });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), Group{name, {}});
    }
    group->options.push_back(&option);
  }
  return groups;
}

bool is_switch(const Option& option) { return option.type == "on|off"; }

// What stands for the value in the synopsis of a flag.
std::string placeholder(const Option& option) {
  if (is_switch(option)) return "[=on|off]";
  const std::pair<std::string_view, std::string_view> names[] = {
      {"duration", " TIME"},     {"bytes", " SIZE"},
      {"number", " N"},          {"address", " HOST:PORT"},
      {"choice", " CHOICE"},     {"list of addresses", " HOST:PORT,..."},
      {"file", " FILE"},         {"name", " NAME"},
      {"list of texts", " TEXT"}};
  for (const auto& [type, name] : names) {
    if (option.type == type) return std::string(name);
  }
  return " TEXT";
}

std::string flag_text(const Program& program, const Option& option) {
  std::string text = "--" + option.key + placeholder(option);
  for (const ShortFlag& flag : program.short_flags) {
    if (flag.key == option.key)
      text.insert(0, std::string("-") + flag.letter + ", ");
  }
  return text;
}

bool is_required(const Program& program, const Option& option) {
  return std::find(program.required.begin(), program.required.end(),
                   option.key) != program.required.end();
}

bool is_required_without(const Program& program, const Option& option) {
  const auto& keys = program.required_without.keys;
  return std::find(keys.begin(), keys.end(), option.key) != keys.end();
}

// "120s; fast: 3s".
std::string default_text(const Program& program, const Option& option,
                         const ProfileDefaults& profiles) {
  if (is_required(program, option)) return "required";
  if (is_required_without(program, option)) {
    return "required without " + program.required_without.other;
  }
  std::string text = option.default_text.empty() ? "none" : option.default_text;
  const auto found = profiles.find(option.key);
  if (found == profiles.end()) return text;
  for (const ProfileDefault& each : found->second) {
    text += "; " + each.profile + ": " + each.value;
  }
  return text;
}

// Texts are declared with or without capital and full stop.
std::string sentence(std::string text) {
  if (text.empty()) return text;
  if (text.front() >= 'a' && text.front() <= 'z') {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  return text.back() == '.' ? text : text + ".";
}

std::string option_text(const Program& program, const Option& option,
                        const ProfileDefaults& profiles) {
  std::string facts =
      "Default: " + default_text(program, option, profiles) + ".";
  if (is_required(program, option)) facts = "Required.";
  if (is_required_without(program, option)) {
    facts = "Required without --" + program.required_without.other + ".";
  }
  if (!option.allowed.empty()) facts += sentence(" Allowed: " + option.allowed);
  if (option.repeatable) facts += " May be given several times.";
  return "  " + flag_text(program, option) + "\n" +
         wrapped(sentence(option.help), 6) + wrapped(facts, 6) +
         wrapped(base::environment_name(option.key), 6);
}

std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '<') {
      result += "&lt;";
      continue;
    }
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string markdown_rows(const Program& program,
                          const std::vector<const Option*>& options,
                          const ProfileDefaults& profiles) {
  std::string text =
      "| key | type | default | allowed | what it does |\n"
      "|---|---|---|---|---|\n";
  for (const Option* option : options) {
    const std::string type =
        option->type + (option->repeatable ? ", repeatable" : "");
    text += "| `" + option->key + "` | " + cell(type) + " | " +
            cell(default_text(program, *option, profiles)) + " | " +
            cell(option->allowed) + " | " + cell(sentence(option->help)) +
            " |\n";
  }
  return text + "\n";
}

// The options that take a value; --help and the like explain themselves.
std::vector<const Option*> valued(const OptionTable& table) {
  std::vector<const Option*> options;
  for (const Option& option : table.all()) {
    if (!is_switch(option)) options.push_back(&option);
  }
  return options;
}

std::vector<ExitStatus> all_exit_statuses(const Program& program) {
  std::vector<ExitStatus> all = {
      {kExitSuccess, "success"},
      {kExitUsage,
       "a wrong flag, environment variable or configuration file; nothing was "
       "done"}};
  all.insert(all.end(), program.exit_statuses.begin(),
             program.exit_statuses.end());
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.status < b.status; });
  return all;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent,
                    std::size_t hang) {
  constexpr std::size_t kWidth = 80;
  std::string result;
  std::string line;
  while (!text.empty()) {
    const auto blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    text = blank == std::string_view::npos ? std::string_view{}
                                           : text.substr(blank + 1);
    if (word.empty()) continue;
    if (!line.empty() && line.size() + 1 + word.size() > kWidth) {
      result += line + "\n";
      line.clear();
    }
    const std::size_t margin = result.empty() ? indent : indent + hang;
    line += line.empty() ? std::string(margin, ' ') : " ";
    line += word;
  }
  return line.empty() ? result : result + line + "\n";
}

std::string help_text(const Program& program, const OptionTable& options,
                      const OptionTable& common,
                      const ProfileDefaults& profiles) {
  std::string text =
      wrapped(program.name + " " + std::string(program_version()) + " - " +
                  program.summary,
              0, 4) +
      "\nUsage:\n";
  for (const std::string& line : program.synopsis) {
    text += wrapped(program.name + " " + line, 2, 4);
  }
  if (!program.examples.empty()) text += "\nExamples:\n";
  for (const Example& example : program.examples) {
    // In one line, however long: to be copied.
    text += "  " + program.name + " " + example.command + "\n" +
            wrapped(example.effect, 6);
  }
  for (const std::string& note : program.notes) text += "\n" + wrapped(note, 0);
  text +=
      "\n" + wrapped(
                 "Each option is a flag, an environment variable (the name in "
                 "capitals) and a line `key = value` of the configuration "
                 "file. A flag wins over the environment, that over the file, "
                 "that over the profile, that over the default. Times are "
                 "written 250ms, 1.5s, 2m, 1h; sizes 1000, 64KiB, 16MiB.",
                 0);
  for (const Group& group : grouped(options)) {
    text += "\n" + (group.name.empty() ? "Options" : group.name + ".*") + ":\n";
    for (const Option* option : group.options) {
      text += option_text(program, *option, profiles);
    }
  }
  text += "\nCommon to all programs:\n";
  for (const Option& option : common.all()) {
    text += "  " + std::string(option.key == "help" ? "-h, " : "") + "--" +
            option.key +
            (is_switch(option) ? std::string() : placeholder(option)) + "\n" +
            wrapped(option.help, 6);
  }
  text += "\nExit status:\n";
  for (const ExitStatus& each : all_exit_statuses(program)) {
    const std::string number = std::to_string(each.status);
    text += "  " + number + wrapped(each.meaning, 6).substr(2 + number.size());
  }
  return text;
}

std::string help_markdown(const Program& program, const OptionTable& options,
                          const OptionTable& common,
                          const ProfileDefaults& profiles) {
  std::string text =
      "## " + program.name + "\n\n" + sentence(program.summary) + "\n\n```\n";
  for (const std::string& line : program.synopsis) {
    text += program.name + " " + line + "\n";
  }
  text += "```\n\n";
  for (const Group& group : grouped(options)) {
    if (!group.name.empty()) text += "### " + group.name + "\n\n";
    text += markdown_rows(program, group.options, profiles);
  }
  text += "### Where values come from\n\n" +
          markdown_rows(program, valued(common), profiles) + "Exit status:\n\n";
  for (const ExitStatus& each : all_exit_statuses(program)) {
    text += "- " + std::to_string(each.status) + ": " + each.meaning + "\n";
  }
  return text;
}

}  // namespace waypost::process
