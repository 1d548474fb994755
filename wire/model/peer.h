#ifndef WAYPOST_WIRE_MODEL_PEER_H_
#define WAYPOST_WIRE_MODEL_PEER_H_

#include <set>
#include <string>

#include "base/named_type.h"

namespace waypost::model {

// A nameserver's name among its peers (`--name`): stays the same across
// restarts and addresses. Names compare as plain strings; where a policy asks
// for the lowest of several, it is the smallest name.
using PeerName = base::NamedType<std::string, struct PeerNameTag>;
using PeerNames = std::set<PeerName>;

// "a, b, c"; "nobody" for none.
std::string to_string(const PeerNames& names);

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_PEER_H_
