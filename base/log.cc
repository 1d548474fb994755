#include "base/log.h"

#include <optional>
#include <utility>
#include <vector>

namespace waypost::base {
namespace {

constexpr std::array<std::string_view, kLogComponentCount> kComponentNames = {
    "main",  "transport", "rpc",    "registry", "service",
    "agent", "probe",     "client", "cluster"};
constexpr std::array<std::string_view, 6> kLevelNames = {
    "trace", "debug", "info", "warn", "error", "off"};

template <typename Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names,
                              std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

template <std::size_t N>
std::string list_names(const std::array<std::string_view, N>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace

std::string_view log_component_name(LogComponent component) {
  return kComponentNames[static_cast<std::size_t>(component)];
}

std::string_view log_level_name(LogLevel level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

bool parse_log_levels(std::string_view text, LogLevels& levels,
                      std::string& error) {
  std::optional<LogLevel> overall;
  std::vector<std::pair<LogComponent, LogLevel>> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{}
                                           : text.substr(comma + 1);
    const auto equals = word.find('=');
    const std::string_view level_name =
        equals == std::string_view::npos ? word : word.substr(equals + 1);
    const auto level = find_name<LogLevel>(kLevelNames, level_name);
    if (!level) {
      error = "unknown log level '" + std::string(level_name) +
              "', allowed are " + list_names(kLevelNames);
      return false;
    }
    if (equals == std::string_view::npos) {
      overall = level;
      continue;
    }
    const auto component =
        find_name<LogComponent>(kComponentNames, word.substr(0, equals));
    if (!component) {
      error = "unknown log component '" + std::string(word.substr(0, equals)) +
              "', allowed are " + list_names(kComponentNames);
      return false;
    }
    parts.emplace_back(*component, *level);
  }
  if (overall) levels.set_all(*overall);
  for (const auto& [component, level] : parts) levels.set(component, level);
  return true;
}

}  // namespace waypost::base
