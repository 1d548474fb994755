#ifndef WAYPOST_WIRE_MODEL_IDS_H_
#define WAYPOST_WIRE_MODEL_IDS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/named_type.h"

namespace waypost::model {

using ClusterName = base::NamedType<std::string, struct ClusterNameTag>;
using BrokerName = base::NamedType<std::string, struct BrokerNameTag>;
using TopicName = base::NamedType<std::string, struct TopicNameTag>;

// A replica's number within its broker group; 0 is the master.
using BrokerId = base::NamedType<std::int64_t, struct BrokerIdTag>;
inline constexpr BrokerId kMasterId{0};

// Orders the processes of one broker across nameservers: each new process
// takes one more than the largest that any nameserver reported to it.
using Epoch = base::NamedType<std::uint64_t, struct EpochTag>;

// Names one life of a nameserver process, drawn at random at start. A change
// tells an agent that everything it registered there is gone.
using Incarnation = base::NamedType<std::uint64_t, struct IncarnationTag>;

// A nameserver-local number, one for each connection that registered a broker.
// What comes late for an older binding does nothing. 0 is no binding.
using BindingId = base::NamedType<std::uint64_t, struct BindingIdTag>;

// Identifies one broker: a replica of a broker group.
struct BrokerKey {
  BrokerName broker_name;
  BrokerId broker_id;

  // "broker-a/0".
  std::string to_string() const;

  friend bool operator==(const BrokerKey&, const BrokerKey&) = default;
  friend auto operator<=>(const BrokerKey&, const BrokerKey&) = default;
};

// 128 bits over canonical content: equal content has equal digests at every
// nameserver. Compared for equality only. All zero means "none".
struct Digest {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  bool is_none() const { return low == 0 && high == 0; }
  // 32 hexadecimal digits, high half first.
  std::string to_string() const;

  friend bool operator==(const Digest&, const Digest&) = default;
};

// XXH128 of the bytes, never none.
Digest digest_bytes(std::string_view bytes);

// XXH3 of the bytes, 64 bits: for hash tables, not for comparing content.
std::uint64_t hash_bytes(std::string_view bytes);

}  // namespace waypost::model

template <>
struct std::hash<waypost::model::BrokerKey> {
  std::size_t operator()(const waypost::model::BrokerKey& key) const noexcept {
    return std::hash<waypost::model::BrokerName>{}(key.broker_name) * 31 +
           std::hash<waypost::model::BrokerId>{}(key.broker_id);
  }
};

#endif  // WAYPOST_WIRE_MODEL_IDS_H_
