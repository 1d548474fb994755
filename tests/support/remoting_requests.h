#ifndef WAYPOST_TESTS_SUPPORT_REMOTING_REQUESTS_H_
#define WAYPOST_TESTS_SUPPORT_REMOTING_REQUESTS_H_

// RocketMQ's requests as whole frames, for tests that play its brokers and
// clients; and what is in an answer.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/command.h"
#include "wire/model/remoting.h"

namespace waypost::support {

using ExtFieldList = std::initializer_list<std::pair<const char*, std::string>>;

struct RemotingBroker {
  std::string name = "broker-a";
  std::int64_t id = 0;
  std::string cluster = "DefaultCluster";
  std::string address = "127.0.0.1:10911";
  std::string ha_address = "127.0.0.1:10912";
  std::vector<std::string> topics = {"TopicTest"};
  model::DataVersion version{0, 1'700'000'000'000, 1};
  bool deflated = false;
  // 5.x.
  std::optional<bool> acting_master;
  std::optional<std::int64_t> heartbeat_timeout_ms;
  std::string zone;
};

// A request's frame, with a JSON header of the version that Waypost calls
// itself.
std::string remoting_request(std::int32_t code, std::int32_t opaque,
                             ExtFieldList fields = {},
                             std::string_view body = {});
std::string register_request(const RemotingBroker& broker, std::int32_t opaque,
                             bool oneway = false);
std::string unregister_request(const RemotingBroker& broker,
                               std::int32_t opaque);
std::string data_version_request(const RemotingBroker& broker,
                                 const model::DataVersion& version,
                                 std::int32_t opaque);
std::string route_request(const std::string& topic, std::int32_t opaque);

struct RemotingAnswer {
  remoting::Command command;
  std::string body;

  // The broker names of a route; empty for anything else.
  std::vector<std::string> brokers() const;
};

// Takes the first whole frame from the front of `bytes`; none while it is
// incomplete. Fails the test on what is no frame.
std::optional<RemotingAnswer> take_answer(std::string& bytes);

}  // namespace waypost::support

#endif  // WAYPOST_TESTS_SUPPORT_REMOTING_REQUESTS_H_
