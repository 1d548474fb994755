#include "namesrv/admin/cluster_json.h"

#include <cstdio>

#include <nlohmann/json.hpp>

namespace waypost::admin_http {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string hex(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx",
                static_cast<unsigned long long>(number));
  return text;
}

std::int64_t unix_ms(base::WallTime time) {
  return base::to_ms(time.time_since_epoch());
}

template <typename Names>
Json names_json(const Names& names) {
  Json list = Json::array();
  for (const auto& name : names) list.push_back(name.value());
  return list;
}

Json endpoints_json(const std::vector<base::Endpoint>& endpoints) {
  Json list = Json::array();
  for (const auto& endpoint : endpoints) list.push_back(endpoint.to_string());
  return list;
}

const char* reach_name(model::PeerReach reach) {
  switch (reach) {
    case model::PeerReach::kReachable:
      return "reachable";
    case model::PeerReach::kUnreachable:
      return "unreachable";
    default:
      return "unknown";
  }
}

Json member_json(const model::MemberListing& member) {
  const model::PeerInfo& info = member.info;
  Json json;
  json["name"] = info.name.value();
  json["self"] = member.self;
  json["reach"] = reach_name(member.reach);
  json["down"] = member.down;
  json["forgotten"] = member.forgotten;
  json["status"] = model::peer_status_name(info.status);
  json["up_number"] = nullptr;
  if (info.up_number != model::kNeverUp) json["up_number"] = info.up_number;
  json["incarnation"] = hex(info.incarnation.value());
  json["cluster_addresses"] = endpoints_json(info.cluster_addresses);
  json["service_addresses"] = endpoints_json(info.service_addresses);
  json["roles"] = info.roles;
  json["zone"] = info.zone;
  json["state"] = model::server_state_name(member.state);
  json["state_reason"] = member.state_reason;
  json["silent_for_ms"] = base::to_ms(member.silent_for);
  json["suspicion"] = member.suspicion;
  json["reached_by"] = names_json(member.reached_by);
  json["brokers_heard"] = member.holdings;
  json["diverges_for_ms"] = nullptr;
  if (member.diverges_for) {
    json["diverges_for_ms"] = base::to_ms(*member.diverges_for);
  }
  return json;
}

Json peers_json(const model::ClusterMembers& peers,
                const SettingTexts& cluster_settings) {
  Json json;
  json["partition_handling"] = peers.partition_handling;
  Json& settings = json["settings"] = Json::object();
  for (const auto& [key, value] : cluster_settings) settings[key] = value;
  json["leader"] = nullptr;
  if (peers.leader) json["leader"] = peers.leader->value();
  json["ready"] = peers.ready;
  json["missing"] = names_json(peers.missing);
  json["netsplits_detected"] = peers.netsplits_detected;
  json["netsplits_resolved"] = peers.netsplits_resolved;
  json["open_partitions"] = peers.open_partitions;
  json["unknown_addresses"] = endpoints_json(peers.unknown);
  json["warnings"] = peers.warnings;
  Json& members = json["members"] = Json::array();
  for (const auto& member : peers.members) {
    members.push_back(member_json(member));
  }
  return json;
}

Json partition_json(const model::PartitionEntry& entry) {
  Json json;
  json["id"] = entry.id;
  json["kind"] = entry.kind;
  json["peers"] = names_json(entry.peers);
  json["seen_by"] = names_json(entry.seen_by);
  json["since_ms"] = unix_ms(entry.since);
  json["until_ms"] = nullptr;
  if (entry.until) json["until_ms"] = unix_ms(*entry.until);
  json["end_unknown"] = entry.end_unknown;
  json["actions"] = entry.actions;
  return json;
}

Json view_json(const Snapshot& snapshot) {
  const model::ClusterView& view = snapshot.view;
  Json json;
  json["name"] = view.server_name;
  json["version"] = view.server_version;
  json["incarnation"] = hex(view.incarnation.value());
  json["state"] = model::server_state_name(view.state);
  json["state_reason"] = view.state_reason;
  json["uptime_ms"] = base::to_ms(view.uptime);
  json["clusters"] = view.clusters;
  json["brokers"] = view.brokers;
  json["direct_brokers"] = snapshot.direct_brokers;
  json["suspect_brokers"] = view.suspects;
  json["unhealthy_brokers"] = view.unhealthy;
  json["topics"] = view.topics;
  json["table_version"] = view.table_version;
  json["brake_releases_in_ms"] = nullptr;
  if (view.brake_releases_in) {
    json["brake_releases_in_ms"] = base::to_ms(*view.brake_releases_in);
  }
  json["client_connections"] = snapshot.client_connections;
  json["closed_gates"] = snapshot.closed_gates;
  return json;
}

}  // namespace

std::string cluster_json(const Snapshot& snapshot,
                         const SettingTexts& cluster_settings) {
  Json json;
  json["view"] = view_json(snapshot);
  json["peers"] = nullptr;
  if (snapshot.peers) {
    json["peers"] = peers_json(*snapshot.peers, cluster_settings);
  }
  Json& open = json["open_partitions"] = Json::array();
  for (const auto& entry : snapshot.partitions) {
    if (!entry.until) open.push_back(partition_json(entry));
  }
  return text_of(json);
}

std::string partitions_json(const Snapshot& snapshot) {
  Json json;
  Json& all = json["partitions"] = Json::array();
  for (const auto& entry : snapshot.partitions) {
    all.push_back(partition_json(entry));
  }
  return text_of(json);
}

std::string why_not_ready(const Snapshot& snapshot) {
  const model::ClusterView& view = snapshot.view;
  if (view.state == model::ServerState::kServing) {
    return snapshot.queries_refused;
  }
  const std::string state(model::server_state_name(view.state));
  return view.state_reason.empty() ? state : view.state_reason;
}

std::string readiness_json(const Snapshot& snapshot) {
  const std::string why = why_not_ready(snapshot);
  Json json;
  json["ready"] = why.empty();
  json["state"] = model::server_state_name(snapshot.view.state);
  json["reason"] = why.empty() ? snapshot.view.state_reason : why;
  json["closed_gates"] = snapshot.closed_gates;
  return text_of(json);
}

std::string error_json(const base::Error& error) {
  Json json;
  json["error"]["code"] = base::error_code_name(error.code);
  json["error"]["message"] = error.message;
  if (!error.advice.empty()) json["error"]["advice"] = error.advice;
  return text_of(json);
}

std::string utf8(const std::string& text) {
  const std::string quoted =
      Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

}  // namespace waypost::admin_http
