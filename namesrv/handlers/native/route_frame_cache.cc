#include "namesrv/handlers/native/route_frame_cache.h"

#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::handlers {
namespace {

// Clients refuse messages with longer texts.
constexpr std::size_t kOrderMaxBytes = 16UL * 1024;

class FrameEncoder : public RouteCache::Encoder {
 public:
  // Null: there are no order configurations.
  explicit FrameEncoder(const store::KvTable* configuration)
      : configuration_(configuration) {}

  void encode(const registry::RouteTable& table,
              const registry::TopicEntry& topic,
              RouteCache::Entry& entry) override {
    model::VersionedRoute route{table.route(topic), {}};
    route.route.order = order_of(topic.name.value());
    route.digest = model::digest_route(route.route);
    entry.bytes = codec::make_frame(codec::FrameKind::kRoute,
                                    codec::kFlagReply | codec::kFlagMore, 0,
                                    codec::encode(route));
    entry.digest = route.digest;
  }

 private:
  std::string order_of(const std::string& topic) const {
    if (configuration_ == nullptr) return {};
    const std::string* order =
        configuration_->find(model::kOrderTopicConfigNamespace, topic);
    if (order == nullptr || order->size() > kOrderMaxBytes) return {};
    return *order;
  }

  const store::KvTable* const configuration_;
};

}  // namespace

RouteCache::Entry* RouteFrameCache::find(const registry::RouteTable& table,
                                         std::string_view topic) {
  const service::PublishedView* view = view_ ? &view_() : nullptr;
  if (view == nullptr || !view->remoting.order_message_enable) {
    FrameEncoder encoder(nullptr);
    return cache_.find(table, 0, {topic, {}}, encoder);
  }
  FrameEncoder encoder(&view->state->kv);
  return cache_.find(table, view->settings_version, {topic, {}}, encoder);
}

}  // namespace waypost::handlers
