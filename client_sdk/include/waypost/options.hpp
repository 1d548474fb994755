#ifndef WAYPOST_OPTIONS_HPP_
#define WAYPOST_OPTIONS_HPP_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "waypost/events.hpp"
#include "waypost/log.hpp"
#include "waypost/metrics.hpp"
#include "waypost/probe.hpp"
#include "waypost/result.hpp"
#include "waypost/route.hpp"

namespace waypost {

// How failures and latencies of brokers are turned into time during which a
// broker is avoided.
enum class FaultPolicy : std::uint8_t {
  kOff = 0,  // nothing is avoided
  // RocketMQ 4's table: 550 ms avoid for 30 s, 1 s for 60 s, 2 s for 120 s, 3 s
  // for 180 s, 15 s for 600 s; a failure counts as 30 s. The last report
  // counts: a quick success ends the avoidance.
  kRocketmq4 = 1,
  // RocketMQ 5's table: 550 ms avoid for 2 s, 1.8 s for 5 s, 3 s for 6 s, 5 s
  // for 10 s, 15 s for 30 s; a failure counts as 10 s. Avoidance is only ever
  // prolonged.
  kRocketmq5 = 2,
  // Learns what is usual, see AdaptiveFaults.
  kAdaptive = 3,
};

// The policy `adaptive`. A broker is avoided (ejected) after some failures in a
// row, or when its latency is far above that of the other brokers. Each further
// ejection lasts twice as long as the one before; that memory halves for each
// `strike_half_life` in good standing. After its ejection a broker gets a
// trickle of its turns first: 1 in 11, then 1 in 5, then 1 in 3. (The idea of
// ejecting outliers for growing times is Envoy's outlier detection.)
struct AdaptiveFaults {
  // Failures in a row that eject. 1 to 100.
  std::int64_t failures = 1;
  // Of the first ejection, and of the longest. 100 ms to 1 h.
  std::chrono::nanoseconds ejection_min = std::chrono::seconds(5);
  std::chrono::nanoseconds ejection_max = std::chrono::minutes(5);
  // 1 s to 1 h.
  std::chrono::nanoseconds strike_half_life = std::chrono::minutes(2);
  // Ejected as slow: a smoothed latency of at least so many times the median of
  // the others', and by at least `latency_excess_min` above it. 0: never for
  // being slow, else 2 to 1000.
  std::int64_t latency_factor = 5;
  std::chrono::nanoseconds latency_excess_min = std::chrono::milliseconds(50);
  // How long the trickle lasts. 0 to 1 h.
  std::chrono::nanoseconds trickle = std::chrono::seconds(10);
};

// Whether a question is also asked of a second nameserver when the first one
// takes long. The first answer counts, the other question is cancelled.
enum class Hedge : std::uint8_t {
  kOff = 0,
  kAdaptive = 1,  // after what 95 % of the last answers took
  kAfter = 2,     // after `hedge_after`
};

// How a broker is chosen among those that may take turns.
enum class Selector : std::uint8_t {
  // PickOptions only: the client's `selector`.
  kDefault = 0,
  // In turn, in proportion to their queues, see Client::pick.
  kRoundRobin = 1,
  // In turn among the brokers of the client's `zone`; among all when less than
  // `zone_spill_percent` of the zone's queues can be used.
  kZoneFirst = 2,
  // The better of two random ones by smoothed latency, as reported; one pick in
  // 50 takes a random one, so that the slowest is not starved, and is noticed
  // when it is not the slowest any more.
  // (Mitzenmacher: "The Power of Two Choices in Randomized Load Balancing",
  // 2001.)
  kLeastLatency = 3,
  // `custom_selector`.
  kCustom = 4,
};

// What a custom selector chooses from.
struct SelectorCandidate {
  const Broker* broker = nullptr;
  std::uint32_t queues = 0;
  BrokerHealth health = BrokerHealth::kHealthy;
  // Takes no turns now: avoided, worse than others, or to be avoided by the
  // caller of pick(). May be chosen all the same.
  bool left_out = false;
  // Smoothed, of what was reported lately; 0: unknown.
  std::chrono::nanoseconds latency{0};
};
struct SelectorChoice {
  std::size_t candidate = 0;  // index
  std::uint32_t queue = 0;    // less than its queues
};
// Runs on the picking thread, from several at the same time. Nothing: pick()
// fails with kUnavailable. A choice out of range, or an exception, makes it
// fail with kInvalidArgument.
using CustomSelector = std::function<std::optional<SelectorChoice>(
    std::string_view topic, std::span<const SelectorCandidate> candidates)>;

// What a Client is made with; constant afterwards. The values below are those
// of the profile `rocketmq-4`.
struct ClientOptions {
  // --- Who to ask ---

  // At least one of the following three is required; what they tell is put
  // together. A client talks to one nameserver at a time and starts at a random
  // one. A nameserver that is not told any more is left at once; when a source
  // cannot be asked, what it said last counts. At most 64 are used, and a URL
  // or file that tells more is not believed.

  // "host:port", "[v6]:port". A host name stands for all its addresses and is
  // looked up again when the time to live of the answer is over (10 s to
  // 5 min).
  std::vector<std::string> nameservers;
  // "http://host:port/path" of an address server in RocketMQ's format, asked
  // each 30 s.
  std::string nameserver_url;
  // A file with addresses, separated by ends of lines, ';' or ','; '#' begins a
  // comment. Read again within a second after it has changed.
  std::string nameserver_file;
  // One of `nameservers`, to start with instead of a random one; for tests and
  // demonstrations.
  std::string start_nameserver;
  // How the client calls itself to nameservers.
  std::string name = "waypost-client";

  // --- Changes behaviour ---

  // Routes of all topics in use are asked for again after this long, give or
  // take a tenth. 100 ms to 1 h.
  std::chrono::nanoseconds poll_interval = std::chrono::seconds(30);
  // Nameservers push changed routes, and polling is the safety net. False:
  // polling alone.
  bool watch = true;
  // Total time for one question to the nameservers; each of them gets a share,
  // so that all can be tried. Allow more than two round trips. Where a share is
  // shorter than connecting, saying hello and asking, which takes three, the
  // first question to a nameserver may fail, but its connection is finished
  // meanwhile, and the next question finds it; a connection that took long to
  // make gets up to half of the total. 10 ms to 10 min.
  std::chrono::nanoseconds rpc_timeout = std::chrono::seconds(3);
  // A connection on which a question timed out is closed, and the next
  // nameserver asked. False: it is kept, as stock RocketMQ clients do; a
  // nameserver that hangs with its connections open then holds the client for
  // as long as it hangs.
  bool close_on_timeout = true;

  // While a nameserver says nothing for this long it is asked for a sign of
  // life, so that one that hangs is left before somebody needs it. 0: never;
  // else 50 ms to 1 h. Has no effect without `close_on_timeout`.
  std::chrono::nanoseconds ping_interval = std::chrono::seconds(5);

  Hedge hedge = Hedge::kOff;
  // For kAfter. 1 ms to 1 min.
  std::chrono::nanoseconds hedge_after = std::chrono::milliseconds(100);
  // Of the questions, at most this share is asked twice. Percent, 0 to 100.
  std::int64_t hedge_extra_load_percent = 5;

  FaultPolicy fault_policy = FaultPolicy::kRocketmq4;
  AdaptiveFaults adaptive;  // for FaultPolicy::kAdaptive
  // Of the healthy brokers of a topic, at most this share is avoided at a time,
  // rounded down, and never all of them. Percent, 0 to 99.
  std::int64_t fault_max_avoided_percent = 50;
  // Whether avoided brokers are tried out before they get traffic again. Off by
  // default, also in the profiles: the policies `rocketmq-4` and `rocketmq-5`
  // are RocketMQ's exactly without it, and a broker's address need not be one
  // that this host can connect to.
  BrokerProbing broker_probe;

  // --- Which broker ---

  Selector selector = Selector::kRoundRobin;  // not kDefault
  CustomSelector custom_selector;             // for kCustom
  // Where this client is. Consumers prefer a replica in it.
  std::string zone;
  std::int64_t zone_spill_percent = 50;  // 1 to 100
  // Topics whose messages with one key must stay in one queue whatever happens
  // to brokers: topic -> "broker-a:4;broker-b:8", the brokers and queues of it
  // (RocketMQ's order configuration). A pick with a key takes the queue that
  // the key has in this list, avoided or not, and fails with kUnavailable when
  // its broker is not in the route. A topic that is not named here has the
  // order configuration that nameservers tell with its route, if any.
  std::map<std::string, std::string> order;

  // --- Sending ---

  // Total time for one send(), over all attempts. 10 ms to 1 h.
  std::chrono::nanoseconds send_timeout = std::chrono::seconds(3);
  // Attempts of one send(), the first included. 1 to 16.
  std::int64_t send_attempts = 3;

  // --- Surviving a restart ---

  // A file in which routes and nameservers are kept, written anew soon after
  // they have changed. A client that is made with it knows the routes of its
  // topics at once, also while no nameserver can be reached; Route::origin and
  // age tell. Empty: none. May be shared by clients of one kind; the last
  // writer wins. A file that is damaged is ignored with a warning.
  std::string snapshot_file;

  // --- Limits ---

  // For this long after a nameserver said that nobody serves a topic, it is not
  // asked about it again on demand. 0 to 1 min.
  std::chrono::nanoseconds negative_ttl = std::chrono::seconds(1);
  // Topics that one client follows; what comes above is refused. 1 to 1000000.
  std::int64_t topics_max = 100'000;

  // Routes of these are fetched right after create(), without waiting for them.
  std::vector<std::string> topics;

  // --- What the application hears ---

  EventHandler on_event;  // may be empty; not called for kPoll
  EventDelivery event_delivery = EventDelivery::kThread;
  EventExecutor event_executor;  // for kExecutor
  EventWake on_events_ready;     // for kPoll; may be empty
  // Events that wait to be taken. 16 to 1000000.
  std::int64_t event_queue_max = 1024;

  // May be empty; then the interval has no effect. 0 to 1 day; less than 100 ms
  // counts as that.
  MetricsHandler on_metrics;
  std::chrono::nanoseconds metrics_interval = std::chrono::seconds(10);

  LogHandler on_log;  // may be empty
  LogLevel log_level = LogLevel::kInfo;

  // Seed of all random choices (start nameserver, start queue, jitter); 0 takes
  // one from the system. For tests.
  std::uint64_t random_seed = 0;

  // The timing and fault defaults of a profile: `rocketmq-4`, `rocketmq-5` or
  // `fast`.
  static Result<ClientOptions> for_profile(std::string_view profile);

  // Sets one option by its key, "client.rpc-timeout" = "500ms"; a list option
  // is added to. `profile` is a key too, and overwrites what it defines. On
  // failure nothing is changed and the error names key, value and what is
  // allowed.
  Status set(std::string_view key, std::string_view value);

  // The value of an option in the form that set() reads; lists with commas.
  // kInvalidArgument for an unknown key.
  Result<std::string> get(std::string_view key) const;

  // Takes what the environment says over what is set so far; what is set later
  // wins over it. Nothing reads the environment unless this is called. An empty
  // variable counts as not set. In this order, later ones over earlier ones:
  //
  //   1. WAYPOST_PROFILE, which overwrites what it defines;
  //   2. WAYPOST_CLIENT_RPC_TIMEOUT for "client.rpc-timeout", and so on for
  //      each key; a list has a line for each value and takes the place of what
  //      was set before.
  //
  // The nameservers are the first of these:
  //
  //   1. WAYPOST_CLIENT_NAMESERVERS, "host:port,host:port";
  //   2. WAYPOST_NAMESERVERS, the same, as all programs of Waypost take it;
  //   3. what is in `nameservers`, `nameserver_url` or `nameserver_file`;
  //   4. NAMESRV_ADDR, RocketMQ's, "host:port;host:port".
  //
  // On failure nothing is changed; the error names the variable. A variable
  // WAYPOST_CLIENT_* that means nothing is an error with the nearest that does.
  // Not while another thread changes the environment.
  Status set_from_environment();
};

// One line of the table behind ClientOptions::set.
struct ClientOptionInfo {
  std::string key;
  std::string type;
  std::string allowed;
  std::string help;
  std::string default_value;
  bool repeatable = false;  // a list: each set() adds to it
  std::string environment;  // "WAYPOST_CLIENT_RPC_TIMEOUT"
};
std::vector<ClientOptionInfo> client_option_table();

}  // namespace waypost

#endif  // WAYPOST_OPTIONS_HPP_
