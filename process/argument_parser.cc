#include "process/argument_parser.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

namespace waypost::process {
namespace {

using base::ErrorCode;
using base::Option;
using base::OptionTable;

bool is_switch(const Option& option) { return option.type == "on|off"; }

// What CLI11 takes differently from what our users expect is put right before
// it sees the arguments: `--key=` means an empty value, not the next argument;
// a flag where a value should stand is a forgotten value; `--switch off` is one
// flag, not a switch and a word.
class Normalizer {
 public:
  Normalizer(const Program& program, const OptionTable& options,
             const OptionTable& common)
      : program_(program), options_(options), common_(common) {}

  base::Result<std::vector<std::string>> operator()(
      const std::vector<std::string>& arguments) const {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string argument = long_form(arguments[i]);
      const std::string* next =
          i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
      const Option* option = find(argument);
      if (option == nullptr) {
        result.push_back(argument);
      } else if (argument.ends_with('=')) {
        result.push_back(argument.substr(0, argument.size() - 1));
        result.emplace_back();
      } else if (argument.find('=') != std::string::npos) {
        result.push_back(argument);
      } else if (is_switch(*option)) {
        const bool valued =
            next != nullptr && (*next == "on" || *next == "off");
        result.push_back(argument + "=" + (valued ? *next : "on"));
        if (valued) ++i;
      } else if (next == nullptr || find(*next) != nullptr) {
        return no_value(argument, next);
      } else {
        result.push_back(argument);
        result.push_back(*next);
        ++i;
      }
    }
    return result;
  }

 private:
  // "--output" for "-o"; anything else as it is.
  std::string long_form(const std::string& argument) const {
    if (argument == "-h") return std::string("--") + kHelpKey;
    for (const ShortFlag& flag : program_.short_flags) {
      if (argument == std::string("-") + flag.letter) return "--" + flag.key;
    }
    return argument;
  }

  const Option* find(std::string_view argument) const {
    if (!argument.starts_with("--")) return nullptr;
    std::string_view key = argument.substr(2);
    key = key.substr(0, key.find('='));
    const Option* option = options_.find(key);
    return option != nullptr ? option : common_.find(key);
  }

  static tl::unexpected<base::Error> no_value(const std::string& flag,
                                              const std::string* next) {
    if (next == nullptr) {
      return base::fail(ErrorCode::kInvalidArgument,
                        flag + ": it needs a value");
    }
    return base::fail(
        ErrorCode::kInvalidArgument,
        flag + ": it needs a value, but the flag '" + *next + "' follows",
        "write " + flag + "=" + *next + " if you mean it");
  }

  const Program& program_;
  const OptionTable& options_;
  const OptionTable& common_;
};

base::Error unknown_flag(const std::string& argument,
                         const OptionTable& options,
                         const OptionTable& common) {
  const std::string flag = argument.substr(0, argument.find('='));
  base::Error error{ErrorCode::kInvalidArgument, "unknown flag '" + flag + "'",
                    "see --help"};
  if (!flag.starts_with("--")) return error;
  const std::string key = flag.substr(2);
  const Option* own = options.nearest(key);
  const Option* shared = common.nearest(key);
  const bool take_shared =
      shared != nullptr &&
      (own == nullptr || base::edit_distance(key, shared->key) <
                             base::edit_distance(key, own->key));
  const Option* best = take_shared ? shared : own;
  if (best != nullptr) error.advice = "did you mean '--" + best->key + "'?";
  return error;
}

// "-o,--output" for CLI11.
std::string flag_names(const Program& program, const std::string& key) {
  std::string names;
  for (const ShortFlag& flag : program.short_flags) {
    if (flag.key == key) names = std::string("-") + flag.letter + ",";
  }
  return names + "--" + key;
}

struct Declared {
  const Option* option;
  CLI::Option* flag;
};

void declare(CLI::App& app, const Program& program, const OptionTable& table,
             std::vector<Declared>& declared) {
  for (const Option& option : table.all()) {
    // The callback is CLI11's to call with all values; we read them later. One
    // value for each flag, however many there are: without this a list would
    // take the words that follow, and "[::1]:80" would be split up as a list.
    CLI::Option* flag =
        app.add_option(flag_names(program, option.key),
                       [](const CLI::results_t&) { return true; });
    flag->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    flag->allow_extra_args(false);
    declared.push_back({&option, flag});
  }
}

}  // namespace

base::Result<Arguments> parse_arguments(
    const std::vector<std::string>& arguments, const Program& program,
    const OptionTable& options, const OptionTable& common) {
  // What stands behind "--" are words, whatever they look like.
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  auto normal = Normalizer(program, options, common)({arguments.begin(), end});
  if (!normal) return tl::unexpected(std::move(normal).error());

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<Declared> declared;
  declare(app, program, common, declared);
  declare(app, program, options, declared);
  try {
    // CLI11 takes them from the back.
    std::reverse(normal->begin(), normal->end());
    app.parse(std::move(*normal));
  } catch (const CLI::Error& error) {
    return base::fail(ErrorCode::kInvalidArgument, error.what(), "see --help");
  }

  Arguments result;
  for (const std::string& extra : app.remaining()) {
    if (extra.size() > 1 && extra.front() == '-') {
      return tl::unexpected(unknown_flag(extra, options, common));
    }
    result.words.push_back(extra);
  }
  if (end != arguments.end()) {
    result.words.insert(result.words.end(), end + 1, arguments.end());
  }
  if (!program.takes_words && !result.words.empty()) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "unexpected argument '" + result.words.front() + "'",
                      "values belong to flags, as in --key value");
  }
  for (const Declared& each : declared) {
    const auto& values = each.flag->results();
    if (values.size() > 1 && !each.option->repeatable) {
      return base::fail(ErrorCode::kInvalidArgument,
                        "--" + each.option->key + ": it is given " +
                            std::to_string(values.size()) + " times",
                        "it takes one value");
    }
    for (const std::string& value : values) {
      result.flags.push_back({each.option->key, value});
    }
  }
  return result;
}

}  // namespace waypost::process
