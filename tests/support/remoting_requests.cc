#include "tests/support/remoting_requests.h"

#include <algorithm>
#include <limits>
#include <span>

#include <doctest/doctest.h>

#include "wire/codec/remoting/frame.h"
#include "wire/codec/remoting/register_body.h"

namespace waypost::support {
namespace {

namespace code = remoting::request_code;

}  // namespace

std::string remoting_request(std::int32_t code, std::int32_t opaque,
                             ExtFieldList fields, std::string_view body) {
  remoting::Command command;
  command.code = code;
  command.opaque = opaque;
  for (const auto& [name, value] : fields) command.set_ext_field(name, value);
  return remoting::encode_frame(command, body);
}

std::string register_request(const RemotingBroker& broker, std::int32_t opaque,
                             bool oneway) {
  remoting::RegisterBody body;
  body.data_version = broker.version;
  for (const std::string& topic : broker.topics) {
    body.topics.push_back({model::TopicName(topic), {4, 4, {}, 0}});
  }
  const std::string bytes = broker.deflated
                                ? remoting::encode_register_body_deflated(body)
                                : remoting::encode_register_body(body);
  remoting::Command command;
  command.code = code::kRegisterBroker;
  command.opaque = opaque;
  if (oneway) command.flag = remoting::kFlagOneway;
  command.set_ext_field("brokerName", broker.name);
  command.set_ext_field("brokerId", std::to_string(broker.id));
  command.set_ext_field("clusterName", broker.cluster);
  command.set_ext_field("brokerAddr", broker.address);
  command.set_ext_field("haServerAddr", broker.ha_address);
  command.set_ext_field("compressed", broker.deflated ? "true" : "false");
  command.set_ext_field("bodyCrc32", std::to_string(remoting::body_crc(bytes)));
  if (broker.acting_master) {
    command.set_ext_field("enableActingMaster",
                          *broker.acting_master ? "true" : "false");
  }
  if (broker.heartbeat_timeout_ms) {
    command.set_ext_field("heartbeatTimeoutMillis",
                          std::to_string(*broker.heartbeat_timeout_ms));
  }
  if (!broker.zone.empty()) {
    command.set_ext_field(remoting::kZoneNameField, broker.zone);
  }
  return remoting::encode_frame(command, bytes);
}

std::string unregister_request(const RemotingBroker& broker,
                               std::int32_t opaque) {
  return remoting_request(code::kUnregisterBroker, opaque,
                          {{"brokerName", broker.name},
                           {"brokerId", std::to_string(broker.id)},
                           {"clusterName", broker.cluster},
                           {"brokerAddr", broker.address}});
}

std::string data_version_request(const RemotingBroker& broker,
                                 const model::DataVersion& version,
                                 std::int32_t opaque) {
  return remoting_request(code::kQueryDataVersion, opaque,
                          {{"brokerName", broker.name},
                           {"brokerId", std::to_string(broker.id)},
                           {"clusterName", broker.cluster},
                           {"brokerAddr", broker.address}},
                          remoting::encode(version));
}

std::string route_request(const std::string& topic, std::int32_t opaque) {
  return remoting_request(code::kGetRouteInfoByTopic, opaque,
                          {{"topic", topic}});
}

std::vector<std::string> RemotingAnswer::brokers() const {
  std::vector<std::string> names;
  if (command.code != remoting::response_code::kSuccess) return names;
  const auto route = remoting::decode_route(body);
  if (!route) return names;
  for (const auto& broker : route->brokers) names.push_back(broker.broker_name);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<RemotingAnswer> take_answer(std::string& bytes) {
  const auto scan =
      remoting::scan_frame(std::as_bytes(std::span(bytes)),
                           std::numeric_limits<std::int32_t>::max());
  if (scan.outcome == remoting::FrameScan::Outcome::kNeedMore) return {};
  REQUIRE(scan.outcome == remoting::FrameScan::Outcome::kFrame);
  auto command = remoting::decode_header(scan.frame);
  REQUIRE(command.has_value());
  RemotingAnswer answer{std::move(*command), std::string(scan.frame.body)};
  bytes.erase(0, scan.frame_bytes);
  return answer;
}

}  // namespace waypost::support
