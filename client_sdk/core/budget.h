#ifndef WAYPOST_CLIENT_SDK_CORE_BUDGET_H_
#define WAYPOST_CLIENT_SDK_CORE_BUDGET_H_

#include <algorithm>
#include <cstddef>

#include "base/clock.h"

namespace waypost::client {

// What one attempt may take so that each of those that may follow still gets as
// much: a first attempt that may eat the whole budget leaves nothing for the
// second. What a quick failure leaves over goes to the rest. At least 1 ms.
inline base::Duration share_of_budget(base::Duration remaining,
                                      std::size_t attempts_left) {
  const auto count =
      static_cast<base::Duration::rep>(std::max<std::size_t>(attempts_left, 1));
  return std::max<base::Duration>(remaining / count,
                                  std::chrono::milliseconds(1));
}

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_BUDGET_H_
