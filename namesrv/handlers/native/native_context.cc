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
      route_frames(
          *shell.route_cache,
          [this]() -> const service::PublishedView& { return view(); }),
      watches(settings.watch, watch_shell(shell)),
      shell_(std::move(shell)),
      table_(table) {}

RouteWatches::Shell NativeContext::watch_shell(const Shell& shell) {
  RouteWatches::Shell watch;
  watch.loop = shell.loop;
  watch.feed = &service.route_feed();
  watch.frames = &route_frames;
  watch.table = [this]() -> const registry::RouteTable& { return table(); };
  watch.newest_table = [this]() -> const registry::RouteTable& {
    return newest_table();
  };
  watch.answers_routes = [this] { return service.tells_routes(); };
  watch.find_session = shell.find_session;
  watch.denial = [this](const std::string& topic) {
    model::RouteQueryEnd end;
    end.incarnation = service.incarnation();
    end.state = service.state();
    end.errors.push_back(denial(topic));
    return codec::encode(end);
  };
  watch.notice = [this](std::vector<model::Departure> departures) {
    model::RouteQueryEnd end;
    end.incarnation = service.incarnation();
    end.state = service.state();
    end.departures = std::move(departures);
    return codec::encode(end);
  };
  return watch;
}

model::TopicError NativeContext::denial(std::string_view topic) {
  const std::string name(topic);
  return {model::TopicName(name),
          {base::ErrorCode::kNotFound, "no broker serves topic " + name,
           "check the name, or that its broker is up"}};
}

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
