#include "admin_cli/ping_command.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "admin_cli/answers_json.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {
namespace {

using Align = TextTable::Align;

double to_ms_exactly(base::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// On one host a round trip is far below a millisecond.
std::string latency_text(base::Duration duration) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.3fms", to_ms_exactly(duration));
  return text.data();
}

void fill_json(Json& json, const PingAnswer& answer) {
  Json& of = json["ping"];
  of["name"] = answer.server_name;
  of["version"] = answer.server_version;
  of["incarnation"] = incarnation_text(answer.incarnation);
  of["state"] = model::server_state_name(answer.state);
  of["state_reason"] = answer.state_reason;
  of["connect_ms"] = to_ms_exactly(answer.connected_after);
  of["round_trip_ms"] = to_ms_exactly(answer.round_trip);
}

}  // namespace

std::string ping_table(const Answers<PingAnswer>& answers) {
  TextTable table({{"NAMESERVER"},
                   {"NAME"},
                   {"STATE"},
                   {"CONNECT", Align::kRight},
                   {"ROUND TRIP", Align::kRight},
                   {"VERSION"},
                   {"REASON"}});
  bool any = false;
  for (const Answer<PingAnswer>& answer : answers) {
    if (!answer.result) continue;
    any = true;
    const PingAnswer& ping = *answer.result;
    table.add_row({answer.nameserver.to_string(), ping.server_name,
                   std::string(model::server_state_name(ping.state)),
                   latency_text(ping.connected_after),
                   latency_text(ping.round_trip), ping.server_version,
                   ping.state_reason});
  }
  return any ? table.to_string() : "";
}

std::string ping_json(const Answers<PingAnswer>& answers) {
  return answers_json(CommandKind::kPing, answers, fill_json);
}

}  // namespace waypost::admin
