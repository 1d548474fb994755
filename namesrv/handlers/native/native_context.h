#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_NATIVE_CONTEXT_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_NATIVE_CONTEXT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/executor.h"
#include "base/log.h"
#include "namesrv/handlers/native/route_frame_cache.h"
#include "namesrv/handlers/native/route_watches.h"
#include "namesrv/handlers/route_cache.h"
#include "namesrv/service/name_service.h"
#include "namesrv/service/published_table.h"
#include "wire/model/administration.h"
#include "wire/model/operations.h"
#include "wire/rpc/session.h"

namespace waypost::handlers {

struct NativeSettings {
  std::size_t payload_max_bytes = codec::kPayloadMaxBytesDefault;
  // Payloads above this are decoded on a decode thread.
  std::size_t decode_inline_max_bytes = 64UL * 1024;
  // One query may name this many topics; the answer's size is bounded with it.
  std::size_t query_topics_max = 16'384;
  // Whether operators may change configuration and table over these
  // connections.
  bool changes_allowed = true;
  // What the nameserver was started with, for operators who look it up.
  std::vector<model::Setting> fixed_settings;
  std::uint32_t page_limit_default = 500;
  std::uint32_t page_limit_max = 5'000;
  WatchSettings watch;
};

// What the native sessions of one I/O loop share. On that loop's thread but
// for the members marked otherwise; outlives the loop's sessions and every
// callback given to the service.
class NativeContext {
 public:
  struct Shell {
    base::Executor* loop = nullptr;  // post() from any thread
    // The session of that id, or null when it has ended.
    std::function<rpc::ServerSession*(std::uint64_t)> find_session;
    // Runs a task on a decode thread. Null: at once, in the caller.
    std::function<void(std::function<void()>)> run_on_decode_thread;
    // For payload copies on their way to a decode thread; shared by all loops.
    base::ByteBudget* decode_budget = nullptr;
    RouteCache* route_cache = nullptr;
    std::size_t reader = 0;  // this loop's number at the published table
    base::Logger logger;
  };

  NativeContext(NativeSettings settings, Shell shell,
                service::NameService& service, service::PublishedTable& table);

  const registry::RouteTable& table() { return table_.pin(shell_.reader); }
  // The same as it is now. What was looked at before in this turn is gone: for
  // tasks of the loop, not within a request.
  const registry::RouteTable& newest_table() {
    quiesce();
    return table();
  }
  // The same with all that is published beside it.
  const service::PublishedView& view() {
    return table_.pin_view(shell_.reader);
  }

  // The loop holds no reference into a table: to be called once a turn.
  void quiesce() { table_.quiesce(shell_.reader); }

  // The last frame of a query's answer when nothing special is to be said;
  // encoded once for each state. Its correlation id is to be patched.
  std::string& plain_end(std::uint32_t unchanged);

  // That no broker serves a topic.
  static model::TopicError denial(std::string_view topic);

  // A listing's page size within bounds; 0 asks for the default.
  std::uint32_t page_limit(std::uint32_t asked) const {
    if (asked == 0) return settings.page_limit_default;
    return std::min(asked, settings.page_limit_max);
  }

  // Connections whose hello said that they are clients.
  std::size_t client_count = 0;

  const NativeSettings settings;
  service::NameService& service;
  RouteFrameCache route_frames;
  RouteWatches watches;

  const Shell& shell() const { return shell_; }

 private:
  RouteWatches::Shell watch_shell(const Shell& shell);

  const Shell shell_;
  service::PublishedTable& table_;
  model::ServerState end_state_ = model::ServerState::kStarting;
  std::string plain_ends_[2];  // for 0 and 1 unchanged topics
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_NATIVE_CONTEXT_H_
