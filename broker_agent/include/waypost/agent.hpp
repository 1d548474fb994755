#ifndef WAYPOST_AGENT_HPP_
#define WAYPOST_AGENT_HPP_

// Registers a broker from within: for broker programs that embed the agent
// instead of running waypost-agent beside them.
//
//   waypost::AgentOptions options;
//   options.nameservers = {"10.0.0.1:9876", "10.0.0.2:9876"};
//   options.cluster = "c1";
//   options.broker_name = "broker-a";
//   options.broker_address = "10.0.0.5:1883";
//   options.topics = {{.name = "orders"}};
//   auto agent = waypost::Agent::start(options);
//   if (!agent) return complain(agent.error().to_string());
//   ...
//   (*agent)->report_health(false, "disk full");
//   ...
//   (*agent)->stop(waypost::AgentLeave::kUnregister, std::chrono::seconds(3));
//
// Needs the library waypost_agent and nothing but std in this header. It may
// live beside the client SDK in one program.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace waypost {

// What went wrong. `message` says what failed, on what and why; `advice`, where
// there is one, says what to do.
struct AgentError {
  enum class Code : std::uint8_t {
    kInvalidArgument,  // a value is wrong; retrying is useless
    kTimedOut,
    kStopped,   // the agent is stopping or has stopped
    kInternal,  // no thread, memory or descriptors; or a bug of this library
  };
  Code code = Code::kInternal;
  std::string message;
  std::string advice;

  // "message (advice)".
  std::string to_string() const;
};

// A value or an AgentError. REQUIRES for value(), * and ->: has_value().
// REQUIRES for error(): !has_value(). A violation ends the process; one for a
// value that is not there says on stderr what the error is.
template <typename T>
class [[nodiscard]] AgentResult {
 public:
  // Both implicit, so that functions can return either.
  AgentResult(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  AgentResult(AgentError error)
      : content_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return *checked(); }
  const T& value() const& { return *checked(); }
  T&& value() && { return std::move(*checked()); }
  T& operator*() & { return *checked(); }
  const T& operator*() const& { return *checked(); }
  T&& operator*() && { return std::move(*checked()); }
  T* operator->() { return checked(); }
  const T* operator->() const { return checked(); }
  const AgentError& error() const {
    const AgentError* error = std::get_if<1>(&content_);
    if (error == nullptr) std::abort();
    return *error;
  }

 private:
  T* checked() {
    T* value = std::get_if<0>(&content_);
    if (value == nullptr) die();
    return value;
  }
  const T* checked() const {
    const T* value = std::get_if<0>(&content_);
    if (value == nullptr) die();
    return value;
  }
  [[noreturn]] void die() const {
    std::fprintf(stderr, "waypost: there is no value, but an error: %s\n",
                 error().message.c_str());
    std::abort();
  }

  std::variant<T, AgentError> content_;
};
// Success without a value, or an AgentError.
using AgentStatus = AgentResult<std::monostate>;

struct AgentTopic {
  std::string name;
  std::uint32_t read_queues = 4;
  std::uint32_t write_queues = 4;
  bool readable = true;
  bool writable = true;
};

// Something that happened, as a kind for programs and a line for people.
struct AgentEvent {
  enum class What : std::uint8_t {
    kRegistered,      // a nameserver confirmed new content or a new connection
    kHealthy,         // a verdict, being told to all nameservers
    kUnhealthy,       //
    kTopicsChanged,   //
    kNameserverLost,  // cannot be reached, hung, or closed the connection
    kRefused,         // a nameserver refuses the registration
    kSuperseded,      // a newer process registered this broker: we stand back
    kSharesHost,      // a nameserver runs on this machine
    kOther,           // see the text
    // A nameserver's name cannot be looked up, or its error is another now.
    // What the name stood for, if anything, stays in use.
    kLookupFailed,
  };
  What what = What::kOther;
  std::string
      nameserver;    // as given in the options, of a name with the
                     // address: "ns:9876 (10.0.0.1)"; empty: not about one
  std::string text;  // one line, without the time
};

enum class AgentLogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError, kOff };

// Both are called on the agent's background thread, in order, and must not
// block for long. They may call set_topics, report_health and
// registered_count, but not stop. What they throw is caught and dropped.
using AgentEventHandler = std::function<void(const AgentEvent& event)>;
using AgentLogHandler =
    std::function<void(AgentLogLevel level, std::string_view line)>;

struct AgentOptions {
  // "host:port"; required, all of them. A name stands for all its addresses: it
  // is looked up again and again, the broker is registered with each, and an
  // address that is gone is left. A lookup that fails changes nothing
  // (kLookupFailed).
  std::vector<std::string> nameservers;
  std::string cluster;         // required
  std::string broker_name;     // required
  std::int64_t broker_id = 0;  // 0: the group's master
  std::string broker_address;  // "host:port" as clients reach it; required
  std::string zone;
  std::vector<AgentTopic> topics;

  // As waypost-agent's --probe: "mqtt", "tcp-exchange:PING/+PONG", ... Usually
  // none here: the broker knows better and says it with report_health.
  std::vector<std::string> probes;

  std::string profile = "rocketmq-4";  // or "rocketmq-5", "fast"

  // Any other option of waypost-agent by its key, over the profile:
  // {"agent.register-interval", "10s"}. See docs/options.md.
  std::vector<std::pair<std::string, std::string>> settings;

  AgentEventHandler on_event;
  AgentLogHandler on_log;
  AgentLogLevel log_level = AgentLogLevel::kInfo;

  // Sets one option by its key as waypost-agent calls it, "broker-name",
  // "agent.register-interval" or "profile"; lists are added to. On failure
  // (kInvalidArgument, with the nearest key) nothing is changed.
  AgentStatus set(std::string_view key, std::string_view value);

  // Takes what the environment says, in waypost-agent's variables
  // (WAYPOST_NAMESERVERS, WAYPOST_BROKER_NAME, WAYPOST_AGENT_EXPIRY, ...), over
  // what is set so far; what is set later wins over it. A list takes the place
  // of what was set. Nothing reads the environment unless this is called. On
  // failure nothing is changed and the error names the variable. Not while
  // another thread changes the environment.
  AgentStatus set_from_environment();
};

// How an agent leaves.
enum class AgentLeave : std::uint8_t {
  kUnregister,  // the broker leaves the routes
  kKeep,        // it stays for agent.handover-grace: another process takes over
};

// Keeps one broker registered with all nameservers, each independently of the
// others, from a background thread of its own.
//
// Threads: every function may be called from any thread at any time, but for
// stop() and destruction, which must come after all others have returned.
// Nothing here throws; nothing but stop() waits.
//
// Fork: an agent belongs to the process that started it, and goes on there. In
// a child after fork() set_topics is refused with kStopped, and all else does
// nothing; destroying it there leaks what it held. Start another one there.
class Agent {
 public:
  // Checks the options (kInvalidArgument names the wrong one) and starts. Does
  // not wait for a nameserver: it succeeds with all of them down.
  static AgentResult<std::unique_ptr<Agent>> start(const AgentOptions& options);

  // stop(kUnregister, 3 s), unless stopped before.
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Replaces the topics and tells all nameservers at once. On an error
  // (kInvalidArgument names the topic) nothing changes.
  AgentStatus set_topics(const std::vector<AgentTopic>& topics);

  // The broker's own word about itself; counts at once, beside the probes, and
  // until the next call. `reason` is shown to operators.
  void report_health(bool healthy, std::string_view reason);

  // With how many nameservers the broker is registered at the moment.
  std::size_t registered_count() const;

  // Says goodbye to the nameservers and ends the background thread, within
  // `timeout` whatever they do. kTimedOut: a handler still runs; what is left
  // ends with it. Not from a handler (kInvalidArgument). Twice is allowed.
  AgentStatus stop(AgentLeave leave, std::chrono::nanoseconds timeout);

 private:
  class Impl;
  explicit Agent(std::shared_ptr<Impl> impl);

  std::shared_ptr<Impl> impl_;
};

}  // namespace waypost

#endif  // WAYPOST_AGENT_HPP_
