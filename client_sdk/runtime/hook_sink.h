#ifndef WAYPOST_CLIENT_SDK_RUNTIME_HOOK_SINK_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_HOOK_SINK_H_

#include <string>

#include "base/log.h"
#include "waypost/log.hpp"

namespace waypost::client {

// Log lines as the application's handler gets them.
class HookSink final : public base::LogSink {
 public:
  explicit HookSink(LogHandler handler) : handler_(std::move(handler)) {}

  void write(base::LogLevel level, base::LogComponent component,
             std::string_view message, base::LogFields fields) override {
    std::string line(base::log_component_name(component));
    line += ": ";
    line += message;
    for (const auto& field : fields) {
      line += " ";
      line += field.key;
      line += field.quoted ? "=\"" + field.value + "\"" : "=" + field.value;
    }
    // Nobody could be told that telling failed.
    try {
      handler_(static_cast<LogLevel>(level), line);
    } catch (...) {
    }
  }

 private:
  const LogHandler handler_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_HOOK_SINK_H_
