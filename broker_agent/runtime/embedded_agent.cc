// The embedding API: an AgentRunner on a loop and a thread of its own.
//
// Impl is shared by the Agent and the thread, so that a handler that never
// returns can be left behind: stop() gives up on the thread, and the last
// owner frees what there is. Only the thread touches loop and runner, but for
// post() and stop(), which are thread-safe.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

#include <unistd.h>

#include "broker_agent/runtime/agent_options.h"
#include "broker_agent/runtime/agent_runner.h"
#include "broker_agent/runtime/note_text.h"
#include "waypost/agent.hpp"
#include "wire/transport/loop.h"

namespace waypost {
namespace {

// Nobody means to wait longer, and adding it to a clock must not overflow.
constexpr std::chrono::nanoseconds kStopMax = std::chrono::hours(1);

AgentError to_public(const base::Error& error) {
  const auto code = error.code == base::ErrorCode::kInvalidArgument
                        ? AgentError::Code::kInvalidArgument
                        : AgentError::Code::kInternal;
  return {code, error.message, error.advice};
}

base::Result<agent::TopicListPtr> to_topics(
    const std::vector<AgentTopic>& topics) {
  std::vector<model::TopicConfig> configs;
  configs.reserve(topics.size());
  for (const AgentTopic& topic : topics) {
    model::Permission permission{0};
    if (topic.readable) permission.bits |= model::Permission::kRead;
    if (topic.writable) permission.bits |= model::Permission::kWrite;
    configs.push_back({model::TopicName(topic.name),
                       {topic.read_queues, topic.write_queues, permission, 0}});
  }
  auto list = agent::TopicList::make(std::move(configs));
  if (!list) return tl::unexpected(list.error());
  return std::make_shared<const agent::TopicList>(std::move(*list));
}

base::Status set_all(const AgentOptions& options, base::OptionTable& table) {
  std::string nameservers;
  for (const std::string& each : options.nameservers) {
    if (!nameservers.empty()) nameservers += ',';
    nameservers += each;
  }
  std::vector<std::pair<std::string, std::string>> values = {
      {"nameservers", nameservers},
      {"cluster", options.cluster},
      {"broker-name", options.broker_name},
      {"broker-id", std::to_string(options.broker_id)},
      {"broker-address", options.broker_address},
      {"zone", options.zone}};
  for (const std::string& probe : options.probes) {
    values.emplace_back("probe", probe);
  }
  values.insert(values.end(), options.settings.begin(), options.settings.end());
  for (const auto& [key, value] : values) {
    if (auto set = table.set(key, value); !set) return set;
  }
  return {};
}

base::Result<agent::AgentSettings> to_settings(const AgentOptions& options) {
  const auto profile = base::find_profile(options.profile);
  if (!profile) return tl::unexpected(profile.error());
  agent::AgentOptionValues values;
  agent::apply_profile(*profile, values);
  base::OptionTable table;
  agent::declare_options(table, values);
  if (auto set = set_all(options, table); !set) {
    return tl::unexpected(set.error());
  }
  return agent::complete(values);
}

AgentEvent::What public_kind(agent::Note::What what) {
  using Note = agent::Note;
  switch (what) {
    case Note::What::kRegistered:
      return AgentEvent::What::kRegistered;
    case Note::What::kHealthy:
      return AgentEvent::What::kHealthy;
    case Note::What::kUnhealthy:
      return AgentEvent::What::kUnhealthy;
    case Note::What::kTopicsChanged:
      return AgentEvent::What::kTopicsChanged;
    case Note::What::kCannotReach:
    case Note::What::kNameserverHung:
    case Note::What::kNameserverLost:
      return AgentEvent::What::kNameserverLost;
    case Note::What::kRefused:
      return AgentEvent::What::kRefused;
    case Note::What::kSuperseded:
      return AgentEvent::What::kSuperseded;
    case Note::What::kSharesHost:
      return AgentEvent::What::kSharesHost;
    case Note::What::kLookupFailed:
      return AgentEvent::What::kLookupFailed;
    default:
      return AgentEvent::What::kOther;
  }
}

AgentLogLevel public_level(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::kTrace:
    case base::LogLevel::kDebug:
      return AgentLogLevel::kDebug;
    case base::LogLevel::kInfo:
      return AgentLogLevel::kInfo;
    case base::LogLevel::kWarn:
      return AgentLogLevel::kWarn;
    case base::LogLevel::kError:
      return AgentLogLevel::kError;
    case base::LogLevel::kOff:
      break;
  }
  return AgentLogLevel::kOff;
}

base::LogLevel internal_level(AgentLogLevel level) {
  constexpr std::array kLevels = {base::LogLevel::kDebug, base::LogLevel::kInfo,
                                  base::LogLevel::kWarn, base::LogLevel::kError,
                                  base::LogLevel::kOff};
  return kLevels.at(std::min<std::size_t>(static_cast<std::size_t>(level), 4));
}

// Hands lines to the embedder's handler as "message key=value ...".
class HandlerSink final : public base::LogSink {
 public:
  explicit HandlerSink(AgentLogHandler handler)
      : handler_(std::move(handler)) {}

  void write(base::LogLevel level, base::LogComponent /*component*/,
             std::string_view message, base::LogFields fields) override {
    if (!handler_) return;
    try {
      std::string line(message);
      for (const base::LogField& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        line += field.value;
      }
      handler_(public_level(level), line);
    } catch (...) {  // the embedder's own; there is nobody to tell
    }
  }

 private:
  const AgentLogHandler handler_;
};

// Signals are the embedding program's business: our thread takes none.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

std::string AgentError::to_string() const {
  return advice.empty() ? message : message + " (" + advice + ")";
}

class Agent::Impl {
 public:
  Impl(std::unique_ptr<transport::Loop> loop, const AgentOptions& options)
      : loop_(std::move(loop)),
        on_event_(options.on_event),
        sink_(options.on_log),
        levels_(internal_level(options.log_level)) {}

  // Runs `task` on the agent's thread, if that still runs.
  void post(std::function<void(agent::AgentRunner&)> task) {
    loop_->post([this, task = std::move(task)] {
      if (runner_) task(*runner_);
      update_count();
    });
  }

  // Starts the thread; `self` keeps this alive for as long as it runs.
  void start(const std::shared_ptr<Impl>& self, agent::AgentSettings settings,
             agent::TopicListPtr topics) {
    // First in the loop's queue: before it there is no runner.
    loop_->post([this, settings = std::move(settings),
                 topics = std::move(topics)] { begin(settings, topics); });
    const SignalsBlocked blocked;
    thread_ = std::thread([self] { self->run(); });
  }

  // From any thread but ours.
  AgentStatus stop(AgentLeave leave, std::chrono::nanoseconds timeout) {
    if (!thread_.joinable()) return std::monostate{};
    if (thread_.get_id() == std::this_thread::get_id()) {
      return AgentError{AgentError::Code::kInvalidArgument,
                        "stop was called from a handler",
                        "call it from another thread"};
    }
    const auto how = leave == AgentLeave::kKeep ? agent::Leave::kKeep
                                                : agent::Leave::kUnregister;
    post([this, how](agent::AgentRunner& runner) {
      runner.stop(how, [this] { loop_->stop(); });
    });
    timeout = std::clamp(timeout, std::chrono::nanoseconds(0), kStopMax);
    // Most of the time belongs to the nameservers; then the thread ends without
    // them.
    if (!wait_for_end(timeout - timeout / 4)) {
      loop_->stop();
      if (!wait_for_end(timeout / 4)) {
        stopped_ = true;
        thread_.detach();
        return AgentError{AgentError::Code::kTimedOut,
                          "the agent's thread has not ended in time",
                          "handlers must not block"};
      }
    }
    stopped_ = true;
    thread_.join();
    return std::monostate{};
  }

  // Why nothing more can be asked of it, if so.
  std::optional<AgentError> ended() const {
    if (forked()) {
      return AgentError{AgentError::Code::kStopped,
                        "the agent belongs to the process that this one was "
                        "forked from",
                        "start another one after fork()"};
    }
    if (!stopped_) return std::nullopt;
    return AgentError{AgentError::Code::kStopped, "the agent has stopped", {}};
  }
  // In a child the thread is not there, and its locks may be held for ever:
  // nothing of this is touched.
  bool forked() const { return ::getpid() != process_; }
  std::size_t registered_count() const {
    return forked() ? 0 : registered_count_.load();
  }

 private:
  // The thread's whole life.
  void run() {
    loop_->run();
    runner_.reset();
    registered_count_ = 0;
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  bool wait_for_end(std::chrono::nanoseconds timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return ended_; });
  }

  void begin(const agent::AgentSettings& settings,
             const agent::TopicListPtr& topics) {
    runner_.emplace(
        agent::AgentSurroundings{
            *loop_, loop_->network(),
            [this](const auto& arguments, auto on_exit) {
              return loop_->spawn(arguments, std::move(on_exit));
            },
            transport::is_local_address,
            base::Logger(&sink_, &levels_, base::LogComponent::kAgent)},
        settings, topics,
        [this](const agent::Note& note, const std::string& nameserver) {
          on_note(note, nameserver);
        });
    runner_->start();
  }

  void on_note(const agent::Note& note, const std::string& nameserver) {
    update_count();
    if (!on_event_ ||
        agent::describe(note.what).level < base::LogLevel::kInfo) {
      return;
    }
    try {
      on_event_({public_kind(note.what), nameserver,
                 agent::note_sentence(note, nameserver)});
    } catch (...) {  // the embedder's own; there is nobody to tell
    }
  }

  void update_count() {
    if (runner_) registered_count_ = runner_->registered_count();
  }

  // Set before the thread starts.
  const pid_t process_ = ::getpid();
  const std::unique_ptr<transport::Loop> loop_;
  const AgentEventHandler on_event_;
  HandlerSink sink_;
  const base::LogLevels levels_;

  // The thread's own.
  std::optional<agent::AgentRunner> runner_;

  std::atomic<std::size_t> registered_count_{0};

  std::thread thread_;  // for start and stop
  std::atomic<bool> stopped_{false};

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool ended_ = false;
};

Agent::Agent(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

AgentResult<std::unique_ptr<Agent>> Agent::start(const AgentOptions& options) {
  try {
    auto settings = to_settings(options);
    if (!settings) return to_public(settings.error());
    auto topics = to_topics(options.topics);
    if (!topics) return to_public(topics.error());
    auto loop = transport::Loop::create();
    if (!loop) {
      return AgentError{AgentError::Code::kInternal,
                        "no event loop: descriptors or memory are used up",
                        {}};
    }
    auto impl = std::make_shared<Impl>(std::move(loop), options);
    impl->start(impl, std::move(*settings), std::move(*topics));
    return std::unique_ptr<Agent>(new Agent(std::move(impl)));
  } catch (const std::exception& error) {
    return AgentError{AgentError::Code::kInternal,
                      std::string("cannot start: ") + error.what(),
                      {}};
  }
}

Agent::~Agent() {
  // Left as it is: nobody else owns it here.
  if (impl_->forked()) {
    static_cast<void>(new (std::nothrow) std::shared_ptr<Impl>(impl_));
    return;
  }
  static_cast<void>(stop(AgentLeave::kUnregister, std::chrono::seconds(3)));
}

AgentStatus Agent::set_topics(const std::vector<AgentTopic>& topics) {
  try {
    if (auto ended = impl_->ended()) return std::move(*ended);
    auto list = to_topics(topics);
    if (!list) return to_public(list.error());
    impl_->post([list = std::move(*list)](agent::AgentRunner& runner) {
      runner.set_topics(list);
    });
    return std::monostate{};
  } catch (const std::exception& error) {
    return AgentError{AgentError::Code::kInternal, error.what(), {}};
  }
}

void Agent::report_health(bool healthy, std::string_view reason) {
  if (impl_->forked()) return;
  try {
    impl_->post(
        [healthy, reason = std::string(reason)](agent::AgentRunner& runner) {
          runner.report_health(healthy, reason);
        });
  } catch (const std::exception&) {  // no memory: the next report will tell
  }
}

std::size_t Agent::registered_count() const {
  return impl_->registered_count();
}

AgentStatus Agent::stop(AgentLeave leave, std::chrono::nanoseconds timeout) {
  if (impl_->forked()) return std::monostate{};
  try {
    return impl_->stop(leave, timeout);
  } catch (const std::exception& error) {
    return AgentError{AgentError::Code::kInternal, error.what(), {}};
  }
}

}  // namespace waypost
