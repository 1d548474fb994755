#include "benchmarks/driver/remoting_requests.h"

#include "benchmarks/driver/prepared_table.h"
#include "benchmarks/driver/wire_format.h"
#include "wire/codec/remoting/register_body.h"

namespace waypost::bench {
namespace {

constexpr std::uint32_t kQueues = 8;
constexpr std::int64_t kTableTime = 1'700'000'000'000;  // ms since 1970

remoting::Command command_of(remoting::Serialization serialization,
                             std::int32_t code) {
  remoting::Command command;
  command.serialization = serialization;
  command.code = code;
  command.opaque = kRequestIdMin;
  return command;
}

// Different for each broker up to 16 million.
std::string host_of(std::size_t number) {
  return "10." + std::to_string(1 + number / 62'500) + "." +
         std::to_string(number / 250 % 250) + "." +
         std::to_string(number % 250 + 1);
}

}  // namespace

remoting::Command route_query_command(remoting::Serialization serialization,
                                      const std::string& topic) {
  remoting::Command command =
      command_of(serialization, remoting::request_code::kGetRouteInfoByTopic);
  command.set_ext_field("topic", topic);
  return command;
}

remoting::Command registration_command(remoting::Serialization serialization,
                                       const std::string& broker_name,
                                       std::size_t number,
                                       std::string_view body) {
  remoting::Command command =
      command_of(serialization, remoting::request_code::kRegisterBroker);
  command.set_ext_field("brokerId", "0");
  command.set_ext_field("bodyCrc32", std::to_string(remoting::body_crc(body)));
  command.set_ext_field("clusterName", "bench");
  command.set_ext_field("brokerAddr", host_of(number) + ":10911");
  command.set_ext_field("haServerAddr", host_of(number) + ":10912");
  command.set_ext_field("compressed", "false");
  command.set_ext_field("brokerName", broker_name);
  return command;
}

std::string registration_body(const std::string& topic_prefix,
                              std::size_t topics) {
  remoting::RegisterBody body;
  body.data_version = model::DataVersion{0, kTableTime, 1};
  body.topics.reserve(topics);
  for (std::size_t i = 0; i < topics; ++i) {
    body.topics.push_back({model::TopicName(numbered(topic_prefix, i)),
                           {kQueues, kQueues, model::Permission{}, 0}});
  }
  return remoting::encode_register_body(body);
}

}  // namespace waypost::bench
