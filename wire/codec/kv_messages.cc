// The key-value configuration, whose names and values are any bytes.

#include "wire/codec/native.h"
#include "wire/codec/payload.h"

namespace waypost::codec {
namespace {

flatbuffers::Offset<wire::KvEntry> write_entry(Writer& writer,
                                               const model::KvEntry& entry) {
  const auto name_space = writer.required(entry.name_space);
  const auto key = writer.required(entry.key);
  const auto value = writer.bytes(entry.value);
  return wire::CreateKvEntry(writer.builder(), name_space, key, value);
}

model::KvEntry read_entry(const wire::KvEntry& in, Reader& reader) {
  return {reader.required(in.name_space(), "entry.name_space"),
          reader.required(in.key(), "entry.key"),
          reader.bytes(in.value(), "entry.value")};
}

}  // namespace

std::string encode(const model::KvGetRequest& message) {
  Writer writer;
  const auto name_space = writer.required(message.name_space);
  const auto key = writer.required(message.key);
  return writer.finish(
      wire::CreateKvGetRequest(writer.builder(), name_space, key));
}

template <>
base::Result<model::KvGetRequest> decode(Bytes payload,
                                         const DecodeLimits& limits) {
  return decode_as<model::KvGetRequest, wire::KvGetRequest>(
      "kv-get request", payload, limits,
      [](const wire::KvGetRequest& in, Reader& reader) {
        return model::KvGetRequest{
            reader.required(in.name_space(), "name_space"),
            reader.required(in.key(), "key")};
      });
}

std::string encode(const model::KvGetReply& message) {
  Writer writer;
  const auto value = writer.bytes(message.value);
  return writer.finish(wire::CreateKvGetReply(writer.builder(), value));
}

template <>
base::Result<model::KvGetReply> decode(Bytes payload,
                                       const DecodeLimits& limits) {
  return decode_as<model::KvGetReply, wire::KvGetReply>(
      "kv-get reply", payload, limits,
      [](const wire::KvGetReply& in, Reader& reader) {
        return model::KvGetReply{reader.bytes(in.value(), "value")};
      });
}

std::string encode(const model::KvListRequest& message) {
  Writer writer;
  flatbuffers::Offset<flatbuffers::String> name_space;
  if (message.name_space) name_space = writer.required(*message.name_space);
  const auto after = writer.optional(message.after);
  return writer.finish(wire::CreateKvListRequest(writer.builder(), name_space,
                                                 after, message.limit));
}

template <>
base::Result<model::KvListRequest> decode(Bytes payload,
                                          const DecodeLimits& limits) {
  return decode_as<model::KvListRequest, wire::KvListRequest>(
      "kv-list request", payload, limits,
      [](const wire::KvListRequest& in, Reader& reader) {
        model::KvListRequest out;
        if (in.name_space() != nullptr) {
          out.name_space = reader.required(in.name_space(), "name_space");
        }
        out.after = reader.optional(in.after(), "after");
        out.limit = in.limit();
        return out;
      });
}

std::string encode(const model::KvPage& message) {
  Writer writer;
  const auto entries = writer.list<flatbuffers::Offset<wire::KvEntry>>(
      message.entries,
      [&](const model::KvEntry& entry) { return write_entry(writer, entry); });
  const auto next = writer.optional(message.next);
  return writer.finish(wire::CreateKvPage(writer.builder(), entries, next));
}

template <>
base::Result<model::KvPage> decode(Bytes payload, const DecodeLimits& limits) {
  return decode_as<model::KvPage, wire::KvPage>(
      "kv page", payload, limits, [](const wire::KvPage& in, Reader& reader) {
        model::KvPage out;
        out.entries = reader.list<model::KvEntry>(
            in.entries(), "entries", [&](const wire::KvEntry& entry) {
              return read_entry(entry, reader);
            });
        out.next = reader.optional(in.next(), "next");
        return out;
      });
}

std::string encode(const model::KvPutRequest& message) {
  Writer writer;
  const auto entry = write_entry(writer, message.entry);
  return writer.finish(wire::CreateKvPutRequest(writer.builder(), entry));
}

template <>
base::Result<model::KvPutRequest> decode(Bytes payload,
                                         const DecodeLimits& limits) {
  return decode_as<model::KvPutRequest, wire::KvPutRequest>(
      "kv-put request", payload, limits,
      [](const wire::KvPutRequest& in, Reader& reader) {
        if (in.entry() == nullptr) {
          reader.fail(base::ErrorCode::kMalformed, "entry", "is missing");
          return model::KvPutRequest{};
        }
        return model::KvPutRequest{read_entry(*in.entry(), reader)};
      });
}

std::string encode(const model::KvDeleteRequest& message) {
  Writer writer;
  const auto name_space = writer.required(message.name_space);
  const auto key = writer.required(message.key);
  return writer.finish(
      wire::CreateKvDeleteRequest(writer.builder(), name_space, key));
}

template <>
base::Result<model::KvDeleteRequest> decode(Bytes payload,
                                            const DecodeLimits& limits) {
  return decode_as<model::KvDeleteRequest, wire::KvDeleteRequest>(
      "kv-delete request", payload, limits,
      [](const wire::KvDeleteRequest& in, Reader& reader) {
        return model::KvDeleteRequest{
            reader.required(in.name_space(), "name_space"),
            reader.required(in.key(), "key")};
      });
}

}  // namespace waypost::codec
