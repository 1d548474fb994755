#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_REMOTING_CONTEXT_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_REMOTING_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/byte_budget.h"
#include "base/executor.h"
#include "base/log.h"
#include "namesrv/handlers/remoting/configuration_keys.h"
#include "namesrv/handlers/route_cache.h"
#include "namesrv/service/name_service.h"
#include "namesrv/service/published_table.h"
#include "wire/codec/remoting/frame.h"
#include "wire/rpc/log_throttle.h"
#include "wire/rpc/remoting_session.h"

namespace waypost::handlers {

struct RemotingSettings {
  std::size_t frame_max_bytes = remoting::kFrameMaxBytesDefault;
  // Bodies above this are inflated and parsed on a decode thread, lists of more
  // topics than that many made there.
  std::size_t decode_inline_max_bytes = 64UL * 1024;
  std::size_t list_inline_max_topics = 1'000;
  // Whether mqadmin may change configuration and table.
  bool changes_allowed = true;
  base::Duration idle = std::chrono::seconds(120);
  // What GET_NAMESRV_CONFIG shows beside the keys that can be changed, and
  // which keys UPDATE_NAMESRV_CONFIG refuses.
  ConfigurationView configuration;
};

// What the remoting connections of one I/O loop share. On that loop's thread
// but for the members marked otherwise; outlives the loop's connections and
// every callback given to the service.
class RemotingContext {
 public:
  struct Shell {
    base::Executor* loop = nullptr;  // post() from any thread
    // The session of that id, or null when it has ended.
    std::function<rpc::RemotingSession*(std::uint64_t)> find_session;
    // Runs a task on a decode thread. Null: at once, in the caller.
    std::function<void(std::function<void()>)> run_on_decode_thread;
    // For bodies on their way to be decoded; shared by all loops.
    base::ByteBudget* decode_budget = nullptr;
    RouteCache* route_cache = nullptr;
    std::size_t reader = 0;  // this loop's number at the published table
    base::Logger logger;
  };

  RemotingContext(RemotingSettings remoting_settings, Shell shell,
                  service::NameService& name_service,
                  service::PublishedTable& table)
      : settings(std::move(remoting_settings)),
        service(name_service),
        shell_(std::move(shell)),
        table_(table) {}

  // What this loop sees until the end of its turn.
  const service::PublishedView& view() {
    return table_.pin_view(shell_.reader);
  }

  // Any thread.
  void run_on_decode_thread(std::function<void()> task) const {
    if (shell_.run_on_decode_thread) {
      shell_.run_on_decode_thread(std::move(task));
    } else {
      task();
    }
  }

  const RemotingSettings settings;  // any thread
  service::NameService& service;    // any thread
  const Shell& shell() const { return shell_; }

  // A broker's registration was refused: its operator will look here. Loop's
  // thread.
  void log_refused(std::string_view broker, const base::Endpoint& peer,
                   std::string_view why) {
    if (!refusals_.admit(shell_.loop->now())) return;
    // It may be megabytes long: that may be why.
    constexpr std::size_t kShownMax = 200;
    shell_.logger.warn("refused a registration",
                       {{"broker", broker.substr(0, kShownMax)},
                        {"peer", peer.to_string()},
                        {"why", why},
                        {"not_logged_before", refusals_.take_left_out()}});
  }

  // GET_BROKER_CLUSTER_INFO's last answer: brokers of 5.x ask every 5 s.
  struct ClusterInfoBody {
    std::uint64_t groups_version = 0;
    bool made = false;
    std::string body;
  };
  ClusterInfoBody cluster_info;

 private:
  const Shell shell_;
  service::PublishedTable& table_;
  rpc::LogThrottle refusals_;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_REMOTING_CONTEXT_H_
