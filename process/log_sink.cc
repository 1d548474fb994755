#include "process/log_sink.h"

#include <chrono>
#include <mutex>
#include <utility>

#include <spdlog/common.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "process/config_file.h"
#include "process/log_format.h"

namespace waypost::process {
namespace {

spdlog::level::level_enum to_spdlog(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::kTrace:
      return spdlog::level::trace;
    case base::LogLevel::kDebug:
      return spdlog::level::debug;
    case base::LogLevel::kInfo:
      return spdlog::level::info;
    case base::LogLevel::kWarn:
      return spdlog::level::warn;
    case base::LogLevel::kError:
      return spdlog::level::err;
    case base::LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

// An spdlog logger that writes what it is given and a line end. spdlog throws
// where a file cannot be opened.
base::Result<std::shared_ptr<spdlog::logger>> make_logger(
    const std::string& file) {
  try {
    spdlog::sink_ptr sink;
    if (file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    }
    auto logger = std::make_shared<spdlog::logger>("", std::move(sink));
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    // Levels are ours to judge, and each line shall be there when we crash.
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
    return logger;
  } catch (const spdlog::spdlog_ex& error) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "log.file: " + std::string(error.what()),
                      "name a file that this user may write");
  }
}

}  // namespace

void declare_log_options(base::OptionTable& options, LogSettings& settings) {
  base::Option level;
  level.key = "log.level";
  level.type = "text";
  level.allowed =
      "trace, debug, info, warn, error, off; with component=level to differ";
  level.help =
      "The least level that is logged, as in info or info,registry=debug; "
      "SIGHUP reads it again from the configuration file.";
  level.get = [&settings] { return settings.level; };
  level.set = [&settings](std::string_view text) -> base::Status {
    base::LogLevels levels;
    std::string error;
    if (!base::parse_log_levels(text, levels, error)) {
      return base::fail(base::ErrorCode::kInvalidArgument, error);
    }
    settings.level = text;
    return {};
  };
  options.custom(std::move(level));
  options.choice("log.format", settings.format, {"text", "json"},
                 "Lines for people, or one JSON object a line for machines.");
  options.text("log.file", settings.file,
               "Append to this file instead of standard error; SIGHUP opens it "
               "again after it was rotated.");
}

class ProcessLog::Impl : public base::LogSink {
 public:
  Impl(const LogSettings& settings, std::shared_ptr<spdlog::logger> logger)
      : settings_(settings), logger_(std::move(logger)) {}

  void write(base::LogLevel level, base::LogComponent component,
             std::string_view message, base::LogFields fields) override {
    const base::WallTime now = std::chrono::time_point_cast<base::Duration>(
        std::chrono::system_clock::now());
    const auto format =
        settings_.format == 0 ? format_text_line : format_json_line;
    const std::string line = format(now, level, component, message, fields);
    // As a string view it is taken as it is; as a format it could be attacked.
    logger()->log(to_spdlog(level), spdlog::string_view_t(line));
  }

  base::Status reopen() {
    if (settings_.file.empty()) return {};
    auto fresh = make_logger(settings_.file);
    if (!fresh) return tl::unexpected(std::move(fresh).error());
    const std::lock_guard lock(mutex_);
    logger_ = std::move(*fresh);
    return {};
  }

  base::LogLevels levels;

 private:
  std::shared_ptr<spdlog::logger> logger() {
    const std::lock_guard lock(mutex_);
    return logger_;
  }

  const LogSettings settings_;
  std::mutex mutex_;  // guards the pointer, not the writing
  std::shared_ptr<spdlog::logger> logger_;
};

base::Result<std::unique_ptr<ProcessLog>> ProcessLog::open(
    const LogSettings& settings) {
  auto logger = make_logger(settings.file);
  if (!logger) return tl::unexpected(std::move(logger).error());
  std::unique_ptr<ProcessLog> log(
      new ProcessLog(std::make_unique<Impl>(settings, std::move(*logger))));
  const base::Status levels = log->set_levels(settings.level);
  if (!levels) return tl::unexpected(levels.error());
  return log;
}

ProcessLog::ProcessLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProcessLog::~ProcessLog() = default;

base::Logger ProcessLog::logger(base::LogComponent component) const {
  return {impl_.get(), &impl_->levels, component};
}

base::LogSink* ProcessLog::sink() const { return impl_.get(); }

base::LogLevels& ProcessLog::levels() { return impl_->levels; }

base::Status ProcessLog::set_levels(std::string_view text) {
  std::string error;
  if (base::parse_log_levels(text, impl_->levels, error)) return {};
  return base::fail(base::ErrorCode::kInvalidArgument, "log.level: " + error);
}

base::Status ProcessLog::reload(const std::string& config_file) {
  const base::Status reopened = impl_->reopen();
  if (!reopened || config_file.empty()) return reopened;
  auto lines = read_config_file(config_file);
  if (!lines) return tl::unexpected(std::move(lines).error());
  for (const ConfigLine& line : *lines) {
    if (line.key != "log.level") continue;
    const base::Status set = set_levels(line.value);
    if (!set) return tl::unexpected(set.error().with_context(line.place));
  }
  return {};
}

}  // namespace waypost::process
