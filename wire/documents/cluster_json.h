#ifndef WAYPOST_WIRE_DOCUMENTS_CLUSTER_JSON_H_
#define WAYPOST_WIRE_DOCUMENTS_CLUSTER_JSON_H_

// What people's tools read of a nameserver and its peers: the same members at
// the admin port as from waypostctl. docs/waypostctl.md describes them; later
// versions only add to them.

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "wire/model/cluster.h"
#include "wire/model/operations.h"

namespace waypost::documents {

// Members stay in the order in which they are added.
using Json = nlohmann::ordered_json;

Json view_json(const model::ClusterView& view);
Json peers_json(const model::ClusterMembers& peers);
Json partition_json(const model::PartitionEntry& entry);
// {"code": ..., "message": ..., "advice": ...}, the last where there is one.
Json error_json(const base::Error& error);

// The whole document, indented, with an end of line. Texts of peers that are no
// UTF-8 have their wrong bytes replaced.
std::string document_text(const Json& document);

// 16 hexadecimal digits: JSON's readers lose digits of 64 bits.
std::string incarnation_text(model::Incarnation incarnation);
const char* reach_name(model::PeerReach reach);
// Milliseconds since 1970.
std::int64_t unix_ms(base::WallTime time);

}  // namespace waypost::documents

#endif  // WAYPOST_WIRE_DOCUMENTS_CLUSTER_JSON_H_
