#include "tests/namesrv/registry/registry_script.h"

#include <algorithm>
#include <utility>

namespace waypost::registry {
namespace {

struct ReplyText {
  bool with_changed;

  std::string change(bool changed, std::string_view otherwise) const {
    if (!with_changed) return std::string(otherwise);
    return changed ? "changed" : "unchanged";
  }
  std::string operator()(const std::monostate&) const { return "-"; }
  std::string operator()(const model::RegisterReply& reply) const {
    return change(reply.changed, "registered");
  }
  std::string operator()(const model::HeartbeatReply& reply) const {
    return reply.known ? "known" : "unknown";
  }
  std::string operator()(const model::VerdictReply& reply) const {
    if (!reply.known) return "unknown";
    return change(reply.changed, "known");
  }
  std::string operator()(const model::ObserveReply& reply) const {
    std::string text = "observed";
    for (const auto& each : reply.brokers) {
      text += " " + each.broker.to_string();
    }
    return text;
  }
  std::string operator()(const model::UnregisterReply& reply) const {
    return reply.removed ? "removed" : "kept";
  }
  std::string operator()(const model::HandoverReply& reply) const {
    return reply.known ? "known" : "unknown";
  }
  std::string operator()(const RemotingRegisterReply& reply) const {
    if (!reply.accepted) return "ignored";
    std::string text = change(reply.changed, "registered");
    if (reply.master_address) text += " master " + *reply.master_address;
    if (reply.ha_address) text += " ha " + *reply.ha_address;
    return text;
  }
  std::string operator()(const RegisterUnchangedReply& reply) const {
    return reply.known ? "known " + (*this)(reply.reply) : "unknown";
  }
  std::string operator()(const BrokerHeartbeatReply& reply) const {
    return reply.known ? "known" : "unknown";
  }
  std::string operator()(const DataVersionReply& reply) const {
    const std::string text = reply.changed ? "other" : "same";
    return reply.held ? text + " v" + std::to_string(reply.held->counter)
                      : text;
  }
  std::string operator()(const WritePermissionReply& reply) const {
    return std::to_string(reply.topic_count) + " topics";
  }
  std::string operator()(const TopicReply& reply) const {
    return std::to_string(reply.group_count) + " groups";
  }
  std::string operator()(const base::Error& error) const {
    return base::error_code_name(error.code);
  }
};

std::string show(const model::Replica& replica) {
  std::string text =
      std::to_string(replica.id.value()) + "@" + replica.address.to_string();
  if (!replica.zone.empty()) text += "/" + replica.zone;
  if (replica.health == model::BrokerHealth::kSuspect) text += '?';
  if (replica.health == model::BrokerHealth::kUnhealthy) text += '!';
  return text;
}

std::string show(const model::RouteGroup& group) {
  std::string text = group.broker_name.value() + "[";
  for (const model::Replica& replica : group.replicas) {
    if (text.back() != '[') text += ',';
    text += show(replica);
  }
  return text + "]" + std::to_string(group.queues.read_queues) + "/" +
         std::to_string(group.queues.write_queues) +
         group.queues.permission.to_string();
}

}  // namespace

std::string reply_text(const Reply& reply, bool with_changed) {
  return std::visit(ReplyText{with_changed}, reply);
}

model::BrokerKey broker_key(std::string_view text) {
  const auto slash = text.find('/');
  return {model::BrokerName(std::string(text.substr(0, slash))),
          model::BrokerId(std::stoll(std::string(text.substr(slash + 1))))};
}

model::TopicConfig topic_config(std::string_view text) {
  model::TopicConfig topic;
  const auto colon = text.find(':');
  topic.name = model::TopicName(std::string(text.substr(0, colon)));
  topic.queues = {4, 4, {}, 0};
  if (colon == std::string_view::npos) return topic;
  const std::string rest(text.substr(colon + 1));
  const auto queues = static_cast<std::uint32_t>(std::stoul(rest));
  topic.queues.read_queues = topic.queues.write_queues = queues;
  const auto permission = rest.find(':');
  if (permission != std::string::npos) {
    topic.queues.permission =
        *model::parse_permission(rest.substr(permission + 1));
  }
  return topic;
}

std::vector<model::TopicConfig> topic_configs(
    const std::vector<std::string>& texts) {
  std::vector<model::TopicConfig> topics;
  for (const std::string& text : texts) topics.push_back(topic_config(text));
  return topics;
}

model::Digest stated_digest(const std::vector<std::string>& topics) {
  auto sorted = topic_configs(topics);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return model::digest_topics(sorted);
}

Register register_event(const Entry& entry) {
  Register event;
  model::RegisterRequest& request = event.request;
  request.cluster = model::ClusterName(entry.cluster);
  request.broker = broker_key(entry.broker);
  request.address =
      entry.address.empty()
          ? base::Endpoint{request.broker.broker_name.value() +
                               std::to_string(request.broker.broker_id.value()),
                           1}
          : *base::parse_endpoint(entry.address);
  request.zone = entry.zone;
  request.epoch = model::Epoch(entry.epoch);
  request.mode = entry.incremental ? model::RegisterMode::kIncremental
                                   : model::RegisterMode::kFull;
  request.topics = topic_configs(entry.topics);
  for (const auto& name : entry.removed) {
    request.removed.emplace_back(name);
  }
  request.expiry = entry.expiry;
  request.healthy = entry.unhealthy.empty();
  request.health_reason = entry.unhealthy;
  request.verdict_action = entry.action;
  request.topics_digest = entry.stated.empty()
                              ? stated_digest(entry.topics)
                              : model::digest_bytes(entry.stated);
  event.binding = model::BindingId(entry.binding);
  event.origin = entry.origin;
  event.topics = entry.policy;
  if (entry.incremental) event.topics = TopicsPolicy::kMerge;
  if (entry.origin == Origin::kRemoting) {
    event.apply_if = ApplyIf::kDifferent;
    event.remoting.address = request.address.to_string();
    // Other topics, another version.
    event.remoting.version.counter =
        static_cast<std::int64_t>(request.topics_digest.low);
  }
  return event;
}

std::string to_text(const model::Route& route) {
  std::string text;
  for (const model::RouteGroup& group : route.groups) {
    if (!text.empty()) text += ' ';
    text += show(group);
  }
  return text;
}

std::string Script::step(const Event& event) {
  last = registry.step(event, now);
  std::string text = reply_text(last.reply);
  for (const BrokerChange& change : last.changes) {
    text += "; " + std::string(broker_change_name(change.what));
    if (change.broker != model::BrokerKey{}) {
      text += " " + change.broker.to_string();
    }
  }
  return text;
}

std::string Script::enter(const Entry& entry) {
  return step(register_event(entry));
}

std::string Script::beat(std::string_view broker, std::uint64_t binding,
                         std::uint64_t epoch,
                         const std::vector<std::string>& topics) {
  return step(Heartbeat{
      {broker_key(broker), model::Epoch(epoch), stated_digest(topics)},
      model::BindingId(binding)});
}

std::string Script::judge(std::string_view broker, std::uint64_t binding,
                          std::string reason, std::uint64_t epoch,
                          model::VerdictAction action) {
  Verdict verdict;
  verdict.request.broker = broker_key(broker);
  verdict.request.epoch = model::Epoch(epoch);
  verdict.request.healthy = reason.empty();
  verdict.request.action = action;
  verdict.request.reason = std::move(reason);
  verdict.binding = model::BindingId(binding);
  return step(verdict);
}

std::string Script::observe(std::string_view broker, std::string reason,
                            base::Duration lapses_after,
                            model::VerdictAction action) {
  Verdict verdict;
  verdict.request.broker = broker_key(broker);
  verdict.request.healthy = reason.empty();
  verdict.request.action = action;
  verdict.request.reason = std::move(reason);
  verdict.request.observer = true;
  verdict.request.lapses_after = lapses_after;
  verdict.binding = model::BindingId(999'999);
  return step(verdict);
}

std::string Script::observe_at(std::string_view address, std::string reason,
                               base::Duration lapses_after,
                               std::uint64_t binding) {
  Observe event;
  event.request.address = *base::parse_endpoint(address);
  event.request.healthy = reason.empty();
  event.request.reason = std::move(reason);
  event.request.lapses_after = lapses_after;
  event.binding = model::BindingId(binding);
  return step(event);
}

std::string Script::leave(std::string_view broker, std::uint64_t binding,
                          std::uint64_t epoch) {
  return step(Unregister{{broker_key(broker), model::Epoch(epoch), "stopped"},
                         model::BindingId(binding)});
}

std::string Script::hand_over(std::string_view broker, std::uint64_t binding,
                              base::Duration grace, std::uint64_t epoch) {
  return step(Handover{{broker_key(broker), model::Epoch(epoch), grace},
                       model::BindingId(binding)});
}

std::string Script::close(std::uint64_t binding, BindingClosed::Cause cause) {
  return step(BindingClosed{model::BindingId(binding), cause});
}

std::string Script::scan(bool suspend_removals) {
  return step(Scan{suspend_removals});
}

std::string Script::gap(base::Duration gap) { return step(ClockGap{gap}); }

std::string Script::route(std::string_view topic) const {
  const RouteTable& table = registry.table();
  const TopicEntry* entry = table.find_topic(topic, model::hash_bytes(topic));
  return entry == nullptr ? "-" : to_text(table.route(*entry));
}

std::uint64_t Script::stamp(std::string_view topic) const {
  const RouteTable& table = registry.table();
  const TopicEntry* entry = table.find_topic(topic, model::hash_bytes(topic));
  return entry == nullptr ? 0 : table.stamp(*entry);
}

std::string Script::topics(std::string prefix) const {
  std::string text;
  for (const auto& topic :
       registry.list_topics({std::move(prefix), "", 0}).topics) {
    if (!text.empty()) text += ' ';
    text += topic.topic.value();
  }
  return text;
}

std::string Script::brokers(std::string prefix) const {
  std::string text;
  for (const auto& broker :
       registry.list_brokers({std::move(prefix), "", 0}, now).brokers) {
    if (!text.empty()) text += ' ';
    text += broker.broker.to_string();
  }
  return text;
}

model::ClusterView Script::view() const {
  model::ClusterView view;
  registry.fill(view, now);
  return view;
}

}  // namespace waypost::registry
