// A route query in the shape in which clients write it, for a route that has
// not changed, takes nothing from the heap.

#include <string>

#include <doctest/doctest.h>

#include "tests/namesrv/handlers/remoting_harness.h"
#include "tests/support/allocation_meter.h"

namespace waypost::handlers {
namespace {

TEST_CASE("a route that has not changed is answered without memory") {
  RemotingHarness harness;
  support::RemotingBroker broker;
  broker.zone = "z-east";
  REQUIRE(harness.ask(support::register_request(broker, 1)));
  const auto id = harness.connect();
  remoting::Command command;
  command.code = remoting::request_code::kGetRouteInfoByTopic;
  command.opaque = 9;
  command.set_ext_field("topic", "TopicTest");
  for (const auto serialization :
       {remoting::Serialization::kJson, remoting::Serialization::kBinary}) {
    for (const char* zone : {"", "z-east"}) {
      command.serialization = serialization;
      if (*zone != 0) {
        command.set_ext_field(remoting::kZoneModeField, "true");
        command.set_ext_field(remoting::kZoneNameField, zone);
      }
      const std::string frame = remoting::encode_frame(command);
      harness.hand_out(id, frame);  // encodes it
      std::string& written = harness.session(id).written;
      const std::size_t answer = written.size();
      REQUIRE(answer > 100);
      written.clear();
      written.reserve(200 * answer);
      const support::AllocationMeter meter;
      for (int i = 0; i < 100; ++i) harness.hand_out(id, frame);
      CHECK(meter.peak_bytes() == 0);
      CHECK(written.size() == 100 * answer);
      written.clear();
    }
  }
}

}  // namespace
}  // namespace waypost::handlers
