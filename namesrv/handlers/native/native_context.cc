#include "namesrv/handlers/native/native_context.h"

#include <utility>

#include "base/assert.h"
#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::handlers {

NativeContext::NativeContext(NativeSettings native_settings, Shell shell,
                             service::NameService& name_service,
                             service::PublishedTable& table)
    : settings(native_settings),
      service(name_service),
      route_frames(*shell.route_cache),
      shell_(std::move(shell)),
      table_(table) {}

std::string& NativeContext::plain_end(std::uint32_t unchanged) {
  WAYPOST_ASSERT(unchanged < std::size(plain_ends_));
  const model::ServerState state = service.state();
  if (state != end_state_ || plain_ends_[0].empty()) {
    end_state_ = state;
    for (std::uint32_t i = 0; i < std::size(plain_ends_); ++i) {
      model::RouteQueryEnd end;
      end.incarnation = service.incarnation();
      end.state = state;
      end.unchanged = i;
      plain_ends_[i] =
          codec::make_frame(codec::FrameKind::kQueryRoutes, codec::kFlagReply,
                            0, codec::encode(end));
    }
  }
  return plain_ends_[unchanged];
}

}  // namespace waypost::handlers
