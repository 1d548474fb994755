#include "namesrv/registry/prepare.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace waypost::registry {
namespace {

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
base::Status check_length(std::string_view what, std::string_view name) {
  if (!name.empty() && name.size() <= model::kNameMaxBytes) return {};
  return base::fail(
      base::ErrorCode::kInvalidArgument,
      "a " + std::string(what) + " has " + std::to_string(name.size()) +
          " bytes, allowed are 1 to " + std::to_string(model::kNameMaxBytes));
}

base::Status check_remoting(const model::RegisterRequest& request) {
  if (auto ok = check_length("cluster name", request.cluster.value()); !ok) {
    return ok;
  }
  return check_length("broker name", request.broker.broker_name.value());
}

base::Status check_native(const model::RegisterRequest& request) {
  if (auto ok = check_identity(request); !ok) return ok;
  return check_address(request.address);
}

base::Status check_topics(const Register& event) {
  const bool native = event.origin == Origin::kNative;
  for (const model::TopicConfig& topic : event.request.topics) {
    auto ok = native ? model::check_topic(topic)
                     : check_length("topic name", topic.name.value());
    if (!ok) return ok;
  }
  return {};
}

base::Status sort_topics(std::vector<model::TopicConfig>& topics) {
  if (!std::is_sorted(topics.begin(), topics.end(), before)) {
    std::stable_sort(topics.begin(), topics.end(), before);
  }
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

base::Status check_all(Register& event) {
  auto ok = event.origin == Origin::kNative ? check_native(event.request)
                                            : check_remoting(event.request);
  if (!ok) return ok;
  if (ok = check_topics(event); !ok) return ok;
  if (ok = sort_topics(event.request.topics); !ok) return ok;
  return check_removed(event.request);
}

}  // namespace

base::Status prepare(Register& event) {
  if (event.prepared) return {};
  if (auto ok = check_all(event); !ok) {
    return tl::unexpected(ok.error().with_context(
        "registration of " + event.request.broker.to_string()));
  }
  if (event.request.mode == model::RegisterMode::kFull &&
      event.request.removed.empty()) {
    event.content = model::digest_topics(event.request.topics);
  }
  event.prepared = true;
  return {};
}

}  // namespace waypost::registry
