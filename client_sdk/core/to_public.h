#ifndef WAYPOST_CLIENT_SDK_CORE_TO_PUBLIC_H_
#define WAYPOST_CLIENT_SDK_CORE_TO_PUBLIC_H_

// Our values as the SDK's public headers show them, which know only std.

#include "base/error.h"
#include "client_sdk/core/route_cache.h"
#include "waypost/result.hpp"
#include "waypost/route.hpp"
#include "wire/model/route.h"

namespace waypost::client {

Error to_public(const base::Error& error);
Status to_public(const base::Status& status);

Broker to_public(const model::RouteGroup& group, const model::Replica& replica);

// `age` is left 0: it depends on the moment of asking.
Route to_public(const CachedRoute& cached);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_TO_PUBLIC_H_
