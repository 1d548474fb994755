#ifndef WAYPOST_WIRE_CODEC_REMOTING_USUAL_TOPIC_H_
#define WAYPOST_WIRE_CODEC_REMOTING_USUAL_TOPIC_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace waypost::remoting {

// A TopicConfig's members that a nameserver keeps.
struct UsualTopic {
  std::string_view name;  // into the JSON
  std::int32_t read_queues = 0;
  std::int32_t write_queues = 0;
  std::int32_t permission = 0;
  std::int32_t system_flag = 0;
};

// Reads a TopicConfig at the front of `json` as brokers write it, member by
// member in their order and without a blank:
//
//   {"attributes":{},"order":false,"perm":6,"readQueueNums":8,
//    "topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":0,
//    "writeQueueNums":8}                       (attributes since 5.0)
//
// How many bytes it has; 0 when it is written in any other way, which says
// nothing about whether it is right. A broker with 10 000 topics sends 10 000
// of these.
std::size_t scan_usual_topic(std::string_view json, UsualTopic& topic);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_USUAL_TOPIC_H_
