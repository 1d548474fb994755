#include "client_sdk/core/order_config.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "wire/model/topic.h"

namespace waypost::client {
namespace {

base::Result<OrderConfig::Broker> parse_broker(std::string_view part) {
  const auto colon = part.rfind(':');
  OrderConfig::Broker broker;
  bool is_number = false;
  if (colon != std::string_view::npos) {
    broker.name = std::string(part.substr(0, colon));
    const auto number = part.substr(colon + 1);
    const auto read = std::from_chars(
        number.data(), number.data() + number.size(), broker.queues);
    is_number =
        read.ec == std::errc() && read.ptr == number.data() + number.size();
  }
  if (!is_number || broker.queues > model::kQueuesMax ||
      !model::check_name("broker name", broker.name)) {
    return base::fail(
        base::ErrorCode::kInvalidArgument,
        "'" + std::string(part) + "' is not a broker name and its queues",
        "write it as 'broker-a:4;broker-b:8'");
  }
  return broker;
}

}  // namespace

std::uint64_t OrderConfig::queues() const {
  std::uint64_t sum = 0;
  for (const auto& broker : brokers) sum += broker.queues;
  return sum;
}

OrderConfig::Place OrderConfig::place(std::uint64_t index) const {
  for (std::size_t i = 0; i < brokers.size(); ++i) {
    if (index < brokers[i].queues) {
      return {i, static_cast<std::uint32_t>(index)};
    }
    index -= brokers[i].queues;
  }
  WAYPOST_ASSERT(false);
  return {};
}

base::Result<OrderConfig> parse_order_config(std::string_view text) {
  OrderConfig config;
  while (!text.empty()) {
    const auto end = text.find(';');
    const auto part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view()
                                         : text.substr(end + 1);
    if (part.empty()) continue;
    auto broker = parse_broker(part);
    if (!broker) return tl::unexpected(broker.error());
    const bool twice = std::any_of(
        config.brokers.begin(), config.brokers.end(),
        [&](const auto& each) { return each.name == broker->name; });
    if (twice) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "broker '" + broker->name + "' appears twice");
    }
    // "broker-b:0": no keys go there any more.
    if (broker->queues > 0) config.brokers.push_back(std::move(*broker));
  }
  if (config.brokers.empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "an order configuration without brokers");
  }
  return config;
}

}  // namespace waypost::client
