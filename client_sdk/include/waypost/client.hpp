#ifndef WAYPOST_CLIENT_HPP_
#define WAYPOST_CLIENT_HPP_

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "waypost/cancel.hpp"
#include "waypost/events.hpp"
#include "waypost/metrics.hpp"
#include "waypost/options.hpp"
#include "waypost/result.hpp"
#include "waypost/route.hpp"
#include "waypost/send.hpp"

namespace waypost {

namespace client {
class ClientCore;
struct ClientMaker;
}  // namespace client

enum class PickFor : std::uint8_t {
  kProduce = 0,  // a group's master, one of its write queues
  kConsume = 1,  // the master or another replica, one of the read queues
};

struct PickOptions {
  PickFor purpose = PickFor::kProduce;
  Selector selector = Selector::kDefault;
  // Not empty: equal keys get the same broker and queue as long as the topic's
  // brokers and queues stay as they are. When a broker comes or goes, only keys
  // that it gets or had move; while one is left out, its keys alone are spread
  // over the others. (Rendezvous hashing over brokers, jump consistent hashing
  // over a broker's queues.) The selector is not asked then. Need not outlive
  // the call.
  std::string_view key = {};
  // Broker groups not to pick, because they have just failed. As long as any
  // other serves the topic it is picked, in the worst case an avoided or
  // suspect one; otherwise this is ignored. Need not outlive the call.
  std::span<const Pick> avoid = {};
};

struct ClientStats {
  std::string nameserver;       // the one in use
  bool connected = false;       // to it
  std::uint64_t switches = 0;   // of the nameserver
  std::uint64_t queries = 0;    // answered
  std::uint64_t failures = 0;   // queries that no nameserver answered
  std::uint64_t topics = 0;     // followed
  std::uint64_t avoided = 0;    // brokers that the fault table avoids now
  std::uint64_t published = 0;  // route tables made
  // Events that wait to be taken, were merged into others, were lost, both
  // because the queue was full.
  std::uint64_t events_waiting = 0;
  std::uint64_t events_merged = 0;
  std::uint64_t events_lost = 0;
};

// What the asynchronous forms tell when they are over.
using RouteHandler = std::function<void(Result<Route>)>;
using StatusHandler = std::function<void(Status)>;

// A topic whose name has been looked up already. A small value, copied freely,
// usable from any thread, valid as long as its Client.
class Topic {
 public:
  Topic() = default;

  // False for a default-made one, and for one that the client refused (a wrong
  // name, too many topics, closed); pick() then says why.
  bool valid() const { return core_ != nullptr && slot_ != kNoSlot; }

  // As Client::pick.
  Result<Pick> pick(const PickOptions& options = {}) const;

 private:
  friend class Client;
  static constexpr std::uint32_t kNoSlot = 0xffffffff;
  Topic(client::ClientCore* core, std::uint32_t slot)
      : core_(core), slot_(slot) {}

  client::ClientCore* core_ = nullptr;
  std::uint32_t slot_ = kNoSlot;
};

// Finds brokers through nameservers.
//
//   auto client = waypost::Client::create(options);
//   auto result = client->send("orders", [&](const waypost::Pick& pick,
//                                            std::chrono::nanoseconds budget) {
//     return publish(pick.address(), pick.queue(), message, budget)
//                ? waypost::AttemptResult::ok()
//                : waypost::AttemptResult::failed("no acknowledgement");
//   });
//
// Threads: every function may be called from any thread at any time, but for
// destruction and moving, which must come after all others have returned (picks
// and topics of other threads included). All clients of a process share one
// background thread; it starts with the first client and stops with the last.
// An application with a libuv loop may lend that instead (waypost/uv.hpp).
//
// Fork: a client belongs to the process that made it. In a child after fork()
// everything but a quick report() is refused with kCancelled, and closing and
// destroying do nothing and leak what the client held; make a new client there.
//
// Nothing here throws. What waits has a deadline; nothing else waits.
//
// Forms: what waits for a nameserver or a broker comes in three.
//   route(...)         blocks the calling thread. Refused with kInvalidArgument
//                      on the thread that does the client's work, which is met
//                      only in hooks that say so.
//   route_async(...)   returns at once. On success `on_done` (which may be
//                      empty) is called exactly once: with the result,
//                      kTimedOut, or kCancelled (by the token or because the
//                      client is closed); never inside the call that started
//                      the operation or cancelled it, but where events are
//                      delivered (EventDelivery; for kPoll within
//                      poll_events(), also after close()). What it throws is
//                      caught and logged. An error returned says that nothing
//                      was started and `on_done` will not be called: kCancelled
//                      after close(), kInvalidArgument for a wrong name.
//   route_future(...)  returns a future that always gets a value, by the time
//                      the limits say; its destructor does not wait.
//
// Routes: a topic is followed from its first use until the client ends: its
// route is asked for again each `poll_interval`. A cached route is used for as
// long as no newer one is known, however long no nameserver answers;
// route_age() tells.
class Client {
 public:
  // Checks the options (kInvalidArgument names the wrong one) and starts. Does
  // not wait for a nameserver: it succeeds with all of them down.
  static Result<Client> create(ClientOptions options);

  // What was moved from may be destroyed or assigned to, nothing else.
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  // Closes, see close().
  ~Client();

  // Starts following a topic and returns its handle. Does not wait.
  Topic topic(std::string_view name);

  // The cached route; if there is none yet, waits for it, within `limits`.
  // Fails with kNotFound when the nameserver says that nobody serves it (waits
  // no further), kTimedOut, kCancelled, or with what the nameservers answered.
  Result<Route> route(std::string_view topic, const CallLimits& limits);
  // With the client's `rpc_timeout`.
  Result<Route> route(std::string_view topic);
  Status route_async(std::string_view topic, const CallLimits& limits,
                     RouteHandler on_done);
  std::future<Result<Route>> route_future(std::string_view topic,
                                          const CallLimits& limits);

  // Asks the nameservers now and waits for the answer, within `limits`. Calls
  // of several threads share one question. On failure cached routes stay.
  Status refresh(std::string_view topic, const CallLimits& limits);
  Status refresh_async(std::string_view topic, const CallLimits& limits,
                       StatusHandler on_done);
  std::future<Status> refresh_future(std::string_view topic,
                                     const CallLimits& limits);

  // As refresh, about all topics in use.
  Status refresh_all(const CallLimits& limits);
  Status refresh_all_async(const CallLimits& limits, StatusHandler on_done);
  std::future<Status> refresh_all_future(const CallLimits& limits);

  // Time since a nameserver last told or confirmed the topic's route; nothing
  // when there is no route.
  std::optional<std::chrono::nanoseconds> route_age(
      std::string_view topic) const;

  // The next broker and queue in turn. Each thread takes turns of its own,
  // starting anywhere; brokers get turns in proportion to their queues, and
  // each queue its share. Suspect brokers are picked when there is no other,
  // avoided ones as the fault policy says.
  //
  // Never waits: a topic not used before starts being followed, and until its
  // route is here the error is kNotReady. kNotFound: nobody serves the topic;
  // kUnavailable: nobody has writable (readable) queues for it.
  //
  // Cost: some tens of nanoseconds, no lock, no system call. The first call of
  // a thread, and the first after routes or avoided brokers changed, take a
  // short lock and may allocate.
  Result<Pick> pick(std::string_view topic, const PickOptions& options = {});

  // Tells how using a pick went. Lock-free for a quick success with a broker
  // that is not avoided; otherwise takes a short lock. A failure makes the
  // client ask for routes soon, within a second. Ignores an empty pick.
  void report(const Pick& pick, Outcome outcome,
              std::chrono::nanoseconds latency);

  // Picks a broker and runs `attempt` on the calling thread, again on another
  // broker when it failed, until it succeeds, is rejected, or the budget or the
  // number of attempts is used up. The remaining time is split evenly over the
  // remaining attempts. Reports each outcome. Waits for an unknown route within
  // the budget. An attempt that overstays its own budget is not interrupted.
  SendResult send(std::string_view topic, const Attempt& attempt,
                  const SendOptions& options = {});
  // The same for a transport that answers later (or for one that does not, to
  // be run where handlers run). `on_done` comes within the budget however long
  // attempts take; what an attempt says after that is ignored. Nothing of
  // `options` need outlive the call.
  Status send_async(std::string_view topic, AsyncAttempt attempt,
                    const SendOptions& options, SendHandler on_done);
  std::future<SendResult> send_future(std::string_view topic,
                                      AsyncAttempt attempt,
                                      const SendOptions& options = {});

  // EventDelivery::kPoll: the oldest events that wait, at most `max`; none when
  // nothing waits. Does not wait. The last ones, up to ClientClosed, can be
  // polled after close().
  std::vector<Event> poll_events(std::size_t max = 64);
  // Waits until poll_events() has something, at most `timeout`. False: nothing
  // came, or the client is closed and all has been polled.
  bool wait_for_events(std::chrono::nanoseconds timeout);

  ClientStats stats() const;
  // The same and more, for monitoring; see prometheus_text. Looks at each
  // topic. Empty but for the name in a child after fork().
  ClientMetrics metrics() const;

  // Stops: waits for the background thread to let go of this client and for the
  // event handler to be told what is left, at most `timeout`, however the
  // nameservers behave. kTimedOut: an event or log handler still runs; what is
  // left ends with it. Operations under way end with kCancelled, all later
  // calls fail with it. Twice is allowed, and so is closing while other threads
  // use the client.
  //
  // Once it has returned no event handler is called any more. From an event
  // handler it does not wait for that handler, and it is the last one called.
  // kExecutor: the executor is given a moment (100 ms at most) to deliver what
  // is left; what it has not begun by then, ClientClosed included, is dropped.
  // Give it that moment by closing on another thread than its tasks run on.
  Status close(std::chrono::nanoseconds timeout = std::chrono::seconds(5));

 private:
  friend struct client::ClientMaker;
  explicit Client(std::shared_ptr<client::ClientCore> core);
  void end();

  std::shared_ptr<client::ClientCore> core_;
};

}  // namespace waypost

#endif  // WAYPOST_CLIENT_HPP_
