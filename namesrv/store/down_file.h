#ifndef WAYPOST_NAMESRV_STORE_DOWN_FILE_H_
#define WAYPOST_NAMESRV_STORE_DOWN_FILE_H_

#include <optional>
#include <string>

#include "base/error.h"
#include "wire/model/peer.h"

namespace waypost::store {

// What a data directory remembers of having been set to down: the members that
// were not. `down.json`, there only as long as it is so. Calls block.

// None: it was not. kMalformed: it was, and nobody knows more.
base::Result<std::optional<model::PeerNames>> load_down(
    const std::string& directory);
base::Status save_down(const std::string& directory,
                       const std::optional<model::PeerNames>& left_behind);

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_DOWN_FILE_H_
