#include "wire/model/route.h"

#include <concepts>

namespace waypost::model {
namespace {

// Appends values so that different content has different bytes: numbers are
// little-endian of fixed width, texts carry their length.
class CanonicalBytes {
 public:
  template <std::integral T>
  void add(T number) {
    auto bits = static_cast<std::uint64_t>(number);
    for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i, bits >>= 8U) {
      bytes_ += static_cast<char>(bits & 0xffU);
    }
  }
  void add(std::string_view text) {
    add(text.size());
    bytes_ += text;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace

std::string_view broker_health_name(BrokerHealth health) {
  switch (health) {
    case BrokerHealth::kHealthy:
      return "healthy";
    case BrokerHealth::kSuspect:
      return "suspect";
    case BrokerHealth::kUnhealthy:
      return "unhealthy";
  }
  return "unknown";
}

std::string_view departure_reason_name(DepartureReason reason) {
  switch (reason) {
    case DepartureReason::kNotTold:
      return "not-told";
    case DepartureReason::kUnregistered:
      return "unregistered";
    case DepartureReason::kConnectionClosed:
      return "connection-closed";
    case DepartureReason::kExpired:
      return "expired";
    case DepartureReason::kUnhealthy:
      return "unhealthy";
    case DepartureReason::kReplaced:
      return "replaced";
    case DepartureReason::kGoneAtPeers:
      return "gone-at-peers";
  }
  return "unknown";
}

Digest digest_route(const Route& route) {
  CanonicalBytes canonical;
  canonical.add(std::string_view(route.topic.value()));
  canonical.add(route.groups.size());
  for (const RouteGroup& group : route.groups) {
    canonical.add(std::string_view(group.cluster.value()));
    canonical.add(std::string_view(group.broker_name.value()));
    canonical.add(group.queues.read_queues);
    canonical.add(group.queues.write_queues);
    canonical.add(group.queues.permission.bits);
    canonical.add(group.queues.system_flag);
    canonical.add(group.replicas.size());
    for (const Replica& replica : group.replicas) {
      canonical.add(replica.id.value());
      canonical.add(std::string_view(replica.address.host));
      canonical.add(replica.address.port);
      canonical.add(static_cast<std::uint8_t>(replica.health));
      canonical.add(std::string_view(replica.zone));
    }
  }
  // Without one the digest is what it was before there was such a thing.
  if (!route.order.empty()) canonical.add(std::string_view(route.order));
  return digest_bytes(canonical.bytes());
}

}  // namespace waypost::model
