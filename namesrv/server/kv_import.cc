#include "namesrv/server/kv_import.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace waypost::server {
namespace {

constexpr std::uintmax_t kFileMaxBytes = 64UL * 1024 * 1024;

tl::unexpected<base::Error> refuse(const std::string& file,
                                   const std::string& what) {
  return base::fail(base::ErrorCode::kInvalidArgument, file + ": " + what,
                    "it should be a RocketMQ nameserver's kvConfig.json; "
                    "leave kvConfigPath out to start without it");
}

}  // namespace

base::Result<std::vector<store::Change>> parse_kv_config(
    std::string_view text, const std::string& file) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return refuse(file, "not JSON");
  const auto table = json.is_object() ? json.find("configTable") : json.end();
  if (!json.is_object() || table == json.end() || !table->is_object()) {
    return refuse(file, "no object configTable in it");
  }
  std::vector<store::Change> changes;
  for (const auto& [name_space, entries] : table->items()) {
    if (!entries.is_object()) {
      return refuse(file, "namespace '" + name_space + "' is no object");
    }
    // A namespace exists also without entries.
    if (entries.empty()) {
      changes.emplace_back(model::KvChange{name_space, {}, std::nullopt, true});
    }
    for (const auto& [key, value] : entries.items()) {
      if (value.is_null()) continue;
      if (!value.is_string()) {
        return refuse(file, "the value of '" + key + "' is no text");
      }
      changes.emplace_back(
          model::KvChange{name_space, key, value.get<std::string>(), true});
    }
  }
  return changes;
}

base::Result<std::vector<store::Change>> read_kv_config(
    const std::string& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  std::ifstream stream(file, std::ios::binary);
  if (error || !stream) {
    return base::fail(base::ErrorCode::kNotFound, file + " cannot be read",
                      "check the path and its permissions");
  }
  if (size > kFileMaxBytes) return refuse(file, "larger than 64 MiB");
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  return parse_kv_config(text, file);
}

}  // namespace waypost::server
