#include "wire/documents/cluster_json.h"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace waypost::documents {
namespace {

Json names_json(const std::vector<model::PeerName>& names) {
  Json list = Json::array();
  for (const model::PeerName& name : names) list.push_back(name.value());
  return list;
}

Json addresses_json(const std::vector<base::Endpoint>& addresses) {
  Json list = Json::array();
  for (const base::Endpoint& address : addresses) {
    list.push_back(address.to_string());
  }
  return list;
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
  json["incarnation"] = incarnation_text(info.incarnation);
  json["cluster_addresses"] = addresses_json(info.cluster_addresses);
  json["service_addresses"] = addresses_json(info.service_addresses);
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

}  // namespace

Json view_json(const model::ClusterView& view) {
  Json json;
  json["name"] = view.server_name;
  json["version"] = view.server_version;
  json["incarnation"] = incarnation_text(view.incarnation);
  json["state"] = model::server_state_name(view.state);
  json["state_reason"] = view.state_reason;
  json["uptime_ms"] = base::to_ms(view.uptime);
  json["clusters"] = view.clusters;
  json["brokers"] = view.brokers;
  json["suspect_brokers"] = view.suspects;
  json["unhealthy_brokers"] = view.unhealthy;
  json["topics"] = view.topics;
  json["table_version"] = view.table_version;
  json["brake_releases_in_ms"] = nullptr;
  if (view.brake_releases_in) {
    json["brake_releases_in_ms"] = base::to_ms(*view.brake_releases_in);
  }
  return json;
}

Json peers_json(const model::ClusterMembers& peers) {
  Json json;
  json["partition_handling"] = peers.partition_handling;
  json["leader"] = nullptr;
  if (peers.leader) json["leader"] = peers.leader->value();
  json["ready"] = peers.ready;
  json["missing"] = names_json(peers.missing);
  json["netsplits_detected"] = peers.netsplits_detected;
  json["netsplits_resolved"] = peers.netsplits_resolved;
  json["open_partitions"] = peers.open_partitions;
  json["unknown_addresses"] = addresses_json(peers.unknown);
  json["warnings"] = peers.warnings;
  Json& members = json["members"] = Json::array();
  for (const model::MemberListing& member : peers.members) {
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

Json error_json(const base::Error& error) {
  Json json;
  json["code"] = base::error_code_name(error.code);
  json["message"] = error.message;
  if (!error.advice.empty()) json["advice"] = error.advice;
  return json;
}

std::string document_text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string incarnation_text(model::Incarnation incarnation) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64, incarnation.value());
  return text.data();
}

const char* reach_name(model::PeerReach reach) {
  switch (reach) {
    case model::PeerReach::kReachable:
      return "reachable";
    case model::PeerReach::kUnreachable:
      return "unreachable";
    case model::PeerReach::kUnknown:
      break;
  }
  return "unknown";
}

std::int64_t unix_ms(base::WallTime time) {
  return base::to_ms(time.time_since_epoch());
}

}  // namespace waypost::documents
