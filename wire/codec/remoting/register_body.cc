#include "wire/codec/remoting/register_body.h"

#include <zlib.h>

#include "wire/codec/remoting/body_reader.h"
#include "wire/codec/remoting/inflater.h"
#include "wire/codec/remoting/register_lines.h"

namespace waypost::remoting {
namespace {

constexpr std::string_view kWhat = "registration body";

// A TopicConfig of the table; its key tells which one in errors.
void read_topic(BodyReader& reader, std::string_view key, RegisterBody& body) {
  model::TopicConfig* topic = reader.add(body.topics);
  if (topic == nullptr) return;
  std::int32_t read_queues = kQueuesDefault;
  std::int32_t write_queues = kQueuesDefault;
  std::int32_t permission = kPermissionDefault;
  std::int32_t system_flag = 0;
  std::string name;
  bool named = false;
  if (!reader.json.enter_object()) reader.json.fail("a topic is null");
  while (reader.json.next_member(key)) {
    if (key == "topicName") {
      named = reader.copy(name);
    } else if (key == "readQueueNums") {
      reader.json.read(read_queues);
    } else if (key == "writeQueueNums") {
      reader.json.read(write_queues);
    } else if (key == "perm") {
      reader.json.read(permission);
    } else if (key == "topicSysFlag") {
      reader.json.read(system_flag);
    } else {
      reader.json.skip();
    }
  }
  if (!named) reader.json.fail("a topic has no topicName");
  topic->name = model::TopicName(std::move(name));
  topic->queues = {model::from_java_int(read_queues),
                   model::from_java_int(write_queues),
                   {model::from_java_int(permission)},
                   model::from_java_int(system_flag)};
}

void read_wrapper_member(BodyReader& reader, std::string_view key,
                         RegisterBody& body) {
  if (key == "dataVersion") {
    if (reader.json.peek() == JsonReader::Kind::kNull) {
      reader.json.skip();
      body.data_version.reset();
    } else {
      read_data_version(reader, body.data_version.emplace());
    }
  } else if (key == "topicConfigTable") {
    reader.members(
        [&](std::string_view topic) { read_topic(reader, topic, body); });
  } else if (key == "topicQueueMappingInfoMap") {
    reader.members([&](std::string_view) {
      auto* mapping = reader.add(body.mappings);
      if (mapping == nullptr) return;
      if (!read_mapping(reader, *mapping)) {
        reader.json.fail("a topic queue mapping is null");
      }
    });
  } else {
    reader.json.skip();
  }
}

base::Result<RegisterBody> decode_json(std::string_view json,
                                       bool wrapper_alone) {
  CopyBudget budget(json.size());
  BodyReader reader(json, budget);
  RegisterBody body;
  const auto wrapper = [&](std::string_view key) {
    read_wrapper_member(reader, key, body);
  };
  if (reader.json.peek() != JsonReader::Kind::kObject) {
    reader.json.fail("an object is expected");
  }
  reader.members([&](std::string_view key) {
    if (wrapper_alone) {
      wrapper(key);
    } else if (key == "topicConfigSerializeWrapper") {
      reader.members(wrapper);
    } else if (key == "filterServerList") {
      reader.texts(body.filter_servers);
    } else {
      reader.json.skip();
    }
  });
  if (auto end = reader.finish(kWhat); !end) {
    return tl::unexpected(std::move(end.error()));
  }
  return body;
}

}  // namespace

base::Result<RegisterBody> decode_register_body(
    std::string_view body, const RegisterBodyForm& form,
    const RegisterBodyLimits& limits) {
  if (form.broker_version < 0) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      std::string(kWhat) + ": no broker has the version " +
                          std::to_string(form.broker_version));
  }
  if (body.empty()) return RegisterBody{};
  if (begins_zlib_stream(body)) return decode_register_lines(body, limits);
  if (form.compressed) {
    return base::fail(
        base::ErrorCode::kMalformed,
        std::string(kWhat) + ": said to be compressed, but is no zlib stream");
  }
  return decode_json(body,
                     version::registers_topics_alone(form.broker_version));
}

std::int32_t body_crc(std::string_view body) {
  const uLong crc =
      crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size());
  return static_cast<std::int32_t>(crc & 0x7FFFFFFFU);
}

bool body_crc_matches(std::string_view body, std::int32_t body_crc32) {
  return body_crc32 == 0 || body_crc(body) == body_crc32;
}

}  // namespace waypost::remoting
