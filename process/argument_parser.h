#ifndef WAYPOST_PROCESS_ARGUMENT_PARSER_H_
#define WAYPOST_PROCESS_ARGUMENT_PARSER_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "base/options.h"
#include "process/program.h"

namespace waypost::process {

struct FlagValue {
  std::string key;
  std::string value;
};

// What stands on a command line, not yet checked against bounds.
struct Arguments {
  std::vector<FlagValue> flags;    // in the order of declaration
  std::vector<std::string> words;  // what is no flag
};

// The flags that every program has beside its own options.
inline constexpr const char* kHelpKey = "help";
inline constexpr const char* kVersionKey = "version";
inline constexpr const char* kMarkdownKey = "help-markdown";
inline constexpr const char* kConfigKey = "config";
inline constexpr const char* kProfileKey = "profile";

// Splits `arguments` (without the program's name) into flags of `options`,
// flags of `common` and words. Errors: an unknown flag, with the nearest; a
// flag without its value; a flag twice that is no list; words where none are
// taken.
base::Result<Arguments> parse_arguments(
    const std::vector<std::string>& arguments, const Program& program,
    const base::OptionTable& options, const base::OptionTable& common);

}  // namespace waypost::process

#endif  // WAYPOST_PROCESS_ARGUMENT_PARSER_H_
