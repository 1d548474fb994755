#ifndef WAYPOST_NAMESRV_STORE_ROSTER_JSON_H_
#define WAYPOST_NAMESRV_STORE_ROSTER_JSON_H_

#include <string>
#include <string_view>

#include "base/error.h"
#include "namesrv/store/roster_store.h"

namespace waypost::store {

// The text of roster.json (see roster_store.h). Pure.
std::string format_roster(const Roster& roster);

// Whatever the text, a roster or an Error: kMalformed when it is not one,
// kUnsupported when it is of a newer version.
base::Result<Roster> parse_roster(std::string_view text);

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_ROSTER_JSON_H_
