#include "wire/codec/remoting/usual_topic.h"

#include "wire/codec/remoting/expect.h"

namespace waypost::remoting {

std::size_t scan_usual_topic(std::string_view json, UsualTopic& topic) {
  Expect expect(json);
  if (!expect.literal("{")) return 0;
  expect.literal("\"attributes\":{},");
  const bool usual =
      (expect.literal("\"order\":false,") ||
       expect.literal("\"order\":true,")) &&
      expect.literal("\"perm\":") && expect.number(topic.permission) &&
      expect.literal(",\"readQueueNums\":") &&
      expect.number(topic.read_queues) &&
      expect.literal(",\"topicFilterType\":\"") &&
      (expect.literal("SINGLE_TAG\"") || expect.literal("MULTI_TAG\"")) &&
      expect.literal(",\"topicName\":\"") && expect.text(topic.name) &&
      expect.literal(",\"topicSysFlag\":") &&
      expect.number(topic.system_flag) &&
      expect.literal(",\"writeQueueNums\":") &&
      expect.number(topic.write_queues) && expect.literal("}");
  return usual ? static_cast<std::size_t>(expect.at() - json.data()) : 0;
}

}  // namespace waypost::remoting
