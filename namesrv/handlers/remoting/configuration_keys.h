#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_CONFIGURATION_KEYS_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_CONFIGURATION_KEYS_H_

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "namesrv/service/remoting_settings.h"

namespace waypost::handlers {

// The keys of RocketMQ's namesrv properties that change something while a
// nameserver runs: what UPDATE_NAMESRV_CONFIG may set.
struct LiveKey {
  std::string_view name;
  bool service::RemotingSettings::*value;
};
std::span<const LiveKey> live_keys();
// Null when it is none.
const LiveKey* find_live_key(std::string_view name);

// "true" or "false" in any case; none for anything else. (Java takes anything
// else for false, which turns a mistyped "ture" into the opposite.)
std::optional<bool> parse_switch(std::string_view text);

// What else the configuration requests need to know.
struct ConfigurationView {
  // Key and value of what GET_NAMESRV_CONFIG shows beside the live keys. No
  // secrets.
  std::vector<std::pair<std::string, std::string>> fixed;
  // What UPDATE_NAMESRV_CONFIG answers with NO_PERMISSION, the whole of it.
  std::set<std::string, std::less<>> black_list = {
      "configBlackList", "configStorePath", "kvConfigPath", "rocketmqHome"};
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_CONFIGURATION_KEYS_H_
