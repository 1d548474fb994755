// What operators change and look up, but for the key-value configuration:
// permission overrides, topics, settings.

#include <chrono>

#include "wire/codec/native.h"
#include "wire/codec/payload.h"

namespace waypost::codec {
namespace {

std::int64_t to_unix_ms(base::WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch())
      .count();
}

flatbuffers::Offset<wire::PermissionOverride> write_override(
    Writer& writer, const model::PermissionOverride& override) {
  const auto broker_name = writer.required(override.broker_name.value());
  const auto owner = writer.optional(override.owner);
  const auto reason = writer.optional(override.reason);
  wire::PermissionOverrideBuilder table(writer.builder());
  table.add_broker_name(broker_name);
  table.add_permission(override.permission.bits);
  table.add_owner(owner);
  table.add_reason(reason);
  table.add_set_at_ms(to_unix_ms(override.set_at));
  if (override.lapses_at) {
    table.add_lapses_at_ms(to_unix_ms(*override.lapses_at));
  }
  return table.Finish();
}

model::PermissionOverride read_override(const wire::PermissionOverride& in,
                                        Reader& reader) {
  model::PermissionOverride out;
  out.broker_name =
      reader.name<model::BrokerName>(in.broker_name(), "overrides.broker_name");
  out.permission = {in.permission()};
  out.owner = reader.optional(in.owner(), "overrides.owner");
  out.reason = reader.optional(in.reason(), "overrides.reason");
  out.set_at = reader.wall_time(in.set_at_ms(), "overrides.set_at_ms");
  if (const auto lapses_at = in.lapses_at_ms(); lapses_at.has_value()) {
    out.lapses_at = reader.wall_time(*lapses_at, "overrides.lapses_at_ms");
  }
  return out;
}

}  // namespace

std::string encode(const model::ChangeReply& message) {
  Writer writer;
  return writer.finish(
      wire::CreateChangeReply(writer.builder(), message.changed));
}

template <>
base::Result<model::ChangeReply> decode(Bytes payload,
                                        const DecodeLimits& limits) {
  return decode_as<model::ChangeReply, wire::ChangeReply>(
      "change reply", payload, limits,
      [](const wire::ChangeReply& in, Reader&) {
        return model::ChangeReply{in.changed()};
      });
}

// --- Permission overrides ---

std::string encode(const model::OverridePage& message) {
  Writer writer;
  const auto overrides =
      writer.list<flatbuffers::Offset<wire::PermissionOverride>>(
          message.overrides, [&](const model::PermissionOverride& override) {
            return write_override(writer, override);
          });
  const auto next = writer.optional(message.next);
  return writer.finish(
      wire::CreateOverridePage(writer.builder(), overrides, next));
}

template <>
base::Result<model::OverridePage> decode(Bytes payload,
                                         const DecodeLimits& limits) {
  return decode_as<model::OverridePage, wire::OverridePage>(
      "override page", payload, limits,
      [](const wire::OverridePage& in, Reader& reader) {
        model::OverridePage out;
        out.overrides = reader.list<model::PermissionOverride>(
            in.overrides(), "overrides",
            [&](const wire::PermissionOverride& override) {
              return read_override(override, reader);
            });
        out.next = reader.optional(in.next(), "next");
        return out;
      });
}

std::string encode(const model::SetOverrideRequest& message) {
  Writer writer;
  const auto broker_name = writer.required(message.broker_name.value());
  const auto owner = writer.optional(message.owner);
  const auto reason = writer.optional(message.reason);
  return writer.finish(wire::CreateSetOverrideRequest(
      writer.builder(), broker_name, message.permission.bits, owner, reason,
      to_us(message.lapses_after)));
}

template <>
base::Result<model::SetOverrideRequest> decode(Bytes payload,
                                               const DecodeLimits& limits) {
  return decode_as<model::SetOverrideRequest, wire::SetOverrideRequest>(
      "set-override request", payload, limits,
      [](const wire::SetOverrideRequest& in, Reader& reader) {
        model::SetOverrideRequest out;
        out.broker_name =
            reader.name<model::BrokerName>(in.broker_name(), "broker_name");
        out.permission = {in.permission()};
        out.owner = reader.optional(in.owner(), "owner");
        out.reason = reader.optional(in.reason(), "reason");
        out.lapses_after =
            reader.duration(in.lapses_after_us(), "lapses_after_us");
        return out;
      });
}

std::string encode(const model::ClearOverrideRequest& message) {
  Writer writer;
  const auto broker_name = writer.required(message.broker_name.value());
  return writer.finish(
      wire::CreateClearOverrideRequest(writer.builder(), broker_name));
}

template <>
base::Result<model::ClearOverrideRequest> decode(Bytes payload,
                                                 const DecodeLimits& limits) {
  return decode_as<model::ClearOverrideRequest, wire::ClearOverrideRequest>(
      "clear-override request", payload, limits,
      [](const wire::ClearOverrideRequest& in, Reader& reader) {
        return model::ClearOverrideRequest{
            reader.name<model::BrokerName>(in.broker_name(), "broker_name")};
      });
}

// --- Topics ---

std::string encode(const model::DeleteTopicRequest& message) {
  Writer writer;
  const auto topic = writer.required(message.topic.value());
  flatbuffers::Offset<flatbuffers::String> cluster;
  if (message.cluster) cluster = writer.required(message.cluster->value());
  return writer.finish(
      wire::CreateDeleteTopicRequest(writer.builder(), topic, cluster));
}

template <>
base::Result<model::DeleteTopicRequest> decode(Bytes payload,
                                               const DecodeLimits& limits) {
  return decode_as<model::DeleteTopicRequest, wire::DeleteTopicRequest>(
      "delete-topic request", payload, limits,
      [](const wire::DeleteTopicRequest& in, Reader& reader) {
        model::DeleteTopicRequest out;
        out.topic = reader.name<model::TopicName>(in.topic(), "topic");
        if (in.cluster() != nullptr) {
          out.cluster =
              reader.name<model::ClusterName>(in.cluster(), "cluster");
        }
        return out;
      });
}

std::string encode(const model::DeleteTopicReply& message) {
  Writer writer;
  return writer.finish(
      wire::CreateDeleteTopicReply(writer.builder(), message.group_count));
}

template <>
base::Result<model::DeleteTopicReply> decode(Bytes payload,
                                             const DecodeLimits& limits) {
  return decode_as<model::DeleteTopicReply, wire::DeleteTopicReply>(
      "delete-topic reply", payload, limits,
      [](const wire::DeleteTopicReply& in, Reader&) {
        return model::DeleteTopicReply{in.group_count()};
      });
}

// --- Settings ---

std::string encode(const model::SettingList& message) {
  Writer writer;
  const auto settings = writer.list<flatbuffers::Offset<wire::Setting>>(
      message.settings, [&](const model::Setting& setting) {
        const auto key = writer.required(setting.key);
        const auto value = writer.optional(setting.value);
        return wire::CreateSetting(writer.builder(), key, value,
                                   setting.changeable);
      });
  return writer.finish(wire::CreateSettingList(writer.builder(), settings));
}

template <>
base::Result<model::SettingList> decode(Bytes payload,
                                        const DecodeLimits& limits) {
  return decode_as<model::SettingList, wire::SettingList>(
      "setting list", payload, limits,
      [](const wire::SettingList& in, Reader& reader) {
        model::SettingList out;
        out.settings = reader.list<model::Setting>(
            in.settings(), "settings", [&](const wire::Setting& setting) {
              return model::Setting{
                  reader.required(setting.key(), "settings.key"),
                  reader.optional(setting.value(), "settings.value"),
                  setting.changeable()};
            });
        return out;
      });
}

std::string encode(const model::ChangeSettingRequest& message) {
  Writer writer;
  const auto key = writer.required(message.key);
  const auto value = writer.optional(message.value);
  return writer.finish(
      wire::CreateChangeSettingRequest(writer.builder(), key, value));
}

template <>
base::Result<model::ChangeSettingRequest> decode(Bytes payload,
                                                 const DecodeLimits& limits) {
  return decode_as<model::ChangeSettingRequest, wire::ChangeSettingRequest>(
      "change-setting request", payload, limits,
      [](const wire::ChangeSettingRequest& in, Reader& reader) {
        return model::ChangeSettingRequest{
            reader.required(in.key(), "key"),
            reader.optional(in.value(), "value")};
      });
}

}  // namespace waypost::codec
