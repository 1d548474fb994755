#include "namesrv/partition/mode.h"

#include <algorithm>
#include <cstddef>

namespace waypost::partition {

Family family_of(Mode mode) {
  return mode < Mode::kStaticQuorum ? Family::kPause : Family::kDowning;
}

std::string_view mode_name(Mode mode) {
  return mode_names()[static_cast<std::size_t>(mode)];
}

const std::vector<std::string>& mode_names() {
  static const std::vector<std::string> names = {
      "ignore",      "pause-minority", "pause-if-all-down",
      "autoheal",    "static-quorum",  "keep-majority",
      "keep-oldest", "down-all",       "lease-majority"};
  return names;
}

base::Result<Mode> parse_mode(std::string_view text) {
  std::string wanted(text);
  std::replace(wanted.begin(), wanted.end(), '_', '-');
  const auto& names = mode_names();
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found != names.end()) return static_cast<Mode>(found - names.begin());
  if (wanted.find(',') != std::string::npos) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "partition handling '" + std::string(text) +
                          "' is a list, but exactly one mode can hold",
                      "two policies of one group fight; choose one");
  }
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "there is no partition handling '" + std::string(text) +
                        "'; allowed: " + all);
}

ModeAtRunTime mode_at_run_time(std::string_view text) {
  const auto mode = parse_mode(text);
  if (mode) return {*mode, std::nullopt};
  return {Mode::kIgnore, mode.error().message + "; treated as ignore"};
}

}  // namespace waypost::partition
