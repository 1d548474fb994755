#include "namesrv/handlers/native/route_frame_cache.h"

#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::handlers {
namespace {

class FrameEncoder : public RouteCache::Encoder {
 public:
  void encode(const registry::RouteTable& table,
              const registry::TopicEntry& topic,
              RouteCache::Entry& entry) override {
    model::VersionedRoute route{table.route(topic), {}};
    route.digest = model::digest_route(route.route);
    entry.bytes = codec::make_frame(codec::FrameKind::kRoute,
                                    codec::kFlagReply | codec::kFlagMore, 0,
                                    codec::encode(route));
    entry.digest = route.digest;
  }
};

}  // namespace

RouteCache::Entry* RouteFrameCache::find(const registry::RouteTable& table,
                                         std::string_view topic) {
  FrameEncoder encoder;
  return cache_.find(table, 0, {topic, {}}, encoder);
}

}  // namespace waypost::handlers
