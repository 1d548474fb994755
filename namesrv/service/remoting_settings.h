#ifndef WAYPOST_NAMESRV_SERVICE_REMOTING_SETTINGS_H_
#define WAYPOST_NAMESRV_SERVICE_REMOTING_SETTINGS_H_

namespace waypost::service {

// What RocketMQ's namesrv properties say of answers, by their Java names;
// UPDATE_NAMESRV_CONFIG may change them while running. Defaults are Java's.
struct RemotingSettings {
  // Of reads.
  bool order_message_enable = false;
  bool support_acting_master = false;
  bool enable_all_topic_list = true;
  bool enable_topic_list = true;
  bool return_order_topic_config_to_broker = true;
  // Of what the registry does.
  bool delete_topic_with_broker_registration = false;
  bool notify_min_broker_id_changed = false;

  friend bool operator==(const RemotingSettings&,
                         const RemotingSettings&) = default;
};

}  // namespace waypost::service

#endif  // WAYPOST_NAMESRV_SERVICE_REMOTING_SETTINGS_H_
