#ifndef WAYPOST_CLIENT_SDK_CORE_ORDER_CONFIG_H_
#define WAYPOST_CLIENT_SDK_CORE_ORDER_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace waypost::client {

// A topic's order configuration as RocketMQ writes it, "broker-a:4;broker-b:8":
// the queues that keys are spread over, whatever happens to brokers.
struct OrderConfig {
  struct Broker {
    std::string name;
    std::uint32_t queues = 0;  // at least 1
  };
  std::vector<Broker> brokers;

  std::uint64_t queues() const;
  // Queue number `index` of all, counted broker after broker. REQUIRES: less
  // than queues().
  struct Place {
    std::size_t broker = 0;
    std::uint32_t queue = 0;
  };
  Place place(std::uint64_t index) const;
};

// The error names the part that is wrong; a broker may appear once.
base::Result<OrderConfig> parse_order_config(std::string_view text);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_ORDER_CONFIG_H_
