#include "namesrv/store/roster_json.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include <nlohmann/json.hpp>

namespace waypost::store {
namespace {

using Json = nlohmann::json;

constexpr const char* kFormat = "waypost-roster";
constexpr std::int64_t kVersion = 1;
// Civil times up to the year 2200 and expiries up to a year fit nanoseconds.
constexpr std::int64_t kTimeMaxMs = 7'258'118'400'000;
constexpr std::int64_t kExpiryMaxMs = 31'622'400'000;
constexpr base::Duration kUnknown{-1};

tl::unexpected<base::Error> malformed(std::string why) {
  return base::fail(base::ErrorCode::kMalformed, std::move(why));
}

base::Result<std::string> text_field(const Json& object, const char* key) {
  const auto field = object.find(key);
  if (field == object.end() || !field->is_string()) {
    return malformed(std::string("a broker without text '") + key + "'");
  }
  return field->get<std::string>();
}

base::Result<std::int64_t> number_field(const Json& object, const char* key,
                                        std::int64_t max) {
  const auto field = object.find(key);
  const bool fits =
      field != object.end() && field->is_number_integer() &&
      !(field->is_number_unsigned() &&
        field->get<std::uint64_t>() > static_cast<std::uint64_t>(max));
  const std::int64_t number = fits ? field->get<std::int64_t>() : -1;
  if (number >= 0) return number;
  return malformed(std::string("a broker without a number '") + key +
                   "' from 0 to " + std::to_string(max));
}

// Any: remoting brokers may have negative ones.
base::Result<std::int64_t> id_field(const Json& object) {
  const auto field = object.find("id");
  if (field == object.end() || !field->is_number_integer() ||
      (field->is_number_unsigned() &&
       field->get<std::uint64_t>() >
           std::uint64_t{std::numeric_limits<std::int64_t>::max()})) {
    return malformed("a broker without a number 'id'");
  }
  return field->get<std::int64_t>();
}

base::Result<lifecycle::RosterEntry> entry_of(const Json& object) {
  if (!object.is_object()) return malformed("a broker that is no object");
  const auto cluster = text_field(object, "cluster");
  if (!cluster) return tl::unexpected(cluster.error());
  const auto name = text_field(object, "broker");
  if (!name) return tl::unexpected(name.error());
  const auto id = id_field(object);
  if (!id) return tl::unexpected(id.error());
  const auto seen = number_field(object, "last_seen_ms", kTimeMaxMs);
  if (!seen) return tl::unexpected(seen.error());
  const auto expiry = number_field(object, "expiry_ms", kExpiryMaxMs);
  if (!expiry) return tl::unexpected(expiry.error());
  lifecycle::RosterEntry entry;
  entry.cluster = model::ClusterName(*cluster);
  entry.broker = {model::BrokerName(*name), model::BrokerId(*id)};
  entry.last_seen = base::WallTime(std::chrono::milliseconds(*seen));
  entry.expiry = std::chrono::milliseconds(*expiry);
  entry.silence = kUnknown;
  if (object.contains("silent_ms")) {
    const auto silent = number_field(object, "silent_ms", kExpiryMaxMs);
    if (!silent) return tl::unexpected(silent.error());
    entry.silence = std::chrono::milliseconds(*silent);
  }
  return entry;
}

// Files of before had no silence: the latest sign of life in them tells best
// when they were written.
void fill_silences(Roster& roster) {
  base::WallTime written;
  for (const auto& entry : roster) written = std::max(written, entry.last_seen);
  for (auto& entry : roster) {
    if (entry.silence == kUnknown) entry.silence = written - entry.last_seen;
  }
}

base::Status check_header(const Json& document) {
  const auto format = document.find("format");
  if (format == document.end() || *format != kFormat) {
    return malformed(std::string("\"format\" is not \"") + kFormat + "\"");
  }
  const auto version = document.find("version");
  if (version == document.end() || !version->is_number_integer()) {
    return malformed("\"version\" is not a number");
  }
  if (*version == kVersion) return {};
  return base::fail(base::ErrorCode::kUnsupported,
                    "it has version " + version->dump() +
                        ", this program "
                        "reads version " +
                        std::to_string(kVersion));
}

base::Result<Roster> roster_of(const Json& document) {
  if (!document.is_object()) return malformed("it is no JSON object");
  if (auto ok = check_header(document); !ok) return tl::unexpected(ok.error());
  const auto brokers = document.find("brokers");
  if (brokers == document.end() || !brokers->is_array()) {
    return malformed("\"brokers\" is not a list");
  }
  Roster roster;
  roster.reserve(brokers->size());
  for (const Json& each : *brokers) {
    auto entry = entry_of(each);
    if (!entry) return tl::unexpected(entry.error());
    roster.push_back(std::move(*entry));
  }
  fill_silences(roster);
  return roster;
}

std::int64_t ms_since_1970(base::WallTime time) {
  return base::to_ms(time.time_since_epoch());
}

}  // namespace

std::string format_roster(const Roster& roster) {
  Json brokers = Json::array();
  for (const lifecycle::RosterEntry& entry : roster) {
    brokers.push_back({{"cluster", entry.cluster.value()},
                       {"broker", entry.broker.broker_name.value()},
                       {"id", entry.broker.broker_id.value()},
                       {"last_seen_ms", ms_since_1970(entry.last_seen)},
                       {"expiry_ms", base::to_ms(entry.expiry)},
                       {"silent_ms", base::to_ms(entry.silence)}});
  }
  const Json document = {{"format", kFormat},
                         {"version", kVersion},
                         {"brokers", std::move(brokers)}};
  // Names of remoting brokers may be any bytes: what is not UTF-8 is replaced,
  // and such a broker is waited for in vain, but not for longer than all are.
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

base::Result<Roster> parse_roster(std::string_view text) {
  if (text.empty()) return malformed("it is empty");
  try {
    return roster_of(Json::parse(text));
  } catch (const Json::exception& error) {
    return malformed(error.what());
  }
}

}  // namespace waypost::store
