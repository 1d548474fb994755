// Hello, drain notice, error: what concerns a connection as a whole.

#include "wire/codec/native.h"
#include "wire/codec/payload.h"

namespace waypost::codec {

std::string encode(const model::HelloRequest& message) {
  Writer writer;
  const auto name = writer.optional(message.name);
  const auto version = writer.optional(message.version);
  flatbuffers::Offset<wire::BrokerKey> broker;
  if (message.broker) broker = writer.broker(*message.broker);
  return writer.finish(wire::CreateHelloRequest(
      writer.builder(), to_wire(message.role), name, version, broker));
}

template <>
base::Result<model::HelloRequest> decode(Bytes payload,
                                         const DecodeLimits& limits) {
  return decode_as<model::HelloRequest, wire::HelloRequest>(
      "hello request", payload, limits,
      [](const wire::HelloRequest& in, Reader& reader) {
        model::HelloRequest out;
        out.role =
            reader.choice(in.role(), model::PeerRole::kNameserver, "role");
        out.name = reader.optional(in.name(), "name");
        out.version = reader.optional(in.version(), "version");
        if (in.broker() != nullptr) {
          out.broker = reader.broker(in.broker(), "broker");
        }
        return out;
      });
}

std::string encode(const model::HelloReply& message) {
  Writer writer;
  const auto name = writer.optional(message.server_name);
  const auto version = writer.optional(message.server_version);
  const auto reason = writer.optional(message.state_reason);
  return writer.finish(wire::CreateHelloReply(
      writer.builder(), name, version, message.incarnation.value(),
      to_wire(message.state), reason, message.largest_epoch.value(),
      message.max_payload_bytes));
}

template <>
base::Result<model::HelloReply> decode(Bytes payload,
                                       const DecodeLimits& limits) {
  return decode_as<model::HelloReply, wire::HelloReply>(
      "hello reply", payload, limits,
      [](const wire::HelloReply& in, Reader& reader) {
        model::HelloReply out;
        out.server_name = reader.optional(in.server_name(), "server_name");
        out.server_version =
            reader.optional(in.server_version(), "server_version");
        out.incarnation = model::Incarnation(in.incarnation());
        out.state = reader.state(in.state());
        out.state_reason = reader.optional(in.state_reason(), "state_reason");
        out.largest_epoch = model::Epoch(in.largest_epoch());
        out.max_payload_bytes = in.max_payload_bytes();
        return out;
      });
}

std::string encode(const model::DrainNotice& message) {
  Writer writer;
  const auto reason = writer.optional(message.reason);
  return writer.finish(wire::CreateDrainNotice(writer.builder(), reason));
}

template <>
base::Result<model::DrainNotice> decode(Bytes payload,
                                        const DecodeLimits& limits) {
  return decode_as<model::DrainNotice, wire::DrainNotice>(
      "drain notice", payload, limits,
      [](const wire::DrainNotice& in, Reader& reader) {
        return model::DrainNotice{reader.optional(in.reason(), "reason")};
      });
}

std::string encode(const base::Error& error) {
  Writer writer;
  return writer.finish(write_error(writer, error));
}

template <>
base::Result<base::Error> decode(Bytes payload, const DecodeLimits& limits) {
  return decode_as<base::Error, wire::Error>(
      "error", payload, limits, [](const wire::Error& in, Reader& reader) {
        return read_error(&in, reader, "error");
      });
}

}  // namespace waypost::codec
