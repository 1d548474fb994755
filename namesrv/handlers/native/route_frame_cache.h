#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_FRAME_CACHE_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_FRAME_CACHE_H_

#include <string_view>

#include "namesrv/handlers/route_cache.h"

namespace waypost::handlers {

// The native form of routes in a loop's cache: whole ROUTE frames (reply, more)
// whose correlation id is to be patched.
class RouteFrameCache {
 public:
  // `cache` must outlive it.
  explicit RouteFrameCache(RouteCache& cache) : cache_(cache) {}

  // The topic's frame, right for `table`; null when no broker serves the topic.
  // Valid until the cache's next use.
  RouteCache::Entry* find(const registry::RouteTable& table,
                          std::string_view topic);

 private:
  RouteCache& cache_;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_FRAME_CACHE_H_
