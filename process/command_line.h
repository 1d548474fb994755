#ifndef WAYPOST_PROCESS_COMMAND_LINE_H_
#define WAYPOST_PROCESS_COMMAND_LINE_H_

// From argv, environment and file to a filled settings struct. For each option
// the flag wins over the environment, that over the configuration file, that
// over the profile, that over the default in the code:
//
//   Settings settings;
//   base::OptionTable options;
//   declare_options(options, settings);
//   const auto line = process::parse_command_line(
//       argc, argv, program, options,
//       [&](const base::Profile& profile) { apply(profile, settings); });
//   if (line.exit_status) return *line.exit_status;

#include <functional>
#include <iosfwd>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/options.h"
#include "base/profile.h"
#include "process/program.h"

namespace waypost::process {

// Sets what the profile says in the program's settings; it is called before
// file, environment and flags are applied, and for --help with each profile.
using ApplyProfile = std::function<void(const base::Profile&)>;

struct CommandLine {
  // Set when there is nothing left to do: help was printed (0), or what is
  // wrong (kExitUsage). main returns it.
  std::optional<int> exit_status;
  std::vector<std::string> words;  // arguments that are no flags, in order
  std::string config_file;         // empty: none
  std::string profile;             // the name; empty: the program has none
  std::set<std::string, std::less<>> given;  // keys set from anywhere

  bool is_given(std::string_view key) const { return given.contains(key); }
};

// Where a command line is read and answered. Tests bring their own.
struct Surroundings {
  std::function<std::optional<std::string>(const std::string& name)>
      environment;
  std::ostream* out;
  std::ostream* err;
};
// The process's environment, standard output and standard error.
Surroundings process_surroundings();

// Understands, besides the table's options: --help (-h), --version,
// --help-markdown (the table as a page), --config FILE and, when
// `apply_profile` is not empty, --profile NAME (both also as WAYPOST_CONFIG and
// WAYPOST_PROFILE, the latter also in the file). `--key value` and
// `--key=value`; an on|off option also as `--key` alone. A wrong value is
// refused with its key, the value and what is allowed; an unknown key suggests
// the nearest. A list takes several flags or lines, or one environment variable
// with a line for each.
CommandLine parse_command_line(
    int argc, const char* const* argv, const Program& program,
    base::OptionTable& options, const ApplyProfile& apply_profile = {},
    const Surroundings& surroundings = process_surroundings());

}  // namespace waypost::process

#endif  // WAYPOST_PROCESS_COMMAND_LINE_H_
