#include <utility>

#include "wire/codec/remoting/big_endian.h"
#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/body_writer.h"
#include "wire/codec/remoting/inflater.h"
#include "wire/codec/remoting/register_body.h"

namespace waypost::remoting {
namespace {

void write_topic(JsonWriter& json, const model::TopicConfig& topic) {
  json.begin_object()
      .key("order")
      .boolean(false)
      .member("perm", model::to_java_int(topic.queues.permission.bits))
      .member("readQueueNums", model::to_java_int(topic.queues.read_queues))
      .member("topicFilterType", "SINGLE_TAG")
      .member("topicName", topic.name.value())
      .member("topicSysFlag", model::to_java_int(topic.queues.system_flag))
      .member("writeQueueNums", model::to_java_int(topic.queues.write_queues))
      .end_object();
}

std::string topic_line(const model::TopicConfig& topic) {
  const auto number = [](std::uint32_t bits) {
    return ' ' + std::to_string(model::to_java_int(bits));
  };
  return topic.name.value() + number(topic.queues.read_queues) +
         number(topic.queues.write_queues) +
         number(topic.queues.permission.bits) + " SINGLE_TAG";
}

void append_item(std::string& out, std::string_view item) {
  append_u32(out, static_cast<std::uint32_t>(item.size()));
  out += item;
}

template <typename Value>
std::string to_json(const Value& value) {
  std::string json;
  JsonWriter writer(json);
  write(writer, value);
  return json;
}

}  // namespace

std::string encode_register_body(const RegisterBody& body) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("filterServerList");
  write(json, body.filter_servers);
  json.key("topicConfigSerializeWrapper").begin_object();
  if (body.data_version) {
    json.key("dataVersion");
    write(json, *body.data_version);
  }
  json.key("topicConfigTable").begin_object();
  for (const model::TopicConfig& topic : body.topics) {
    json.key(topic.name.value());
    write_topic(json, topic);
  }
  json.end_object();
  if (!body.mappings.empty()) {
    json.key("topicQueueMappingInfoMap").begin_object();
    for (const model::StaticTopicMapping& mapping : body.mappings) {
      json.key(mapping.topic.value());
      write(json, mapping);
    }
    json.end_object();
  }
  json.end_object().end_object();
  return out;
}

std::string encode_register_body_deflated(const RegisterBody& body) {
  std::string lines;
  append_item(lines, body.data_version ? encode(*body.data_version) : "null");
  append_u32(lines, static_cast<std::uint32_t>(body.topics.size()));
  for (const model::TopicConfig& topic : body.topics) {
    append_item(lines, topic_line(topic));
  }
  append_item(lines, to_json(body.filter_servers));
  if (!body.mappings.empty()) {
    append_u32(lines, static_cast<std::uint32_t>(body.mappings.size()));
    for (const model::StaticTopicMapping& mapping : body.mappings) {
      append_item(lines, to_json(mapping));
    }
  }
  return deflate_bytes(lines);
}

}  // namespace waypost::remoting
