#include "process/config_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace waypost::process {
namespace {

constexpr std::size_t kFileMaxBytes = 1024 * 1024;
constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

base::Result<std::vector<ConfigLine>> parse_config(std::string_view text,
                                                   std::string_view file) {
  std::vector<ConfigLine> lines;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{}
                                         : text.substr(end + 1);
    if (line.empty() || line.front() == '#') continue;
    std::string place = std::string(file) + ":" + std::to_string(number);
    const auto equals = line.find('=');
    const std::string_view key = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos || key.empty()) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        place + ": '" + std::string(line) + "' is no setting",
                        "write key = value, or # before a comment");
    }
    lines.push_back({std::string(key),
                     std::string(trimmed(line.substr(equals + 1))),
                     std::move(place)});
  }
  return lines;
}

base::Result<std::vector<ConfigLine>> read_config_file(
    const std::string& file) {
  const auto close = [](std::FILE* handle) { std::fclose(handle); };
  const std::unique_ptr<std::FILE, decltype(close)> handle(
      std::fopen(file.c_str(), "re"), close);
  const auto failed = [&file](const char* why) {
    return base::fail(base::ErrorCode::kNotFound,
                      "configuration file " + file + ": " + why);
  };
  if (!handle) return failed(std::strerror(errno));
  std::string text(kFileMaxBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), handle.get()));
  if (std::ferror(handle.get()) != 0) return failed(std::strerror(errno));
  if (text.size() > kFileMaxBytes) return failed("it is larger than 1 MiB");
  return parse_config(text, file);
}

}  // namespace waypost::process
