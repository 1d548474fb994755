#ifndef WAYPOST_TESTS_NAMESRV_REGISTRY_JAVA_ROUTE_INFO_H_
#define WAYPOST_TESTS_NAMESRV_REGISTRY_JAVA_ROUTE_INFO_H_

// RouteInfoManager of the Java nameserver, release 4.9.8, method by method and
// table by table, for the comparison with the registry. Where the registry does
// something else on purpose a comment says "ours": each of these keeps a broker
// from living for ever, or from being removed by somebody else's fault.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "wire/model/remoting.h"
#include "wire/model/topic.h"

namespace waypost::registry {

class JavaRouteInfo {
 public:
  struct QueueData {
    std::uint32_t write_queue_nums = 0;
    std::uint32_t read_queue_nums = 0;
    std::uint32_t perm = 0;
    std::uint32_t topic_sys_flag = 0;
  };
  using TopicConfigs = std::map<std::string, QueueData>;
  struct RegisterResult {
    std::optional<std::string> master_addr;
    std::optional<std::string> ha_server_addr;
  };

  RegisterResult register_broker(const std::string& cluster_name,
                                 const std::string& broker_addr,
                                 const std::string& broker_name,
                                 std::int64_t broker_id,
                                 const std::string& ha_server_addr,
                                 const model::DataVersion& data_version,
                                 const TopicConfigs& topic_config_table,
                                 std::uint64_t channel, base::Duration now);
  void unregister_broker(const std::string& cluster_name,
                         const std::string& broker_addr,
                         const std::string& broker_name,
                         std::int64_t broker_id);
  bool is_broker_topic_config_changed(
      const std::string& broker_addr,
      const model::DataVersion& data_version) const;
  void update_broker_info_update_timestamp(const std::string& broker_addr,
                                           base::Duration now);
  int operate_write_perm_of_broker(const std::string& broker_name, bool wipe);
  void delete_topic(const std::string& topic);
  void delete_topic(const std::string& topic, const std::string& cluster_name);
  void on_channel_destroy(std::uint64_t channel);
  void scan_not_active_broker(base::Duration now);

  // Of all topics: "name(cluster)[id=address,...]read/writepPERM ..." by broker
  // name.
  std::map<std::string, std::string> routes() const;
  // "name(cluster)[id=address,...] ...; cluster:name,..."
  std::string cluster_info() const;

 private:
  struct BrokerData {
    std::string cluster;
    std::map<std::int64_t, std::string> broker_addrs;
  };
  struct LiveInfo {
    base::Duration last_update_timestamp{0};
    model::DataVersion data_version;
    std::uint64_t channel = 0;
    std::string ha_server_addr;
  };

  void remove_addr(const std::string& broker_addr);
  void remove_broker_name(const std::string& broker_name);

  std::map<std::string, std::map<std::string, QueueData>> topic_queue_table_;
  std::map<std::string, BrokerData> broker_addr_table_;
  std::map<std::string, std::map<std::string, bool>> cluster_addr_table_;
  std::map<std::string, LiveInfo> broker_live_table_;
};

}  // namespace waypost::registry

#endif  // WAYPOST_TESTS_NAMESRV_REGISTRY_JAVA_ROUTE_INFO_H_
