#ifndef WAYPOST_TESTS_SCENARIOS_NAMES_H_
#define WAYPOST_TESTS_SCENARIOS_NAMES_H_

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
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

// A scenario's inputs contradict each other: it fails, with this sentence.
inline void require(bool holds, const char* sentence) {
  if (!holds) throw std::invalid_argument(sentence);
}

// Whole units of at least a nanosecond, of less than 30 years.
template <typename Unit>
base::Duration duration_in(const nlohmann::json& value) {
  require(value.is_number_integer(), "a time that is not a whole number");
  constexpr std::int64_t kMost =
      Unit(std::chrono::hours(24 * 365 * 30)).count();
  const auto in_range = [](auto count) {
    return std::cmp_greater_equal(count, -kMost) &&
           std::cmp_less_equal(count, kMost);
  };
  const bool fits = value.is_number_unsigned()
                        ? in_range(value.get<std::uint64_t>())
                        : in_range(value.get<std::int64_t>());
  require(fits, "a time of more than 30 years");
  return Unit(value.get<std::int64_t>());
}

inline base::Duration ms(const nlohmann::json& value) {
  return duration_in<std::chrono::milliseconds>(value);
}

// How many client connections; nullopt for one that could not be read.
inline std::optional<std::uint64_t> count_of(const nlohmann::json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::uint64_t>();
}

}  // namespace waypost::scenarios

#endif  // WAYPOST_TESTS_SCENARIOS_NAMES_H_
