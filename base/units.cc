#include "base/units.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <system_error>
#include <utility>

namespace waypost::base {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first: formatting takes the first that fits.
constexpr Unit kDurationUnits[] = {
    {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000},
    {"ms", 1'000'000},        {"us", 1'000},         {"ns", 1}};
constexpr Unit kByteUnits[] = {{"TiB", std::uint64_t{1} << 40U},
                               {"GiB", std::uint64_t{1} << 30U},
                               {"MiB", std::uint64_t{1} << 20U},
                               {"KiB", std::uint64_t{1} << 10U},
                               {"B", 1}};

constexpr std::string_view kDurationForms = "write 250ms, 1.5s, 2m or 1h";
constexpr std::string_view kByteForms = "write 1000, 64KiB, 16MiB or 1GiB";

template <std::size_t N>
const Unit* find_unit(const Unit (&units)[N], std::string_view name) {
  const auto found =
      std::find_if(std::begin(units), std::end(units),
                   [&](const Unit& unit) { return unit.name == name; });
  return found == std::end(units) ? nullptr : found;
}

tl::unexpected<Error> bad_value(std::string_view text, std::string_view what,
                                std::string_view why, std::string_view advice) {
  return fail(ErrorCode::kInvalidArgument,
              "'" + std::string(text) + "' is not " + std::string(what) + ": " +
                  std::string(why),
              std::string(advice));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits in front of `text`; `text` goes on behind them.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

// `digits` as a number times `factor`; false when that is above `max`.
bool scale(std::string_view digits, std::uint64_t factor, std::uint64_t max,
           std::uint64_t& scaled) {
  std::uint64_t number = 0;
  const auto result =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (result.ec != std::errc{} || number > max / factor) return false;
  scaled = number * factor;
  return true;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  constexpr auto kMax =
      static_cast<std::uint64_t>(std::numeric_limits<Duration::rep>::max());
  if (text == "0") return Duration{0};
  std::string_view rest = text;
  const std::string_view whole = take_digits(rest);
  std::string_view fraction;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
    if (fraction.empty()) rest = ".";
  }
  if (whole.empty()) {
    return bad_value(text, "a duration", "it has no number", kDurationForms);
  }
  if (rest.empty()) {
    return bad_value(text, "a duration", "it has no unit", kDurationForms);
  }
  const Unit* unit = find_unit(kDurationUnits, rest);
  if (unit == nullptr) {
    return bad_value(text, "a duration",
                     "'" + std::string(rest) + "' is no unit", kDurationForms);
  }
  std::uint64_t total = 0;
  if (!scale(whole, unit->factor, kMax, total)) {
    return bad_value(text, "a duration", "it is too large", kDurationForms);
  }
  std::uint64_t digit_worth = unit->factor;
  for (const char digit : fraction) {
    digit_worth /= 10;
    total += digit_worth * static_cast<std::uint64_t>(digit - '0');
  }
  return Duration(static_cast<Duration::rep>(std::min(total, kMax)));
}

std::string format_duration(Duration duration) {
  // Settings are quoted in documents as "120s", so small ones stay in seconds.
  constexpr std::uint64_t kSecondsBelow =
      Duration(std::chrono::minutes(10)).count();
  if (duration == Duration{0}) return "0";
  const bool negative = duration < Duration{0};
  auto count = static_cast<std::uint64_t>(duration.count());
  if (negative) count = 0 - count;  // there is no -Duration::min()
  const std::string sign = negative ? "-" : "";
  for (const Unit& unit : kDurationUnits) {
    const bool too_coarse =
        unit.factor > kDurationUnits[2].factor && count < kSecondsBelow;
    if (too_coarse || count % unit.factor != 0) continue;
    return sign + std::to_string(count / unit.factor).append(unit.name);
  }
  return sign + std::to_string(count) + "ns";
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  std::string_view rest = text;
  const std::string_view digits = take_digits(rest);
  if (digits.empty()) {
    return bad_value(text, "a size", "it has no number", kByteForms);
  }
  const Unit* unit = find_unit(kByteUnits, rest.empty() ? "B" : rest);
  if (unit == nullptr) {
    return bad_value(text, "a size", "'" + std::string(rest) + "' is no unit",
                     kByteForms);
  }
  std::uint64_t bytes = 0;
  if (!scale(digits, unit->factor, std::numeric_limits<std::uint64_t>::max(),
             bytes)) {
    return bad_value(text, "a size", "it is too large", kByteForms);
  }
  return bytes;
}

std::string format_bytes(std::uint64_t bytes) {
  for (const Unit& unit : kByteUnits) {
    if (unit.factor == 1 || bytes < unit.factor || bytes % unit.factor != 0) {
      continue;
    }
    return std::to_string(bytes / unit.factor).append(unit.name);
  }
  return std::to_string(bytes);
}

}  // namespace waypost::base
