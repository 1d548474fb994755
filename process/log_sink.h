#ifndef WAYPOST_PROCESS_LOG_SINK_H_
#define WAYPOST_PROCESS_LOG_SINK_H_

// The log of an executable: lines to standard error or a file, through spdlog,
// with a level for each component that may be changed while the process runs.

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "base/options.h"

namespace waypost::process {

struct LogSettings {
  std::string level = "info";  // as parse_log_levels reads it
  std::size_t format = 0;      // 0 text, 1 JSON lines
  std::string file;            // empty: standard error
};

// Declares log.level, log.format and log.file.
void declare_log_options(base::OptionTable& options, LogSettings& settings);

// Owns sink and levels; must outlive every Logger made from it. All methods may
// be called from any thread.
class ProcessLog {
 public:
  // Errors: a level that is none, a file that cannot be opened for appending.
  static base::Result<std::unique_ptr<ProcessLog>> open(
      const LogSettings& settings);
  ~ProcessLog();
  ProcessLog(const ProcessLog&) = delete;
  ProcessLog& operator=(const ProcessLog&) = delete;

  base::Logger logger(
      base::LogComponent component = base::LogComponent::kMain) const;
  base::LogSink* sink() const;
  base::LogLevels& levels();

  // "info,registry=debug". On an error nothing changes.
  base::Status set_levels(std::string_view text);

  // For SIGHUP: opens the file anew, after it was moved away, and takes
  // `log.level` from `config_file` when that is not empty and has such a line.
  // On an error the log goes on as it was.
  base::Status reload(const std::string& config_file);

 private:
  class Impl;
  explicit ProcessLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace waypost::process

#endif  // WAYPOST_PROCESS_LOG_SINK_H_
