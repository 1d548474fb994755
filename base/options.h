#ifndef WAYPOST_BASE_OPTIONS_H_
#define WAYPOST_BASE_OPTIONS_H_

// Options, declared once. A key `a.b-c` is the flag `--a.b-c`, the environment
// variable WAYPOST_A_B_C, the file line `a.b-c = value`, a row of
// docs/options.md and a line of --help; all of them read this table. Parsing
// the command line and files is process/command_line.h's business; the SDK sets
// options by key.

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::base {

// "1.5s", "250ms", "2m", "1h", "10us"; a bare "0" is zero, any other bare
// number an error (no unit is guessed).
Result<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);

// "64KiB", "16MiB", "1GiB", "1000"; bytes.
Result<std::uint64_t> parse_bytes(std::string_view text);
std::string format_bytes(std::uint64_t bytes);

// One option as people see it. `set` checks and stores; `get` prints the
// current value in the form that `set` reads.
struct Option {
  std::string key;
  std::string type;     // "duration", "bytes", "number", "text", "on|off", ...
  std::string allowed;  // "100ms to 1h", "on, off", ""; for messages and docs
  std::string help;     // one sentence of effect and advice
  std::string default_text;
  bool repeatable = false;  // a list: each further value is added
  std::function<Status(std::string_view)> set;
  std::function<std::string()> get;
};

// Options bound to the variables of a settings struct, which must outlive the
// table. A variable's value at declaration is the option's default. Not
// thread-safe.
class OptionTable {
 public:
  void duration(std::string key, Duration& value, Duration min, Duration max,
                std::string help);
  void bytes(std::string key, std::size_t& value, std::size_t min,
             std::size_t max, std::string help);
  void number(std::string key, std::int64_t& value, std::int64_t min,
              std::int64_t max, std::string help);
  void flag(std::string key, bool& value, std::string help);  // on|off
  void text(std::string key, std::string& value, std::string help);
  void text_list(std::string key, std::vector<std::string>& value,
                 std::string help);
  void endpoint(std::string key, Endpoint& value, std::string help);
  void endpoints(std::string key, std::vector<Endpoint>& value,
                 std::string help);
  // One of `names`; stores the index.
  void choice(std::string key, std::size_t& value,
              std::vector<std::string> names, std::string help);
  // Anything else.
  void custom(Option option);

  // Sets one option by key. The error names the key, the value and what is
  // allowed; an unknown key suggests the nearest.
  Status set(std::string_view key, std::string_view value);

  const Option* find(std::string_view key) const;
  const std::deque<Option>& all() const { return options_; }  // as declared

  // "unknown key 'livness.scan-interval', did you mean ...?".
  Error unknown_key(std::string_view key) const;

 private:
  std::deque<Option> options_;
};

// "liveness.scan-interval" -> "WAYPOST_LIVENESS_SCAN_INTERVAL".
std::string environment_name(std::string_view key);

}  // namespace waypost::base

#endif  // WAYPOST_BASE_OPTIONS_H_
