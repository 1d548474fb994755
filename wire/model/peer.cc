#include "wire/model/peer.h"

#include "wire/model/peer_messages.h"

namespace waypost::model {

std::string_view peer_status_name(PeerStatus status) {
  switch (status) {
    case PeerStatus::kJoining:
      return "joining";
    case PeerStatus::kUp:
      return "up";
    case PeerStatus::kLeaving:
      return "leaving";
  }
  return "unknown";
}

std::string to_string(const PeerNames& names) {
  if (names.empty()) return "nobody";
  std::string text;
  for (const PeerName& name : names) {
    if (!text.empty()) text += ", ";
    text += name.value();
  }
  return text;
}

}  // namespace waypost::model
