#ifndef WAYPOST_TESTS_SCENARIOS_NAMES_H_
#define WAYPOST_TESTS_SCENARIOS_NAMES_H_

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "wire/model/peer.h"

// Between the files' lists of names and ours.
namespace waypost::scenarios {

inline model::PeerName name_of(const nlohmann::json& value) {
  return model::PeerName(value.get<std::string>());
}

inline std::vector<model::PeerName> list_of(const nlohmann::json& values) {
  std::vector<model::PeerName> names;
  for (const auto& each : values) names.push_back(name_of(each));
  return names;
}

inline model::PeerNames set_of(const nlohmann::json& values) {
  const auto names = list_of(values);
  return {names.begin(), names.end()};
}

template <typename Names>
nlohmann::json to_json(const Names& names) {
  nlohmann::json out = nlohmann::json::array();
  for (const model::PeerName& name : names) out.push_back(name.value());
  return out;
}

inline base::Duration ms(const nlohmann::json& value) {
  return std::chrono::milliseconds(value.get<std::int64_t>());
}

}  // namespace waypost::scenarios

#endif  // WAYPOST_TESTS_SCENARIOS_NAMES_H_
