#include "base/options.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/assert.h"

namespace waypost::base {
namespace {

std::string range_text(std::string low, std::string high) {
  return std::move(low) + " to " + std::move(high);
}

Error out_of_range(std::string_view text) {
  return {ErrorCode::kInvalidArgument,
          "'" + std::string(text) + "' is out of range", ""};
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

}  // namespace

void OptionTable::duration(std::string key, Duration& value, Duration min,
                           Duration max, std::string help) {
  Option option;
  option.key = std::move(key);
  option.type = "duration";
  option.allowed = range_text(format_duration(min), format_duration(max));
  option.help = std::move(help);
  option.get = [&value] { return format_duration(value); };
  option.set = [&value, min, max](std::string_view text) -> Status {
    const auto parsed = parse_duration(text);
    if (!parsed) return tl::unexpected(parsed.error());
    if (*parsed < min || *parsed > max) {
      return tl::unexpected(out_of_range(text));
    }
    value = *parsed;
    return {};
  };
  custom(std::move(option));
}

void OptionTable::bytes(std::string key, std::size_t& value, std::size_t min,
                        std::size_t max, std::string help) {
  Option option;
  option.key = std::move(key);
  option.type = "bytes";
  option.allowed = range_text(format_bytes(min), format_bytes(max));
  option.help = std::move(help);
  option.get = [&value] { return format_bytes(value); };
  option.set = [&value, min, max](std::string_view text) -> Status {
    const auto parsed = parse_bytes(text);
    if (!parsed) return tl::unexpected(parsed.error());
    if (*parsed < min || *parsed > max) {
      return tl::unexpected(out_of_range(text));
    }
    value = static_cast<std::size_t>(*parsed);
    return {};
  };
  custom(std::move(option));
}

void OptionTable::number(std::string key, std::int64_t& value, std::int64_t min,
                         std::int64_t max, std::string help) {
  Option option;
  option.key = std::move(key);
  option.type = "number";
  option.allowed = range_text(std::to_string(min), std::to_string(max));
  option.help = std::move(help);
  option.get = [&value] { return std::to_string(value); };
  option.set = [&value, min, max](std::string_view text) -> Status {
    std::int64_t parsed = 0;
    const char* const last = text.data() + text.size();
    const auto result = std::from_chars(text.data(), last, parsed);
    if (result.ec == std::errc::result_out_of_range) {
      return tl::unexpected(out_of_range(text));
    }
    if (result.ec != std::errc{} || result.ptr != last) {
      return fail(ErrorCode::kInvalidArgument,
                  "'" + std::string(text) + "' is not a whole number");
    }
    if (parsed < min || parsed > max) return tl::unexpected(out_of_range(text));
    value = parsed;
    return {};
  };
  custom(std::move(option));
}

void OptionTable::flag(std::string key, bool& value, std::string help) {
  Option option;
  option.key = std::move(key);
  option.type = "on|off";
  option.allowed = "on, off";
  option.help = std::move(help);
  option.get = [&value] { return value ? "on" : "off"; };
  option.set = [&value](std::string_view text) -> Status {
    if (text != "on" && text != "off") {
      return fail(ErrorCode::kInvalidArgument,
                  "'" + std::string(text) + "' is neither on nor off");
    }
    value = text == "on";
    return {};
  };
  custom(std::move(option));
}

void OptionTable::text(std::string key, std::string& value, std::string help) {
  Option option;
  option.key = std::move(key);
  option.type = "text";
  option.help = std::move(help);
  option.get = [&value] { return value; };
  option.set = [&value](std::string_view text) -> Status {
    value = text;
    return {};
  };
  custom(std::move(option));
}

void OptionTable::text_list(std::string key, std::vector<std::string>& value,
                            std::string help) {
  Option option;
  option.key = std::move(key);
  option.type = "list of texts";
  option.help = std::move(help);
  option.repeatable = true;
  option.get = [&value] { return join(value); };
  option.set = [&value, first = true](std::string_view text) mutable -> Status {
    if (std::exchange(first, false)) value.clear();
    value.emplace_back(text);
    return {};
  };
  custom(std::move(option));
}

void OptionTable::endpoint(std::string key, Endpoint& value, std::string help) {
  Option option;
  option.key = std::move(key);
  option.type = "address";
  option.allowed = "host:port, [address]:port for IPv6";
  option.help = std::move(help);
  option.get = [&value] {
    return value.host.empty() ? std::string() : value.to_string();
  };
  option.set = [&value](std::string_view text) -> Status {
    auto parsed = parse_endpoint(text);
    if (!parsed) return tl::unexpected(std::move(parsed).error());
    value = std::move(*parsed);
    return {};
  };
  custom(std::move(option));
}

void OptionTable::endpoints(std::string key, std::vector<Endpoint>& value,
                            std::string help) {
  Option option;
  option.key = std::move(key);
  option.type = "list of addresses";
  option.allowed = "host:port[,host:port...], [address]:port for IPv6";
  option.help = std::move(help);
  option.repeatable = true;
  option.get = [&value] {
    std::string text;
    for (const Endpoint& each : value) {
      if (!text.empty()) text += ",";
      text += each.to_string();
    }
    return text;
  };
  option.set = [&value, first = true](std::string_view text) mutable -> Status {
    auto parsed = parse_endpoints(text);
    if (!parsed) return tl::unexpected(std::move(parsed).error());
    if (std::exchange(first, false)) value.clear();
    for (Endpoint& each : *parsed) {
      if (std::find(value.begin(), value.end(), each) != value.end()) {
        return fail(ErrorCode::kInvalidArgument,
                    "address " + each.to_string() + " is listed twice");
      }
      value.push_back(std::move(each));
    }
    return {};
  };
  custom(std::move(option));
}

void OptionTable::choice(std::string key, std::size_t& value,
                         const std::vector<std::string>& names,
                         std::string help) {
  WAYPOST_ASSERT(value < names.size());
  Option option;
  option.key = std::move(key);
  option.type = "choice";
  option.allowed = join(names);
  option.help = std::move(help);
  option.get = [&value, names] { return names[value]; };
  option.set = [&value, names](std::string_view text) -> Status {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) {
      return fail(ErrorCode::kInvalidArgument,
                  "'" + std::string(text) + "' is not one of the choices");
    }
    value = static_cast<std::size_t>(found - names.begin());
    return {};
  };
  custom(std::move(option));
}

void OptionTable::custom(Option option) {
  WAYPOST_ASSERT(find(option.key) == nullptr);
  WAYPOST_ASSERT(option.set && option.get);
  option.default_text = option.get();
  options_.push_back(std::move(option));
}

Status OptionTable::set(std::string_view key, std::string_view value) {
  const Option* option = find(key);
  if (option == nullptr) return tl::unexpected(unknown_key(key));
  Status status = option->set(value);
  if (status) return status;
  Error error = status.error().with_context(option->key);
  if (!option->allowed.empty()) error.advice = "allowed: " + option->allowed;
  return tl::unexpected(std::move(error));
}

const Option* OptionTable::find(std::string_view key) const {
  const auto found =
      std::find_if(options_.begin(), options_.end(),
                   [&](const Option& option) { return option.key == key; });
  return found == options_.end() ? nullptr : &*found;
}

const Option* OptionTable::nearest(std::string_view key) const {
  // What is longer than any key is no misspelt one, and costs time to compare.
  constexpr std::size_t kCompareMaxBytes = 100;
  if (key.size() > kCompareMaxBytes) return nullptr;
  // A third of the letters wrong is still a typing error; more is another word.
  std::size_t best_distance = std::max<std::size_t>(2, key.size() / 3) + 1;
  const Option* best = nullptr;
  for (const Option& option : options_) {
    const std::size_t distance = edit_distance(key, option.key);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = &option;
  }
  if (best != nullptr) return best;
  // The right word in the wrong group: "scan-interval" for
  // "liveness.scan-interval".
  const std::string_view word = key.substr(key.rfind('.') + 1);
  for (const Option& option : options_) {
    const auto dot = option.key.rfind('.');
    const bool same = dot != std::string::npos && !word.empty() &&
                      std::string_view(option.key).substr(dot + 1) == word;
    if (same) return &option;
  }
  return nullptr;
}

Error OptionTable::unknown_key(std::string_view key) const {
  Error error{ErrorCode::kInvalidArgument,
              "unknown key '" + std::string(key) + "'", ""};
  if (const Option* option = nearest(key)) {
    error.advice = "did you mean '" + option->key + "'?";
  }
  return error;
}

std::size_t edit_distance(std::string_view one, std::string_view other) {
  // Optimal string alignment over three rows of the table.
  std::vector<std::size_t> before(other.size() + 1);
  std::vector<std::size_t> above(other.size() + 1);
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= one.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const std::size_t change = one[i - 1] == other[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && one[i - 1] == other[j - 2] &&
                           one[i - 2] == other[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[other.size()];
}

std::string environment_name(std::string_view key) {
  std::string name = "WAYPOST_";
  for (const char c : key) {
    if (c == '.' || c == '-') {
      name += '_';
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

}  // namespace waypost::base
