#ifndef WAYPOST_NAMESRV_STORE_HARD_STATE_DIFF_H_
#define WAYPOST_NAMESRV_STORE_HARD_STATE_DIFF_H_

#include <vector>

#include "namesrv/store/hard_state.h"

namespace waypost::store {

// What makes `wanted` of `now`, as far as `now` is still as it was at `before`:
// what was changed since then is newer and stays. What takes away comes first,
// so that the limits hold on the way.
std::vector<Change> changes_towards(const HardState& wanted,
                                    const HardState& now,
                                    const HardState& before);

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_HARD_STATE_DIFF_H_
