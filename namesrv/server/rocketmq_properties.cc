#include "namesrv/server/rocketmq_properties.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "namesrv/handlers/remoting/configuration_keys.h"
#include "namesrv/handlers/remoting/java_properties.h"
#include "wire/codec/remoting/java_text.h"

namespace waypost::server {
namespace {

using Lines = std::map<std::string, std::string>;
using base::ErrorCode;

constexpr std::size_t kFileMaxBytes = 1024UL * 1024;

struct NumberBounds {
  std::int64_t min;
  std::int64_t max;
};

// A key that acts, with the option that says the same.
struct ActiveKey {
  const char* name;
  const char* option;
  NumberBounds bounds;  // of a number; min above max: not a number
  void (*apply)(ServerSettings&, const std::string& text, std::int64_t number);
};
constexpr NumberBounds kText{1, 0};
constexpr NumberBounds kSwitch{0, 0};

constexpr std::array kActiveKeys = {
    ActiveKey{"bindAddress", "listen", kText,
              [](ServerSettings& s, const std::string& text, std::int64_t) {
                s.listen.host = text;
              }},
    ActiveKey{"listenPort",
              "listen",
              {1, 65535},
              [](ServerSettings& s, const std::string&, std::int64_t number) {
                s.listen.port = static_cast<std::uint16_t>(number);
              }},
    ActiveKey{"scanNotActiveBrokerInterval",
              "liveness.scan-interval",
              {100, 3'600'000},
              [](ServerSettings& s, const std::string&, std::int64_t number) {
                s.service.scan_interval = std::chrono::milliseconds(number);
              }},
    ActiveKey{"serverChannelMaxIdleTimeSeconds",
              "remoting.idle",
              {1, 86'400},
              [](ServerSettings& s, const std::string&, std::int64_t number) {
                s.remoting.idle = std::chrono::seconds(number);
              }},
    ActiveKey{"needWaitForService", "starting.wait-for-brokers", kSwitch,
              [](ServerSettings& s, const std::string&, std::int64_t number) {
                s.service.lifecycle.wait_for_roster = number != 0;
              }},
    ActiveKey{"waitSecondsForService",
              "starting.max-wait",
              {0, 3'600},
              [](ServerSettings& s, const std::string&, std::int64_t number) {
                s.service.lifecycle.starting_max_wait =
                    std::chrono::seconds(number);
              }},
    ActiveKey{"kvConfigPath", "rocketmq-kv-import", kText,
              [](ServerSettings& s, const std::string& text, std::int64_t) {
                s.kv_import_file = text;
              }},
    ActiveKey{"configBlackList", "", kText,
              [](ServerSettings& s, const std::string& text, std::int64_t) {
                std::istringstream names(text);
                std::string name;
                while (std::getline(names, name, ';')) {
                  if (!name.empty()) {
                    s.remoting.configuration.black_list.insert(name);
                  }
                }
              }}};

// Keys of RocketMQ that have no meaning here.
struct IgnoredKey {
  const char* name;
  const char* why;
};
constexpr const char* kThreads =
    "one I/O thread for each core serves requests; see io.threads";
constexpr const char* kBuffers =
    "socket buffers are the system's, queued output is bounded by "
    "limits.output";
constexpr const char* kFiles = "files live in data-dir";
constexpr std::array kIgnoredKeys = {
    IgnoredKey{"rocketmqHome", kFiles},
    IgnoredKey{"configStorePath", kFiles},
    IgnoredKey{"productEnvName", "it changes nothing in RocketMQ either"},
    IgnoredKey{"clusterTest",
               "route queries are never forwarded to another environment"},
    IgnoredKey{"enableControllerInNamesrv",
               "RocketMQ's controller does not run inside Waypost"},
    IgnoredKey{"serverWorkerThreads", kThreads},
    IgnoredKey{"serverSelectorThreads", kThreads},
    IgnoredKey{"serverCallbackExecutorThreads", kThreads},
    IgnoredKey{"clientRequestThreadPoolNums", kThreads},
    IgnoredKey{"defaultThreadPoolNums", kThreads},
    IgnoredKey{"clientRequestThreadPoolQueueCapacity", kThreads},
    IgnoredKey{"defaultThreadPoolQueueCapacity", kThreads},
    IgnoredKey{"unRegisterBrokerQueueCapacity", kThreads},
    IgnoredKey{"serverOnewaySemaphoreValue", kThreads},
    IgnoredKey{"serverAsyncSemaphoreValue", kThreads},
    IgnoredKey{"serverNettyWorkerGroupEnable", kThreads},
    IgnoredKey{"useEpollNativeSelector", "epoll is always used"},
    IgnoredKey{"serverPooledByteBufAllocatorEnable", kBuffers},
    IgnoredKey{"serverSocketSndBufSize", kBuffers},
    IgnoredKey{"serverSocketRcvBufSize", kBuffers},
    IgnoredKey{"writeBufferHighWaterMark", kBuffers},
    IgnoredKey{"writeBufferLowWaterMark", kBuffers},
    IgnoredKey{"serverSocketBacklog", kBuffers},
    IgnoredKey{"enableShutdownGracefully",
               "SIGTERM drains; see drain.max-wait"},
    IgnoredKey{"shutdownWaitTimeSeconds", "see drain.max-wait"}};

base::Result<Lines> read_lines(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kFileMaxBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (!stream.eof() && stream.fail()) {
    return base::fail(ErrorCode::kNotFound, file + " cannot be read",
                      "check the path and its permissions");
  }
  if (text.size() > kFileMaxBytes) {
    return base::fail(ErrorCode::kTooLarge, file + " is larger than 1 MiB",
                      "is it a properties file?");
  }
  auto properties = handlers::parse_java_properties(text);
  if (!properties) {
    return base::fail(ErrorCode::kInvalidArgument,
                      file + ", " + properties.error().message,
                      properties.error().advice);
  }
  Lines lines;
  for (auto& [key, value] : *properties) lines[key] = std::move(value);
  return lines;
}

std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  return text;
}

class Applier {
 public:
  Applier(const std::string& file,
          const std::function<bool(std::string_view)>& is_given,
          ServerSettings& settings)
      : file_(file), is_given_(is_given), settings_(settings) {}

  base::Status apply(const std::string& key, const std::string& value) {
    if (const handlers::LiveKey* live = handlers::find_live_key(key)) {
      const auto on = handlers::parse_switch(value);
      if (!on) return refuse(key, value, "true or false");
      settings_.service.remoting.*(live->value) = *on;
      report.applied.push_back({key, value, ""});
      return {};
    }
    const auto active =
        std::find_if(kActiveKeys.begin(), kActiveKeys.end(),
                     [&](const ActiveKey& each) { return key == each.name; });
    if (active != kActiveKeys.end()) return apply_active(*active, value);
    const auto ignored =
        std::find_if(kIgnoredKeys.begin(), kIgnoredKeys.end(),
                     [&](const IgnoredKey& each) { return key == each.name; });
    report.ignored.push_back({key, value,
                              ignored != kIgnoredKeys.end()
                                  ? ignored->why
                                  : "not a key of RocketMQ's nameserver"});
    return {};
  }

  PropertiesReport report;

 private:
  base::Status apply_active(const ActiveKey& key, const std::string& value) {
    std::int64_t number = 0;
    if (key.bounds.min == 0 && key.bounds.max == 0) {
      const auto on = handlers::parse_switch(value);
      if (!on) return refuse(key.name, value, "true or false");
      number = *on ? 1 : 0;
    } else if (key.bounds.min <= key.bounds.max) {
      const auto parsed = remoting::java_long(value);
      if (!parsed || *parsed < key.bounds.min || *parsed > key.bounds.max) {
        return refuse(key.name, value,
                      std::to_string(key.bounds.min) + " to " +
                          std::to_string(key.bounds.max));
      }
      number = *parsed;
    }
    if (is_given_(key.option)) {
      report.ignored.push_back(
          {key.name, value, std::string(key.option) + " is set and counts"});
      return {};
    }
    key.apply(settings_, value, number);
    report.applied.push_back({key.name, value, key.option});
    return {};
  }

  base::Status refuse(const std::string& key, const std::string& value,
                      const std::string& allowed) const {
    return base::fail(ErrorCode::kInvalidArgument,
                      file_ + ": " + key + " = '" + value + "'",
                      "it takes " + allowed);
  }

  const std::string& file_;
  const std::function<bool(std::string_view)>& is_given_;
  ServerSettings& settings_;
};

}  // namespace

void PropertiesReport::log(const base::Logger& logger) const {
  for (const Line& line : applied) {
    logger.info(
        "RocketMQ property taken",
        {{"key", line.key}, {"value", line.value}, {"option", line.what}});
  }
  for (const Line& line : ignored) {
    logger.warn("RocketMQ property ignored",
                {{"key", line.key}, {"value", line.value}, {"why", line.what}});
  }
}

base::Result<PropertiesReport> apply_rocketmq_properties(
    const std::string& file,
    const std::function<bool(std::string_view option)>& is_given,
    ServerSettings& settings) {
  const auto lines = read_lines(file);
  if (!lines) return tl::unexpected(lines.error());
  Applier applier(file, is_given, settings);
  for (const auto& [key, value] : *lines) {
    if (auto applied = applier.apply(key, trimmed(value)); !applied) {
      return tl::unexpected(applied.error());
    }
  }
  return std::move(applier.report);
}

}  // namespace waypost::server
