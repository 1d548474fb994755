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
#include "base/units.h"

namespace waypost::base {

// One option as people see it. `set` checks and stores; `get` prints the
// current value in the form that `set` reads.
struct Option {
  std::string key;
  std::string type;     // "duration", "bytes", "number", "text", "on|off", ...
  std::string allowed;  // "100ms to 1h", "on, off", ""; for messages and docs
  std::string help;     // one sentence of effect and advice
  std::string default_text;
  // A list: the first value replaces the default, each further one is added.
  bool repeatable = false;
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
              const std::vector<std::string>& names, std::string help);
  // Anything else. Declaring a key twice is a bug of ours, here as above.
  void custom(Option option);

  // Sets one option by key. The error names the key, the value and what is
  // allowed; an unknown key suggests the nearest.
  Status set(std::string_view key, std::string_view value);

  const Option* find(std::string_view key) const;
  const std::deque<Option>& all() const { return options_; }  // as declared

  // "unknown key 'livness.scan-interval'", with the advice "did you mean ...?"
  // when there is a key near enough for that.
  Error unknown_key(std::string_view key) const;

  // The key with the smallest edit distance; null when none is near enough to
  // be what was meant.
  const Option* nearest(std::string_view key) const;

 private:
  std::deque<Option> options_;
};

// How many letters must be added, removed, changed or swapped with their
// neighbour to make one of the other.
std::size_t edit_distance(std::string_view one, std::string_view other);

// "liveness.scan-interval" -> "WAYPOST_LIVENESS_SCAN_INTERVAL".
std::string environment_name(std::string_view key);

}  // namespace waypost::base

#endif  // WAYPOST_BASE_OPTIONS_H_
