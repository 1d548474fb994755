#ifndef WAYPOST_WIRE_CODEC_REMOTING_REGISTER_BODY_H_
#define WAYPOST_WIRE_CODEC_REMOTING_REGISTER_BODY_H_

// The body of REGISTER_BROKER, in the three forms that brokers send:
//
//   JSON      {"filterServerList":[...],"topicConfigSerializeWrapper":{
//               "dataVersion":{...},"topicConfigTable":{...},
//               "topicQueueMappingInfoMap":{...}}}         (the last since 5.0)
//   old JSON  the wrapper alone, from brokers before 3.0.11
//   deflated  a zlib stream; each item with its length before it (i32, big-
//             endian): the data version's JSON, then the number of topics and
//             one line per topic, "name read write permission filterType
//             [attributes]", then the filter servers' JSON, then (5.x) the
//             number of static topic mappings and the JSON of each

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/codec/remoting/codes.h"
#include "wire/codec/remoting/frame.h"
#include "wire/model/remoting.h"
#include "wire/model/topic.h"

namespace waypost::remoting {

struct RegisterBody {
  // None where the body says null. All zero where it says nothing.
  std::optional<model::DataVersion> data_version = model::DataVersion{};
  // In the order received, under the name inside the entry (not the table's
  // key), as Java does; a name may come twice. Queue numbers keep their bits:
  // see model::to_java_int. Names are not judged beyond being there.
  std::vector<model::TopicConfig> topics;
  model::FilterServers filter_servers;
  std::vector<model::StaticTopicMapping> mappings;

  friend bool operator==(const RegisterBody&, const RegisterBody&) = default;
};

// What is copied out of one body is bounded: by four times a JSON body's own
// size, by four times the frame limit for a deflated one, whose items are
// inflated one after the other, so that memory grows with what the stream
// really holds and stops at the bound.
struct RegisterBodyLimits {
  std::size_t frame_max_bytes = kFrameMaxBytesDefault;
};

// What the request's header says about its body.
struct RegisterBodyForm {
  std::int32_t broker_version = version::kOurs;
  bool compressed = false;
};

// A body that starts like a zlib stream (as no JSON does) is inflated whatever
// the form says; one that is said to be compressed must be. An empty body is an
// empty registration of data version 0.
// kMalformed: not such a body, or a topic that is null (one that only has no
// name is left out). kInvalidArgument: a
// negative version. kTooLarge: beyond the limits.
base::Result<RegisterBody> decode_register_body(
    std::string_view body, const RegisterBodyForm& form,
    const RegisterBodyLimits& limits = {});

// Whether the body is the one that a header with this bodyCrc32 announces: the
// lower 31 bits of its CRC-32. 0 is not checked.
bool body_crc_matches(std::string_view body, std::int32_t body_crc32);
std::int32_t body_crc(std::string_view body);

// What a broker sends; for load generators and tests.
std::string encode_register_body(const RegisterBody& body);
std::string encode_register_body_deflated(const RegisterBody& body);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_REGISTER_BODY_H_
