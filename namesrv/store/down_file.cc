#include "namesrv/store/down_file.h"

#include <cerrno>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "namesrv/store/file.h"

namespace waypost::store {
namespace {

constexpr std::size_t kFileMaxBytes = 4UL * 1024 * 1024;

std::string path_in(const std::string& directory) {
  return directory + "/down.json";
}

}  // namespace

base::Result<std::optional<model::PeerNames>> load_down(
    const std::string& directory) {
  const std::string path = path_in(directory);
  const auto text = read_file(path, kFileMaxBytes);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return std::optional<model::PeerNames>();
  const auto json = nlohmann::json::parse(**text, nullptr, false);
  const auto malformed = [&] {
    return base::fail(base::ErrorCode::kMalformed,
                      path +
                          " says in no readable way that this nameserver "
                          "was set to down",
                      "remove it if this nameserver may serve");
  };
  if (!json.is_object() || !json.contains("left_behind") ||
      !json["left_behind"].is_array()) {
    return malformed();
  }
  model::PeerNames names;
  for (const auto& name : json["left_behind"]) {
    if (!name.is_string()) return malformed();
    names.insert(model::PeerName(name.get<std::string>()));
  }
  return std::optional(std::move(names));
}

base::Status save_down(const std::string& directory,
                       const std::optional<model::PeerNames>& left_behind) {
  const std::string path = path_in(directory);
  if (!left_behind) {
    if (std::remove(path.c_str()) == 0 || errno == ENOENT) return {};
    return tl::unexpected(system_error("remove", path));
  }
  nlohmann::json names = nlohmann::json::array();
  for (const model::PeerName& name : *left_behind) {
    names.push_back(name.value());
  }
  nlohmann::json json = nlohmann::json::object();
  json["left_behind"] = std::move(names);
  using Errors = nlohmann::json::error_handler_t;
  return replace_file(path, json.dump(2, ' ', false, Errors::replace) + "\n");
}

}  // namespace waypost::store
