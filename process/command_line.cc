#include "process/command_line.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "process/argument_parser.h"
#include "process/config_file.h"
#include "process/help_text.h"

namespace waypost::process {
namespace {

using base::ErrorCode;
using base::Option;
using base::OptionTable;
using base::Status;

// The flags that every program has, and where their values go.
struct CommonOptions {
  bool help = false;
  bool version = false;
  bool markdown = false;
  std::string config;
  std::string profile;
  OptionTable table;

  explicit CommonOptions(bool with_profile) {
    table.flag(kHelpKey, help, "Print this page.");
    table.flag(kVersionKey, version, "Print the version.");
    table.flag(kMarkdownKey, markdown, "Print the options as Markdown tables.");
    named_text(kConfigKey, "file", config,
               "Read `key = value` lines from this file; # starts a comment "
               "line. Also as WAYPOST_CONFIG.");
    if (with_profile) {
      profile = base::Profile{}.name;
      named_text(
          kProfileKey, "name", profile,
          "The set of timing defaults: " + std::string(base::kProfileNames) +
              ". Also as WAYPOST_PROFILE and as a line of the file.");
    }
  }

 private:
  // A text whose type tells what it names.
  void named_text(std::string key, std::string type, std::string& value,
                  std::string help_sentence) {
    Option option;
    option.key = std::move(key);
    option.type = std::move(type);
    option.help = std::move(help_sentence);
    option.get = [&value] { return value; };
    option.set = [&value](std::string_view text) -> Status {
      value = text;
      return {};
    };
    table.custom(std::move(option));
  }
};

// One value that an option gets, and where it came from.
struct Assignment {
  std::string key;
  std::string value;
  std::string place;  // "FILE:12", "WAYPOST_A_B", empty for flags
};

base::Error at(const Assignment& assignment, const base::Error& error) {
  if (assignment.place.empty()) {
    base::Error flag = error;
    flag.message.insert(0, "--");
    return flag;
  }
  return error.with_context(assignment.place);
}

std::vector<std::string_view> profile_names() {
  std::vector<std::string_view> names;
  std::string_view rest = base::kProfileNames;
  while (!rest.empty()) {
    const auto end = rest.find(',');
    names.push_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{}
                                         : rest.substr(end + 2);
  }
  return names;
}

// Reads one command line; one object for one call of parse_command_line.
class Parser {
 public:
  Parser(const Program& program, OptionTable& options,
         const ApplyProfile& apply_profile, const Surroundings& surroundings)
      : program_(program),
        options_(options),
        apply_profile_(apply_profile),
        surroundings_(surroundings),
        common_(static_cast<bool>(apply_profile)) {}

  Status parse(const std::vector<std::string>& arguments) {
    auto parsed = parse_arguments(arguments, program_, options_, common_.table);
    if (!parsed) return tl::unexpected(std::move(parsed).error());
    line_.words = std::move(parsed->words);
    for (FlagValue& flag : parsed->flags) {
      flags_.push_back({std::move(flag.key), std::move(flag.value), ""});
    }
    return read_common()
        .and_then([this] { return read_environment(); })
        .and_then([this] { return read_file(); })
        .and_then([this] { return use_profile(); })
        .and_then([this] { return assign(); })
        .and_then([this] { return check_required(); });
  }

  // Prints help or the version; true when that was asked for.
  bool answer() {
    std::ostream& out = *surroundings_.out;
    if (common_.help) {
      out << help_text(program_, options_, common_.table, profile_defaults());
    } else if (common_.markdown) {
      out << help_markdown(program_, options_, common_.table,
                           profile_defaults());
    } else if (common_.version) {
      out << program_.name << " " << program_version() << "\n";
    }
    return common_.help || common_.markdown || common_.version;
  }

  CommandLine take_line() { return std::move(line_); }

 private:
  Status read_common() {
    for (const char* key : {kConfigKey, kProfileKey}) {
      const std::string name = base::environment_name(key);
      const auto value = surroundings_.environment(name);
      if (common_.table.find(key) == nullptr || !value) continue;
      const Status set = common_.table.set(key, *value);
      if (!set) return tl::unexpected(set.error().with_context(name));
      if (std::string_view(key) == kProfileKey) profile_place_ = name;
    }
    for (const Assignment& flag : flags_) {
      if (common_.table.find(flag.key) == nullptr) continue;
      if (flag.key == kProfileKey) profile_place_ = "--profile";
      const Status set = common_.table.set(flag.key, flag.value);
      if (!set) return tl::unexpected(at(flag, set.error()));
    }
    asked_ = common_.help || common_.version || common_.markdown;
    line_.config_file = common_.config;
    return {};
  }

  Status read_environment() {
    if (asked_) return {};
    for (const Option& option : options_.all()) {
      const std::string name = base::environment_name(option.key);
      const auto value = surroundings_.environment(name);
      if (!value) continue;
      std::string_view rest = *value;
      // A list has a line for each value: no other mark is safe in a command.
      do {
        const auto end =
            option.repeatable ? rest.find('\n') : std::string_view::npos;
        environment_.push_back(
            {option.key, std::string(rest.substr(0, end)), name});
        rest = end == std::string_view::npos ? std::string_view{}
                                             : rest.substr(end + 1);
      } while (!rest.empty());
    }
    return {};
  }

  Status read_file() {
    if (asked_ || common_.config.empty()) return {};
    auto lines = read_config_file(common_.config);
    if (!lines) return tl::unexpected(std::move(lines).error());
    for (ConfigLine& line : *lines) {
      const Assignment assignment{line.key, line.value, line.place};
      if (apply_profile_ && line.key == kProfileKey) {
        if (!profile_place_.empty()) continue;  // flag or environment
        common_.profile = line.value;
        profile_place_ = line.place;
        continue;
      }
      const Option* option = options_.find(line.key);
      if (option == nullptr) {
        return tl::unexpected(at(assignment, options_.unknown_key(line.key)));
      }
      const bool again = !file_keys_.insert(line.key).second;
      if (again && !option->repeatable) {
        return base::fail(ErrorCode::kInvalidArgument,
                          line.place + ": " + line.key + " is set twice",
                          "it takes one value");
      }
      file_.push_back(assignment);
    }
    return {};
  }

  Status use_profile() {
    if (asked_ || !apply_profile_) return {};
    const auto profile = base::find_profile(common_.profile);
    if (!profile) {
      return tl::unexpected(profile.error().with_context(profile_place_));
    }
    apply_profile_(*profile);
    line_.profile = profile->name;
    return {};
  }

  // The weakest source first. A value that a stronger source covers is checked
  // all the same; only lists take the strongest source's values alone.
  Status assign() {
    if (asked_) return {};
    const std::vector<Assignment>* const sources[] = {&file_, &environment_,
                                                      &flags_};
    for (std::size_t i = 0; i < 3; ++i) {
      for (const Assignment& each : *sources[i]) {
        const Option* option = options_.find(each.key);
        if (option == nullptr) continue;  // one of the common ones
        line_.given.insert(each.key);
        bool covered = false;
        for (std::size_t j = i + 1; j < 3; ++j) {
          covered = covered || mentions(*sources[j], each.key);
        }
        if (option->repeatable && covered) continue;
        const Status set = options_.set(each.key, each.value);
        if (!set) return tl::unexpected(at(each, set.error()));
      }
    }
    return {};
  }

  static bool mentions(const std::vector<Assignment>& source,
                       std::string_view key) {
    for (const Assignment& each : source) {
      if (each.key == key) return true;
    }
    return false;
  }

  Status check_required() {
    if (asked_) return {};
    if (auto ok = check_given(program_.required); !ok) return ok;
    const RequiredWithout& without = program_.required_without;
    if (line_.is_given(without.other)) return {};
    return check_given(without.keys);
  }

  Status check_given(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      if (line_.is_given(key)) continue;
      const Option* option = options_.find(key);
      return base::fail(ErrorCode::kInvalidArgument, "--" + key + " is missing",
                        option == nullptr ? "" : option->help);
    }
    return {};
  }

  // Tries each profile on the program's settings; the program is about to end.
  ProfileDefaults profile_defaults() {
    ProfileDefaults defaults;
    if (!apply_profile_) return defaults;
    for (const std::string_view name : profile_names()) {
      apply_profile_(*base::find_profile(name));
      for (const Option& option : options_.all()) {
        const std::string value = option.get();
        if (value == option.default_text) continue;
        defaults[option.key].push_back({std::string(name), value});
      }
    }
    return defaults;
  }

  const Program& program_;
  OptionTable& options_;
  const ApplyProfile& apply_profile_;
  const Surroundings& surroundings_;
  CommonOptions common_;
  CommandLine line_;
  std::vector<Assignment> flags_;
  std::vector<Assignment> environment_;
  std::vector<Assignment> file_;
  std::set<std::string> file_keys_;
  std::string profile_place_;  // who named the profile; empty: nobody
  bool asked_ = false;  // for help or the version: nothing else is looked at
};

}  // namespace

std::string_view program_version() { return WAYPOST_VERSION; }

Surroundings process_surroundings() {
  const auto environment =
      [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  return {environment, &std::cout, &std::cerr};
}

CommandLine parse_command_line(int argc, const char* const* argv,
                               const Program& program, OptionTable& options,
                               const ApplyProfile& apply_profile,
                               const Surroundings& surroundings) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0),
                                           argv + argc);
  Parser parser(program, options, apply_profile, surroundings);
  const Status parsed = parser.parse(arguments);
  if (!parsed) {
    std::ostream& err = *surroundings.err;
    err << program.name << ": " << parsed.error().message << "\n";
    if (!parsed.error().advice.empty()) {
      err << "  " << parsed.error().advice << "\n";
    }
    err << "  try '" << program.name << " --help'\n";
    CommandLine line;
    line.exit_status = kExitUsage;
    return line;
  }
  const bool answered = parser.answer();
  CommandLine line = parser.take_line();
  if (answered) line.exit_status = kExitSuccess;
  return line;
}

}  // namespace waypost::process
