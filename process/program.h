#ifndef WAYPOST_PROCESS_PROGRAM_H_
#define WAYPOST_PROCESS_PROGRAM_H_

#include <string>
#include <string_view>
#include <vector>

namespace waypost::process {

struct Example {
  std::string command;  // without the program's name
  std::string effect;   // what it does, half a sentence
};

struct ExitStatus {
  int status = 0;
  std::string meaning;
};

struct ShortFlag {
  char letter = 0;
  std::string key;
};

// Keys that must come from somewhere unless another one does.
struct RequiredWithout {
  std::string other;
  std::vector<std::string> keys;
};

// What --help tells about a program besides its options.
struct Program {
  std::string name;                   // "waypost-namesrv"
  std::string summary;                // half a sentence, for the first line
  std::vector<std::string> synopsis;  // one usage each, without the name
  std::vector<Example> examples;
  std::vector<std::string> notes;  // paragraphs: signals, files, words
  // Besides 0 and kExitUsage, which every program has.
  std::vector<ExitStatus> exit_statuses;
  std::vector<std::string> required;  // keys that must come from somewhere
  RequiredWithout required_without;
  std::vector<ShortFlag> short_flags;  // `-o` for `--output`
  bool takes_words = false;            // arguments that are no flags
};

inline constexpr int kExitSuccess = 0;
// The command line, the environment or the configuration file is wrong; nothing
// was done.
inline constexpr int kExitUsage = 2;

// The version of this build, "0.1.0".
std::string_view program_version();

}  // namespace waypost::process

#endif  // WAYPOST_PROCESS_PROGRAM_H_
