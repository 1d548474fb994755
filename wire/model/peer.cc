#include "wire/model/peer.h"

namespace waypost::model {

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
