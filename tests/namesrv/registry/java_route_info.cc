#include "tests/namesrv/registry/java_route_info.h"

#include <algorithm>
#include <vector>

#include "wire/model/remoting.h"

namespace waypost::registry {
namespace {

constexpr std::int64_t kMaster = 0;
constexpr std::uint32_t kPermWrite = 2;
constexpr std::uint32_t kPermReadWrite = 6;
constexpr base::Duration kExpiredTime = std::chrono::minutes(2);

std::string number(std::uint32_t bits) {
  return std::to_string(model::to_java_int(bits));
}

}  // namespace

JavaRouteInfo::RegisterResult JavaRouteInfo::register_broker(
    const std::string& cluster_name, const std::string& broker_addr,
    const std::string& broker_name, std::int64_t broker_id,
    const std::string& ha_server_addr, const model::DataVersion& data_version,
    const TopicConfigs& topic_config_table, std::uint64_t channel,
    base::Duration now) {
  RegisterResult result;
  cluster_addr_table_[cluster_name][broker_name] = true;

  bool register_first = false;
  auto broker_data = broker_addr_table_.find(broker_name);
  if (broker_data == broker_addr_table_.end()) {
    register_first = true;
    broker_data =
        broker_addr_table_.emplace(broker_name, BrokerData{cluster_name, {}})
            .first;
  }
  auto& broker_addrs = broker_data->second.broker_addrs;
  std::erase_if(broker_addrs, [&](const auto& item) {
    return item.second == broker_addr && item.first != broker_id;
  });

  const auto old = broker_addrs.find(broker_id);
  const std::optional<std::string> old_addr =
      old == broker_addrs.end() ? std::nullopt : std::optional(old->second);
  broker_addrs[broker_id] = broker_addr;
  register_first = register_first || !old_addr;

  if (broker_id == kMaster &&
      (is_broker_topic_config_changed(broker_addr, data_version) ||
       register_first)) {
    for (const auto& [topic, config] : topic_config_table) {
      topic_queue_table_[topic][broker_name] = config;
    }
  }
  broker_live_table_[broker_addr] = {now, data_version, channel,
                                     ha_server_addr};
  // Ours: an address that the broker has left is forgotten.
  if (old_addr && *old_addr != broker_addr) broker_live_table_.erase(*old_addr);

  if (broker_id != kMaster) {
    const auto master = broker_addrs.find(kMaster);
    if (master != broker_addrs.end()) {
      const auto live = broker_live_table_.find(master->second);
      if (live != broker_live_table_.end()) {
        result.ha_server_addr = live->second.ha_server_addr;
        result.master_addr = master->second;
      }
    }
  }
  return result;
}

bool JavaRouteInfo::is_broker_topic_config_changed(
    const std::string& broker_addr,
    const model::DataVersion& data_version) const {
  const auto prev = broker_live_table_.find(broker_addr);
  return prev == broker_live_table_.end() ||
         prev->second.data_version != data_version;
}

void JavaRouteInfo::update_broker_info_update_timestamp(
    const std::string& broker_addr, base::Duration now) {
  const auto prev = broker_live_table_.find(broker_addr);
  if (prev != broker_live_table_.end()) {
    prev->second.last_update_timestamp = now;
  }
}

int JavaRouteInfo::operate_write_perm_of_broker(const std::string& broker_name,
                                                bool wipe) {
  int topic_cnt = 0;
  for (auto& [topic, queue_data_map] : topic_queue_table_) {
    const auto qd = queue_data_map.find(broker_name);
    if (qd == queue_data_map.end()) continue;
    if (wipe) {
      qd->second.perm &= ~kPermWrite;
    } else {
      qd->second.perm = kPermReadWrite;
    }
    ++topic_cnt;
  }
  return topic_cnt;
}

void JavaRouteInfo::unregister_broker(const std::string&,
                                      const std::string& broker_addr,
                                      const std::string& broker_name,
                                      std::int64_t broker_id) {
  // Ours: one word out of place, and nobody is removed.
  const auto broker_data = broker_addr_table_.find(broker_name);
  if (broker_data == broker_addr_table_.end()) return;
  auto& broker_addrs = broker_data->second.broker_addrs;
  const auto addr = broker_addrs.find(broker_id);
  if (addr == broker_addrs.end() || addr->second != broker_addr) return;
  broker_live_table_.erase(broker_addr);
  broker_addrs.erase(addr);
  if (broker_addrs.empty()) remove_broker_name(broker_name);
}

void JavaRouteInfo::remove_broker_name(const std::string& broker_name) {
  broker_addr_table_.erase(broker_name);
  // Ours: from all clusters.
  for (auto& [cluster, names] : cluster_addr_table_) names.erase(broker_name);
  std::erase_if(cluster_addr_table_,
                [](const auto& each) { return each.second.empty(); });
  for (auto& [topic, queue_data_map] : topic_queue_table_) {
    queue_data_map.erase(broker_name);
  }
  std::erase_if(topic_queue_table_,
                [](const auto& each) { return each.second.empty(); });
}

void JavaRouteInfo::delete_topic(const std::string& topic) {
  topic_queue_table_.erase(topic);
}

void JavaRouteInfo::delete_topic(const std::string& topic,
                                 const std::string& cluster_name) {
  const auto broker_names = cluster_addr_table_.find(cluster_name);
  if (broker_names == cluster_addr_table_.end()) return;
  const auto queue_data_map = topic_queue_table_.find(topic);
  if (queue_data_map == topic_queue_table_.end()) return;
  for (const auto& [broker_name, listed] : broker_names->second) {
    queue_data_map->second.erase(broker_name);
  }
  if (queue_data_map->second.empty()) topic_queue_table_.erase(queue_data_map);
}

void JavaRouteInfo::on_channel_destroy(std::uint64_t channel) {
  // Ours: all of the channel's, not only the first.
  std::vector<std::string> found;
  for (const auto& [addr, live] : broker_live_table_) {
    if (live.channel == channel) found.push_back(addr);
  }
  for (const auto& addr : found) {
    broker_live_table_.erase(addr);
    remove_addr(addr);
  }
}

void JavaRouteInfo::scan_not_active_broker(base::Duration now) {
  std::vector<std::string> expired;
  for (const auto& [addr, live] : broker_live_table_) {
    if (live.last_update_timestamp + kExpiredTime < now) {
      expired.push_back(addr);
    }
  }
  for (const auto& addr : expired) {
    // Ours: this one, not another one of its channel.
    broker_live_table_.erase(addr);
    remove_addr(addr);
  }
}

// The part of onChannelDestroy after an address was found.
void JavaRouteInfo::remove_addr(const std::string& broker_addr) {
  for (auto& [broker_name, broker_data] : broker_addr_table_) {
    auto& addrs = broker_data.broker_addrs;
    const auto entry = std::find_if(
        addrs.begin(), addrs.end(),
        [&](const auto& each) { return each.second == broker_addr; });
    if (entry == addrs.end()) continue;
    addrs.erase(entry);
    if (addrs.empty()) remove_broker_name(std::string(broker_name));
    return;
  }
}

std::map<std::string, std::string> JavaRouteInfo::routes() const {
  std::map<std::string, std::string> routes;
  for (const auto& [topic, queue_data_map] : topic_queue_table_) {
    std::string text;
    for (const auto& [broker_name, queues] : queue_data_map) {
      const BrokerData& data = broker_addr_table_.at(broker_name);
      text +=
          (text.empty() ? "" : " ") + broker_name + "(" + data.cluster + ")[";
      for (const auto& [id, addr] : data.broker_addrs) {
        text +=
            (text.back() == '[' ? "" : ",") + std::to_string(id) + "=" + addr;
      }
      text += "]" + number(queues.read_queue_nums) + "/" +
              number(queues.write_queue_nums) + "p" + number(queues.perm);
    }
    routes[topic] = text;
  }
  return routes;
}

std::string JavaRouteInfo::cluster_info() const {
  std::string text;
  for (const auto& [broker_name, data] : broker_addr_table_) {
    text += (text.empty() ? "" : " ") + broker_name + "(" + data.cluster + ")[";
    for (const auto& [id, addr] : data.broker_addrs) {
      text += (text.back() == '[' ? "" : ",") + std::to_string(id) + "=" + addr;
    }
    text += "]";
  }
  text += ";";
  for (const auto& [cluster, names] : cluster_addr_table_) {
    text += " " + cluster + ":";
    for (const auto& [name, listed] : names) {
      text += (text.back() == ':' ? "" : ",") + name;
    }
  }
  return text;
}

}  // namespace waypost::registry
