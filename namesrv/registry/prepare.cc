#include "namesrv/registry/prepare.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace waypost::registry {
namespace {

constexpr std::size_t kFilterServersMax = 1024;

bool before(const model::TopicConfig& a, const model::TopicConfig& b) {
  return a.name < b.name;
}
bool same_name(const model::TopicConfig& a, const model::TopicConfig& b) {
  return a.name == b.name;
}

base::Status check_identity(const model::RegisterRequest& request) {
  if (auto ok = model::check_name("cluster name", request.cluster.value());
      !ok) {
    return ok;
  }
  if (auto ok =
          model::check_name("broker name", request.broker.broker_name.value());
      !ok) {
    return ok;
  }
  if (request.broker.broker_id < model::kMasterId) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "broker id " +
                          std::to_string(request.broker.broker_id.value()) +
                          " is negative");
  }
  if (request.zone.empty()) return {};
  return model::check_name("zone", request.zone);
}

base::Status check_address(const base::Endpoint& address) {
  if (!address.host.empty() && address.port != 0) return {};
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "the broker's address '" + address.to_string() +
                        "' is not one that clients can connect to",
                    "give a host and a port other than 0");
}

// RocketMQ's names may hold what ours may not; only their length is bounded.
base::Status check_length(std::string_view what, std::string_view text,
                          std::size_t bytes_min) {
  if (text.size() >= bytes_min && text.size() <= kRemotingNameMaxBytes) {
    return {};
  }
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "a " + std::string(what) + " of " +
                        std::to_string(text.size()) + " bytes, allowed are " +
                        std::to_string(bytes_min) + " to " +
                        std::to_string(kRemotingNameMaxBytes));
}

base::Status check_filter_servers(const RemotingRegistration& told) {
  if (!told.filter_servers) return {};
  if (told.filter_servers->size() > kFilterServersMax) {
    return base::fail(base::ErrorCode::kTooLarge,
                      std::to_string(told.filter_servers->size()) +
                          " filter servers, at most " +
                          std::to_string(kFilterServersMax) + " are taken");
  }
  for (const std::string& server : *told.filter_servers) {
    if (auto ok = check_length("filter server's address", server, 0); !ok) {
      return ok;
    }
  }
  return {};
}

base::Status check_remoting(const Register& event) {
  const model::RegisterRequest& request = event.request;
  struct Text {
    std::string_view what;
    const std::string& text;
    std::size_t bytes_min;
  };
  for (const auto& [what, text, bytes_min] :
       {Text{"cluster name", request.cluster.value(), 1},
        Text{"broker name", request.broker.broker_name.value(), 1},
        Text{"broker address", event.remoting.address, 1},
        Text{"HA address", event.remoting.ha_address, 0},
        Text{"zone", request.zone, 0}}) {
    if (auto ok = check_length(what, text, bytes_min); !ok) return ok;
  }
  for (const model::StaticTopicMapping& mapping : event.remoting.mappings) {
    if (auto ok = check_length("topic name", mapping.topic.value(), 0); !ok) {
      return ok;
    }
  }
  return check_filter_servers(event.remoting);
}

base::Status check_native(const model::RegisterRequest& request) {
  if (auto ok = check_identity(request); !ok) return ok;
  return check_address(request.address);
}

base::Status check_topics(const Register& event) {
  const bool native = event.origin == Origin::kNative;
  for (const model::TopicConfig& topic : event.request.topics) {
    auto ok = native ? model::check_topic(topic)
                     : check_length("topic name", topic.name.value(), 0);
    if (!ok) return ok;
  }
  return {};
}

void sort(std::vector<model::TopicConfig>& topics) {
  if (std::is_sorted(topics.begin(), topics.end(), before)) return;
  std::stable_sort(topics.begin(), topics.end(), before);
}

// Java keys the table twice, by its own key and by the name in the value, so a
// name may come more than once: the last one counts. Nobody can ask for a topic
// without a name.
void unite_topics(std::vector<model::TopicConfig>& topics) {
  sort(topics);
  const auto last = std::unique(topics.rbegin(), topics.rend(), same_name);
  topics.erase(topics.begin(), last.base());
  if (!topics.empty() && topics.front().name.value().empty()) {
    topics.erase(topics.begin());
  }
}

base::Status sort_topics(std::vector<model::TopicConfig>& topics) {
  sort(topics);
  const auto twice =
      std::adjacent_find(topics.begin(), topics.end(), same_name);
  if (twice == topics.end()) return {};
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "topic " + twice->name.value() + " is listed twice");
}

base::Status check_removed(model::RegisterRequest& request) {
  std::sort(request.removed.begin(), request.removed.end());
  request.removed.erase(
      std::unique(request.removed.begin(), request.removed.end()),
      request.removed.end());
  for (const model::TopicName& name : request.removed) {
    const bool both =
        std::binary_search(request.topics.begin(), request.topics.end(),
                           model::TopicConfig{name, {}}, before);
    if (!both) continue;
    return base::fail(
        base::ErrorCode::kInvalidArgument,
        "topic " + name.value() + " is both registered and removed");
  }
  return {};
}

base::Status prepare_native(Register& event) {
  if (auto ok = check_native(event.request); !ok) return ok;
  if (auto ok = check_topics(event); !ok) return ok;
  if (auto ok = sort_topics(event.request.topics); !ok) return ok;
  if (auto ok = check_removed(event.request); !ok) return ok;
  if (event.request.mode == model::RegisterMode::kFull &&
      event.request.removed.empty()) {
    event.content = model::digest_topics(event.request.topics);
  }
  return {};
}

base::Status prepare_remoting(Register& event) {
  if (auto ok = check_remoting(event); !ok) return ok;
  if (auto ok = check_topics(event); !ok) return ok;
  unite_topics(event.request.topics);
  event.request.removed.clear();
  event.request.address = endpoint_of_remoting(event.remoting.address);
  return {};
}

}  // namespace

base::Endpoint endpoint_of_remoting(const std::string& address) {
  if (auto endpoint = base::parse_endpoint(address)) return *endpoint;
  // As Java's clients do: what follows the last colon is the port.
  const std::size_t colon = address.rfind(':');
  if (colon != std::string::npos) {
    const char* begin = address.data() + colon + 1;
    const char* end = address.data() + address.size();
    std::uint16_t port = 0;
    const auto read = std::from_chars(begin, end, port);
    if (read.ec == std::errc{} && read.ptr == end) {
      return {address.substr(0, colon), port};
    }
  }
  return {address, 0};
}

base::Status prepare(Register& event) {
  if (event.prepared) return {};
  const bool native = event.origin == Origin::kNative;
  if (auto ok = native ? prepare_native(event) : prepare_remoting(event); !ok) {
    return tl::unexpected(ok.error().with_context(
        "registration of " + event.request.broker.to_string()));
  }
  event.prepared = true;
  return {};
}

}  // namespace waypost::registry
