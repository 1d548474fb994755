#include "wire/codec/remoting/register_body.h"

#include <zlib.h>

#include "wire/codec/remoting/body_reader.h"
#include "wire/codec/remoting/inflater.h"
#include "wire/codec/remoting/register_lines.h"
#include "wire/codec/remoting/usual_topic.h"

namespace waypost::remoting {
namespace {

constexpr std::string_view kWhat = "registration body";

model::QueueData queues_of(const UsualTopic& topic) {
  return {model::from_java_int(topic.read_queues),
          model::from_java_int(topic.write_queues),
          {model::from_java_int(topic.permission)},
          model::from_java_int(topic.system_flag)};
}

// A TopicConfig written in whatever way. Whether it has a name.
bool read_topic_members(BodyReader& reader, UsualTopic& topic,
                        std::string& name) {
  bool named = false;
  reader.members([&](std::string_view key) {
    if (key == "topicName") {
      named = reader.copy(name);
    } else if (key == "readQueueNums") {
      reader.json.read(topic.read_queues);
    } else if (key == "writeQueueNums") {
      reader.json.read(topic.write_queues);
    } else if (key == "perm") {
      reader.json.read(topic.permission);
    } else if (key == "topicSysFlag") {
      reader.json.read(topic.system_flag);
    } else {
      reader.json.skip();
    }
  });
  return named;
}

void read_topic(BodyReader& reader, RegisterBody& body) {
  model::TopicConfig* entry = reader.add(body.topics);
  if (entry == nullptr) return;
  UsualTopic topic;
  std::string name;
  if (const auto bytes = scan_usual_topic(reader.json.rest(), topic);
      bytes > 0) {
    if (!reader.copy(topic.name, name)) return;
    reader.json.skip_bytes(bytes);
  } else {
    topic = {"", kQueuesDefault, kQueuesDefault, kPermissionDefault, 0};
    if (reader.json.peek() == JsonReader::Kind::kNull) {
      reader.json.fail("a topic is null");
    }
    // Java lists a topic null for it; here nobody can ask for one.
    if (!read_topic_members(reader, topic, name)) {
      body.topics.pop_back();
      return;
    }
  }
  *entry = {model::TopicName(std::move(name)), queues_of(topic)};
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
    reader.members([&](std::string_view) { read_topic(reader, body); });
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
