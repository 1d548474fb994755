// What agents say about their brokers, and the answers.

#include "wire/codec/native.h"
#include "wire/codec/payload.h"

namespace waypost::codec {
namespace {

using TopicOffset = flatbuffers::Offset<wire::TopicConfig>;
using TextOffset = flatbuffers::Offset<flatbuffers::String>;

TopicOffset write_topic(Writer& writer, const model::TopicConfig& topic) {
  const auto name = writer.required(topic.name.value());
  return wire::CreateTopicConfig(
      writer.builder(), name, topic.queues.read_queues,
      topic.queues.write_queues, topic.queues.permission.bits,
      topic.queues.system_flag);
}

model::TopicConfig read_topic(const wire::TopicConfig& in, Reader& reader) {
  return {reader.name<model::TopicName>(in.name(), "topics.name"),
          {in.read_queues(),
           in.write_queues(),
           {in.permission()},
           in.system_flag()}};
}

}  // namespace

std::string encode(const model::RegisterRequest& message) {
  Writer writer;
  const auto cluster = writer.required(message.cluster.value());
  const auto broker = writer.broker(message.broker);
  const auto address = writer.endpoint(message.address);
  const auto zone = writer.optional(message.zone);
  const auto topics = writer.list<TopicOffset>(
      message.topics, [&](const model::TopicConfig& topic) {
        return write_topic(writer, topic);
      });
  const auto removed = writer.list<TextOffset>(
      message.removed, [&](const model::TopicName& name) {
        return writer.required(name.value());
      });
  const auto reason = writer.optional(message.health_reason);
  const auto digest = to_wire(message.topics_digest);

  wire::RegisterRequestBuilder table(writer.builder());
  table.add_cluster(cluster);
  table.add_broker(broker);
  table.add_address(address);
  table.add_zone(zone);
  table.add_epoch(message.epoch.value());
  table.add_mode(to_wire(message.mode));
  table.add_topics(topics);
  table.add_removed(removed);
  table.add_expiry_us(to_us(message.expiry));
  table.add_healthy(message.healthy);
  table.add_verdict_action(to_wire(message.verdict_action));
  table.add_health_reason(reason);
  if (!message.topics_digest.is_none()) table.add_topics_digest(&digest);
  return writer.finish(table.Finish());
}

template <>
base::Result<model::RegisterRequest> decode(Bytes payload,
                                            const DecodeLimits& limits) {
  return decode_as<model::RegisterRequest, wire::RegisterRequest>(
      "register request", payload, limits,
      [](const wire::RegisterRequest& in, Reader& reader) {
        model::RegisterRequest out;
        out.cluster = reader.name<model::ClusterName>(in.cluster(), "cluster");
        out.broker = reader.broker(in.broker(), "broker");
        out.address = reader.endpoint(in.address(), "address");
        out.zone = reader.optional(in.zone(), "zone");
        out.epoch = model::Epoch(in.epoch());
        out.mode =
            reader.choice(in.mode(), model::RegisterMode::kIncremental, "mode");
        out.topics = reader.list<model::TopicConfig>(
            in.topics(), "topics", [&](const wire::TopicConfig& topic) {
              return read_topic(topic, reader);
            });
        out.removed = reader.list<model::TopicName>(
            in.removed(), "removed", [&](const flatbuffers::String& name) {
              return reader.name<model::TopicName>(&name, "removed");
            });
        out.expiry = reader.duration(in.expiry_us(), "expiry_us");
        out.healthy = in.healthy();
        out.verdict_action = reader.choice(
            in.verdict_action(), model::VerdictAction::kDropWritePermission,
            "verdict_action");
        out.health_reason =
            reader.optional(in.health_reason(), "health_reason");
        out.topics_digest = from_wire(in.topics_digest());
        return out;
      });
}

std::string encode(const model::RegisterReply& message) {
  Writer writer;
  return writer.finish(
      wire::CreateRegisterReply(writer.builder(), message.incarnation.value(),
                                to_wire(message.state), message.changed));
}

template <>
base::Result<model::RegisterReply> decode(Bytes payload,
                                          const DecodeLimits& limits) {
  return decode_as<model::RegisterReply, wire::RegisterReply>(
      "register reply", payload, limits,
      [](const wire::RegisterReply& in, Reader& reader) {
        return model::RegisterReply{model::Incarnation(in.incarnation()),
                                    reader.state(in.state()), in.changed()};
      });
}

std::string encode(const model::HeartbeatRequest& message) {
  Writer writer;
  const auto broker = writer.broker(message.broker);
  const auto digest = to_wire(message.topics_digest);
  return writer.finish(wire::CreateHeartbeatRequest(
      writer.builder(), broker, message.epoch.value(),
      message.topics_digest.is_none() ? nullptr : &digest));
}

template <>
base::Result<model::HeartbeatRequest> decode(Bytes payload,
                                             const DecodeLimits& limits) {
  return decode_as<model::HeartbeatRequest, wire::HeartbeatRequest>(
      "heartbeat request", payload, limits,
      [](const wire::HeartbeatRequest& in, Reader& reader) {
        return model::HeartbeatRequest{reader.broker(in.broker(), "broker"),
                                       model::Epoch(in.epoch()),
                                       from_wire(in.topics_digest())};
      });
}

std::string encode(const model::HeartbeatReply& message) {
  Writer writer;
  return writer.finish(
      wire::CreateHeartbeatReply(writer.builder(), message.incarnation.value(),
                                 to_wire(message.state), message.known));
}

template <>
base::Result<model::HeartbeatReply> decode(Bytes payload,
                                           const DecodeLimits& limits) {
  return decode_as<model::HeartbeatReply, wire::HeartbeatReply>(
      "heartbeat reply", payload, limits,
      [](const wire::HeartbeatReply& in, Reader& reader) {
        return model::HeartbeatReply{model::Incarnation(in.incarnation()),
                                     reader.state(in.state()), in.known()};
      });
}

std::string encode(const model::VerdictRequest& message) {
  Writer writer;
  const auto broker = writer.broker(message.broker);
  const auto reason = writer.optional(message.reason);
  return writer.finish(wire::CreateVerdictRequest(
      writer.builder(), broker, message.epoch.value(), message.healthy,
      to_wire(message.action), reason, message.observer,
      to_us(message.lapses_after)));
}

template <>
base::Result<model::VerdictRequest> decode(Bytes payload,
                                           const DecodeLimits& limits) {
  return decode_as<model::VerdictRequest, wire::VerdictRequest>(
      "verdict request", payload, limits,
      [](const wire::VerdictRequest& in, Reader& reader) {
        model::VerdictRequest out;
        out.broker = reader.broker(in.broker(), "broker");
        out.epoch = model::Epoch(in.epoch());
        out.healthy = in.healthy();
        out.action = reader.choice(
            in.action(), model::VerdictAction::kDropWritePermission, "action");
        out.reason = reader.optional(in.reason(), "reason");
        out.observer = in.observer();
        out.lapses_after =
            reader.duration(in.lapses_after_us(), "lapses_after_us");
        return out;
      });
}

std::string encode(const model::VerdictReply& message) {
  Writer writer;
  return writer.finish(wire::CreateVerdictReply(writer.builder(), message.known,
                                                message.changed));
}

template <>
base::Result<model::VerdictReply> decode(Bytes payload,
                                         const DecodeLimits& limits) {
  return decode_as<model::VerdictReply, wire::VerdictReply>(
      "verdict reply", payload, limits,
      [](const wire::VerdictReply& in, Reader&) {
        return model::VerdictReply{in.known(), in.changed()};
      });
}

std::string encode(const model::UnregisterRequest& message) {
  Writer writer;
  const auto broker = writer.broker(message.broker);
  const auto reason = writer.optional(message.reason);
  return writer.finish(wire::CreateUnregisterRequest(
      writer.builder(), broker, message.epoch.value(), reason));
}

template <>
base::Result<model::UnregisterRequest> decode(Bytes payload,
                                              const DecodeLimits& limits) {
  return decode_as<model::UnregisterRequest, wire::UnregisterRequest>(
      "unregister request", payload, limits,
      [](const wire::UnregisterRequest& in, Reader& reader) {
        return model::UnregisterRequest{reader.broker(in.broker(), "broker"),
                                        model::Epoch(in.epoch()),
                                        reader.optional(in.reason(), "reason")};
      });
}

std::string encode(const model::UnregisterReply& message) {
  Writer writer;
  return writer.finish(
      wire::CreateUnregisterReply(writer.builder(), message.removed));
}

template <>
base::Result<model::UnregisterReply> decode(Bytes payload,
                                            const DecodeLimits& limits) {
  return decode_as<model::UnregisterReply, wire::UnregisterReply>(
      "unregister reply", payload, limits,
      [](const wire::UnregisterReply& in, Reader&) {
        return model::UnregisterReply{in.removed()};
      });
}

std::string encode(const model::HandoverRequest& message) {
  Writer writer;
  const auto broker = writer.broker(message.broker);
  return writer.finish(wire::CreateHandoverRequest(
      writer.builder(), broker, message.epoch.value(), to_us(message.grace)));
}

template <>
base::Result<model::HandoverRequest> decode(Bytes payload,
                                            const DecodeLimits& limits) {
  return decode_as<model::HandoverRequest, wire::HandoverRequest>(
      "handover request", payload, limits,
      [](const wire::HandoverRequest& in, Reader& reader) {
        return model::HandoverRequest{
            reader.broker(in.broker(), "broker"), model::Epoch(in.epoch()),
            reader.duration(in.grace_us(), "grace_us")};
      });
}

std::string encode(const model::HandoverReply& message) {
  Writer writer;
  return writer.finish(
      wire::CreateHandoverReply(writer.builder(), message.known));
}

template <>
base::Result<model::HandoverReply> decode(Bytes payload,
                                          const DecodeLimits& limits) {
  return decode_as<model::HandoverReply, wire::HandoverReply>(
      "handover reply", payload, limits,
      [](const wire::HandoverReply& in, Reader&) {
        return model::HandoverReply{in.known()};
      });
}

}  // namespace waypost::codec
