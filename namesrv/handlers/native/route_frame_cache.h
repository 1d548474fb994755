#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_FRAME_CACHE_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_FRAME_CACHE_H_

#include <functional>
#include <string_view>
#include <utility>

#include "namesrv/handlers/route_cache.h"
#include "namesrv/service/published_table.h"

namespace waypost::handlers {

// The native form of routes in a loop's cache: whole ROUTE frames (reply, more)
// whose correlation id is to be patched.
class RouteFrameCache {
 public:
  using View = std::function<const service::PublishedView&()>;

  // `cache` must outlive it. `view` is what is published beside the tables that
  // find() is given, for topics' order configuration; empty: they have none.
  explicit RouteFrameCache(RouteCache& cache, View view = {})
      : cache_(cache), view_(std::move(view)) {}

  // The topic's frame, right for `table`; null when no broker serves the topic.
  // Valid until the cache's next use.
  RouteCache::Entry* find(const registry::RouteTable& table,
                          std::string_view topic);

 private:
  RouteCache& cache_;
  const View view_;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_FRAME_CACHE_H_
