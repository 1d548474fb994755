#ifndef WAYPOST_PROCESS_CONFIG_FILE_H_
#define WAYPOST_PROCESS_CONFIG_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace waypost::process {

// One line `a.b-c = value` of a configuration file.
struct ConfigLine {
  std::string key;
  std::string value;
  std::string place;  // "FILE:LINE", to start an error with
};

// Reads lines `a.b-c = value`. Blank lines and lines whose first mark is '#'
// are skipped; blanks around key and value are dropped; everything after the
// '=' belongs to the value, also a '#'. The error starts with "FILE:LINE: ".
base::Result<std::vector<ConfigLine>> parse_config(std::string_view text,
                                                   std::string_view file);

// The same from a file of at most 1 MiB.
base::Result<std::vector<ConfigLine>> read_config_file(const std::string& file);

}  // namespace waypost::process

#endif  // WAYPOST_PROCESS_CONFIG_FILE_H_
