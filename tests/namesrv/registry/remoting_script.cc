#include "tests/namesrv/registry/remoting_script.h"

#include <algorithm>
#include <utility>

#include "namesrv/registry/remoting_lists.h"
#include "namesrv/registry/remoting_route.h"

namespace waypost::registry {
namespace {

std::string default_address(const model::BrokerKey& key) {
  return key.broker_name.value() + std::to_string(key.broker_id.value()) + ":1";
}

std::string show(const RemotingReplica& replica) {
  std::string text =
      std::to_string(replica.id.value()) + "=" + std::string(replica.address);
  if (replica.filter_servers == nullptr) return text;
  text += '{';
  for (const auto& server : *replica.filter_servers) {
    text += (text.back() == '{' ? "" : " ") + server;
  }
  return text + '}';
}

std::string show(const RemotingRouteGroup& group) {
  std::string text = group.broker_name->value();
  if (group.enable_acting_master) text += '*';
  text += "(" + group.cluster->value();
  if (!group.zone.empty()) text += "@" + std::string(group.zone);
  text += ")[";
  for (const auto& replica : group.replicas) {
    text += (text.back() == '[' ? "" : ",") + show(replica);
  }
  const auto number = [](std::uint32_t bits) {
    return std::to_string(model::to_java_int(bits));
  };
  text += "]" + number(group.queues.read_queues) + "/" +
          number(group.queues.write_queues) + "p" +
          number(group.queues.permission.bits);
  if (group.mapping != nullptr) {
    text += "#" + std::to_string(group.mapping->total_queues);
  }
  return text;
}

}  // namespace

Register RemotingScript::event_of(const Told& told) {
  Register event;
  event.binding = model::BindingId(told.binding);
  event.origin = Origin::kRemoting;
  event.apply_if = ApplyIf::kDifferent;
  event.on_address_conflict = told.on_conflict;
  event.request.broker = broker_key(told.broker);
  event.topics = event.request.broker.broker_id == model::kMasterId
                     ? TopicsPolicy::kMerge
                     : TopicsPolicy::kIgnore;
  event.request.cluster = model::ClusterName(told.cluster);
  event.request.zone = told.zone;
  event.request.topics = topic_configs(told.topics);
  event.request.expiry = told.expiry;
  event.remoting.address = told.address.empty()
                               ? default_address(event.request.broker)
                               : told.address;
  event.remoting.ha_address = told.ha;
  event.remoting.version.counter = told.version;
  event.remoting.version.state_version = told.state_version;
  event.remoting.filter_servers = told.filter_servers;
  event.remoting.mappings = told.mappings;
  event.remoting.acting_master = told.acting_master;
  if (!told.body.empty()) event.remoting.body = model::digest_bytes(told.body);
  return event;
}

std::string RemotingScript::unchanged(std::string_view broker,
                                      std::uint64_t binding,
                                      std::string_view body,
                                      std::string address) {
  const model::BrokerKey key = broker_key(broker);
  if (address.empty()) address = default_address(key);
  return step(RegisterUnchanged{
      key, std::move(address),
      body.empty() ? model::Digest{} : model::digest_bytes(body),
      model::BindingId(binding)});
}

std::string RemotingScript::query(std::string address,
                                  std::optional<std::int64_t> version) {
  QueryDataVersion event{std::move(address), std::nullopt};
  if (version) {
    event.version.emplace();
    event.version->counter = *version;
  }
  return step(event);
}

std::string RemotingScript::beat(std::string address) {
  return step(BrokerHeartbeat{std::move(address)});
}

std::string RemotingScript::leave(std::string_view broker,
                                  std::string address) {
  return step(RemotingUnregister{broker_key(broker), std::move(address)});
}

std::string RemotingScript::idle(std::uint64_t binding) {
  return step(BindingIdle{model::BindingId(binding)});
}

std::string RemotingScript::wipe(std::string name) {
  return step(ChangeWritePermission{model::BrokerName(std::move(name)),
                                    ChangeWritePermission::Change::kWipe});
}

std::string RemotingScript::add(std::string name) {
  return step(ChangeWritePermission{model::BrokerName(std::move(name)),
                                    ChangeWritePermission::Change::kAdd});
}

std::string RemotingScript::hold(std::string name,
                                 std::string_view permission) {
  OverridePermission event{model::BrokerName(std::move(name)), std::nullopt};
  if (!permission.empty()) {
    event.permission = *model::parse_permission(permission);
  }
  return step(event);
}

std::string RemotingScript::drop_topic(std::string topic, std::string cluster) {
  DeleteTopic event{model::TopicName(std::move(topic)), std::nullopt};
  if (!cluster.empty()) event.cluster = model::ClusterName(std::move(cluster));
  return step(event);
}

std::string RemotingScript::bring_topic(std::string topic,
                                        const std::vector<std::string>& names,
                                        std::string_view queues) {
  RegisterTopic event{model::TopicName(std::move(topic)), {}};
  for (const std::string& name : names) {
    event.groups.emplace_back(model::BrokerName(name),
                              topic_config(queues).queues);
  }
  return step(event);
}

std::string RemotingScript::retune(bool delete_topics_with_registration) {
  return step(Retune{delete_topics_with_registration});
}

std::string RemotingScript::shown(std::string_view topic, bool acting) const {
  const RouteTable& table = registry.table();
  const TopicEntry* entry = table.find_topic(topic, model::hash_bytes(topic));
  if (entry == nullptr) return "-";
  std::string text;
  for (const auto& group : remoting_route(table, *entry, acting).groups) {
    text += (text.empty() ? "" : " ") + show(group);
  }
  return text;
}

std::string RemotingScript::cluster_text() const {
  const ClusterInfo info = cluster_info(registry.table());
  std::vector<std::string> groups;
  for (const GroupMembers& group : info.groups) {
    std::string text =
        group.broker_name->value() + "(" + group.cluster->value() + ")[";
    for (const auto& [id, address] : group.addresses) {
      text += (text.back() == '[' ? "" : ",") + std::to_string(id.value()) +
              "=" + std::string(address);
    }
    groups.push_back(text + "]");
  }
  std::sort(groups.begin(), groups.end());
  std::string text;
  for (const auto& group : groups) text += (text.empty() ? "" : " ") + group;
  text += ";";
  for (auto [cluster, names] : info.clusters) {
    std::sort(names.begin(), names.end());
    text += " " + std::string(cluster) + ":";
    for (const auto name : names) {
      text += (text.back() == ':' ? "" : ",") + std::string(name);
    }
  }
  return text;
}

std::string RemotingScript::notices() const {
  std::string text;
  for (const MinBrokerIdChange& change : last.min_id_changes) {
    const model::BrokerKey smallest{change.broker_name, change.min_id};
    text += (text.empty() ? "min " : "; min ") + smallest.to_string() + " " +
            change.min_address;
    if (change.offline_address) text += " off " + *change.offline_address;
    if (change.ha_address) text += " ha " + *change.ha_address;
    text += " to";
    for (const auto& address : change.notify) text += " " + address;
  }
  return text;
}

}  // namespace waypost::registry
