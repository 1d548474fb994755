#ifndef WAYPOST_BASE_LOG_H_
#define WAYPOST_BASE_LOG_H_

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace waypost::base {

enum class LogLevel : std::uint8_t {
  kTrace = 0,
  kDebug = 1,
  kInfo = 2,
  kWarn = 3,
  kError = 4,
  kOff = 5,
};

// One part of the program whose level is set by itself. Add one here and its
// name in log.cc.
enum class LogComponent : std::uint8_t {
  kMain,
  kTransport,
  kRpc,
  kRegistry,
  kService,
  kAgent,
  kProbe,
  kClient,
  kCluster,
};
inline constexpr std::size_t kLogComponentCount = 9;

std::string_view log_component_name(LogComponent component);
std::string_view log_level_name(LogLevel level);

// A named value of a log line. Numbers and booleans are kept as such, so that
// the JSON form needs no quotes around them.
struct LogField {
  std::string_view key;
  std::string value;
  bool quoted = true;

  LogField(std::string_view name, std::string_view text)
      : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(text) {}
  LogField(std::string_view name, const std::string& text)
      : key(name), value(text) {}
  LogField(std::string_view name, bool flag)
      : key(name), value(flag ? "true" : "false"), quoted(false) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) LogField(std::string_view name, T number)
      : key(name), value(std::to_string(number)), quoted(false) {}
};

using LogFields = std::initializer_list<LogField>;

// Where log lines go: spdlog in our executables, the application's own hook in
// the SDK, a recorder in tests. Called from any thread.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(LogLevel level, LogComponent component,
                     std::string_view message, LogFields fields) = 0;
};

// The level of each component; may be changed while running, from any thread.
class LogLevels {
 public:
  explicit LogLevels(LogLevel level = LogLevel::kInfo) { set_all(level); }

  void set(LogComponent component, LogLevel level) {
    levels_[static_cast<std::size_t>(component)].store(
        level, std::memory_order_relaxed);
  }
  void set_all(LogLevel level) {
    for (auto& each : levels_) each.store(level, std::memory_order_relaxed);
  }
  LogLevel get(LogComponent component) const {
    return levels_[static_cast<std::size_t>(component)].load(
        std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<LogLevel>, kLogComponentCount> levels_;
};

// Reads "info" or "info,registry=debug,transport=warn" into `levels`. On a
// wrong word returns false, leaves `levels` as it was and says why in `error`.
bool parse_log_levels(std::string_view text, LogLevels& levels,
                      std::string& error);

// The handle that classes hold, by value: one component's way to the sink.
// Sink and levels must outlive it. A default-made one is silent.
class Logger {
 public:
  Logger() = default;
  Logger(LogSink* sink, const LogLevels* levels, LogComponent component)
      : sink_(sink), levels_(levels), component_(component) {}

  bool enabled(LogLevel level) const {
    return sink_ != nullptr && level >= levels_->get(component_);
  }
  Logger for_component(LogComponent component) const {
    return {sink_, levels_, component};
  }

  void debug(std::string_view message, LogFields fields = {}) const {
    write(LogLevel::kDebug, message, fields);
  }
  void info(std::string_view message, LogFields fields = {}) const {
    write(LogLevel::kInfo, message, fields);
  }
  void warn(std::string_view message, LogFields fields = {}) const {
    write(LogLevel::kWarn, message, fields);
  }
  void error(std::string_view message, LogFields fields = {}) const {
    write(LogLevel::kError, message, fields);
  }
  void write(LogLevel level, std::string_view message, LogFields fields) const {
    if (enabled(level)) sink_->write(level, component_, message, fields);
  }

 private:
  LogSink* sink_ = nullptr;
  const LogLevels* levels_ = nullptr;
  LogComponent component_ = LogComponent::kMain;
};

}  // namespace waypost::base

#endif  // WAYPOST_BASE_LOG_H_
