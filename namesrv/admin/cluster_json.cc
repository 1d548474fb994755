#include "namesrv/admin/cluster_json.h"

#include "wire/documents/cluster_json.h"

namespace waypost::admin_http {
namespace {

using documents::document_text;
using documents::Json;
using documents::partition_json;

Json peers_json(const model::ClusterMembers& peers,
                const SettingTexts& cluster_settings) {
  Json json = documents::peers_json(peers);
  Json& settings = json["settings"] = Json::object();
  for (const auto& [key, value] : cluster_settings) settings[key] = value;
  return json;
}

Json view_json(const Snapshot& snapshot) {
  Json json = documents::view_json(snapshot.view);
  json["direct_brokers"] = snapshot.direct_brokers;
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
  return document_text(json);
}

std::string partitions_json(const Snapshot& snapshot) {
  Json json;
  Json& all = json["partitions"] = Json::array();
  for (const auto& entry : snapshot.partitions) {
    all.push_back(partition_json(entry));
  }
  return document_text(json);
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
  return document_text(json);
}

std::string error_json(const base::Error& error) {
  Json json;
  json["error"] = documents::error_json(error);
  return document_text(json);
}

std::string utf8(const std::string& text) {
  const std::string quoted =
      Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

}  // namespace waypost::admin_http
