#include "namesrv/handlers/remoting/configuration_keys.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace waypost::handlers {
namespace {

using Settings = service::RemotingSettings;

constexpr std::array kLiveKeys = {
    LiveKey{"deleteTopicWithBrokerRegistration",
            &Settings::delete_topic_with_broker_registration},
    LiveKey{"enableAllTopicList", &Settings::enable_all_topic_list},
    LiveKey{"enableTopicList", &Settings::enable_topic_list},
    LiveKey{"notifyMinBrokerIdChanged",
            &Settings::notify_min_broker_id_changed},
    LiveKey{"orderMessageEnable", &Settings::order_message_enable},
    LiveKey{"returnOrderTopicConfigToBroker",
            &Settings::return_order_topic_config_to_broker},
    LiveKey{"supportActingMaster", &Settings::support_acting_master}};

}  // namespace

std::span<const LiveKey> live_keys() { return kLiveKeys; }

const LiveKey* find_live_key(std::string_view name) {
  const auto found =
      std::find_if(kLiveKeys.begin(), kLiveKeys.end(),
                   [&](const LiveKey& key) { return key.name == name; });
  return found == kLiveKeys.end() ? nullptr : &*found;
}

std::optional<bool> parse_switch(std::string_view text) {
  std::string lower;
  for (const char c : text) {
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (lower == "true") return true;
  if (lower == "false") return false;
  return std::nullopt;
}

}  // namespace waypost::handlers
