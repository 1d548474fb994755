#ifndef WAYPOST_NAMESRV_REGISTRY_REMOTING_EVENTS_H_
#define WAYPOST_NAMESRV_REGISTRY_REMOTING_EVENTS_H_

// What happens to the registry over RocketMQ's remoting protocol, and what it
// answers. events.h puts these beside the native ones. The rules are those of
// the Java server's RouteInfoManager, release 4.9.8, unless a comment says
// otherwise.
//
// Brokers of this protocol have no epoch. Names may hold any bytes; their
// length is bounded (kRemotingNameMaxBytes). Addresses are the broker's own
// text, kept and given back as it is.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/model/remoting.h"
#include "wire/model/topic.h"

namespace waypost::registry {

// Of cluster, broker and topic names and of addresses. A retry topic is a group
// name with a prefix, so 255 would not do.
inline constexpr std::size_t kRemotingNameMaxBytes = 1024;

// What a remoting registration says beyond the native words
// (Register::remoting). `request` carries cluster, broker, topics, zone
// (__ZONE_NAME) and expiry (heartbeatTimeoutMillis); its `address` is
// prepare()'s to fill, its epoch is not looked at.
struct RemotingRegistration {
  std::string address;     // brokerAddr; not empty
  std::string ha_address;  // haServerAddr; empty: none
  model::DataVersion version;
  // None: the request said nothing of them and the last ones stay.
  std::optional<model::FilterServers> filter_servers;
  std::vector<model::StaticTopicMapping> mappings;
  // enableActingMaster; none: a 4.x broker, which knows nothing of it.
  std::optional<bool> acting_master;
  // Over body and ext fields as they came; none: RegisterUnchanged will never
  // match. A later RegisterUnchanged with an equal one need not be parsed.
  model::Digest body;
};

// A registration whose body and ext fields have the digest of the broker's last
// one: what it says is known, so it is a sign of life, binds the broker to this
// connection, and gets the answer of now. Answered by RegisterUnchangedReply.
struct RegisterUnchanged {
  model::BrokerKey broker;
  std::string address;
  model::Digest body;
  model::BindingId binding;
};

// 904: a sign of life from whoever registered that address, over whichever
// connection. Answered by BrokerHeartbeatReply.
struct BrokerHeartbeat {
  std::string address;
};
// 322: whether the broker at that address registered another version; an equal
// one is a sign of life. Answered by DataVersionReply.
struct QueryDataVersion {
  std::string address;
  std::optional<model::DataVersion> version;  // none differs from any
};
// 104, over whichever connection: acts if name, id and address are those of a
// registered remoting broker. Answered by model::UnregisterReply.
struct RemotingUnregister {
  model::BrokerKey broker;
  std::string address;
};

// 205 and 327: changes the permission of all topics that the broker group has
// now, until a registration that applies brings each of them anew. Answered by
// WritePermissionReply.
struct ChangeWritePermission {
  enum class Change : std::uint8_t {
    kWipe,  // takes the write bit
    kAdd,   // sets 6, whatever it was
  };
  model::BrokerName broker_name;
  Change change = Change::kWipe;
};
// The stored override of a broker group, as waypostctl set it: its read and
// write bits lie over those of all topics of the group, now and whenever it
// registers; none gives back what lies below. It may come before the broker.
// Not answered.
struct OverridePermission {
  model::BrokerName broker_name;
  std::optional<model::Permission> permission;
};

// 216: takes the topic from all groups, or from those of a cluster. A remoting
// broker brings it back with another data version, a native one with its next
// full registration. Answered by TopicReply.
struct DeleteTopic {
  model::TopicName topic;
  std::optional<model::ClusterName> cluster;
};
// 217 (5.x): adds or changes the topic on these groups, or on none of them when
// one is not registered over remoting. Answered by TopicReply.
struct RegisterTopic {
  model::TopicName topic;
  std::vector<std::pair<model::BrokerName, model::QueueData>> groups;
};

// Settings that may change while running; the values in RegistrySettings are
// those at start. Not answered.
struct Retune {
  // deleteTopicWithBrokerRegistration: a registration without static topics
  // takes away the topics that it does not list.
  bool delete_topics_with_registration = false;
};

// To a remoting registration.
struct RemotingRegisterReply {
  // False: ignored, a live broker at another address has a larger state
  // version (5.x). Java answers that with success.
  bool accepted = true;
  bool changed = false;  // whether any route changed
  // For a replica other than the master, while there is one.
  std::optional<std::string> master_address;
  std::optional<std::string> ha_address;  // of the master
};
struct RegisterUnchangedReply {
  bool known = false;  // false: not done, send the Register
  RemotingRegisterReply reply;
};
struct BrokerHeartbeatReply {
  bool known = false;
};
struct DataVersionReply {
  bool changed = true;
  std::optional<model::DataVersion> held;  // none: the address is not known
};
struct WritePermissionReply {
  std::size_t topic_count = 0;  // that the group has
};
struct TopicReply {
  std::size_t group_count = 0;  // groups that the event reached
};

// An effect: the smallest broker id of a group is another (905). To be sent
// one-way to each of `notify` where notifyMinBrokerIdChanged is on.
struct MinBrokerIdChange {
  model::BrokerName broker_name;
  model::BrokerId min_id;
  std::string min_address;
  std::optional<std::string> offline_address;  // of the broker that went
  std::optional<std::string> ha_address;       // of the broker that came
  std::vector<std::string> notify;             // addresses
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_REMOTING_EVENTS_H_
