// Which nameserver hears which broker, and what brokers registered.

#include "wire/codec/peer.h"
#include "wire/codec/peer_payload.h"

namespace waypost::codec {
namespace {

using DigestList = flatbuffers::Vector<const wire::Digest*>;

flatbuffers::Offset<wire::Holding> write_holding(
    Writer& writer, const model::Holding& holding) {
  const auto broker = writer.broker(holding.broker);
  const auto content = to_wire(holding.content);
  return wire::CreateHolding(writer.builder(), broker, holding.unregistered,
                             holding.epoch.value(), holding.stamp_ms, &content);
}

model::Holding read_holding(const wire::Holding& in, Reader& reader) {
  model::Holding out;
  out.broker = reader.broker(in.broker(), "holding.broker");
  out.unregistered = in.unregistered();
  out.epoch = model::Epoch(in.epoch());
  out.stamp_ms = in.stamp_ms();
  out.content = from_wire(in.content());
  return out;
}

auto write_holdings(Writer& writer,
                    const std::vector<model::Holding>& holdings) {
  return writer.list<flatbuffers::Offset<wire::Holding>>(
      holdings, [&](const model::Holding& holding) {
        return write_holding(writer, holding);
      });
}

template <typename List>
std::vector<model::Holding> read_holdings(const List* in, Reader& reader) {
  return reader.list<model::Holding>(in, "holdings",
                                     [&](const wire::Holding& holding) {
                                       return read_holding(holding, reader);
                                     });
}

auto write_brokers(Writer& writer,
                   const std::vector<model::BrokerKey>& brokers) {
  return writer.list<flatbuffers::Offset<wire::BrokerKey>>(
      brokers,
      [&](const model::BrokerKey& broker) { return writer.broker(broker); });
}

template <typename List>
std::vector<model::BrokerKey> read_brokers(const List* in, Reader& reader,
                                           std::string_view field) {
  return reader.list<model::BrokerKey>(in, field,
                                       [&](const wire::BrokerKey& broker) {
                                         return reader.broker(&broker, field);
                                       });
}

flatbuffers::Offset<wire::HeldRemoting> write_remoting(
    Writer& writer, const model::HeldRemoting& held) {
  const auto address = writer.bytes(held.address);
  const auto ha_address = writer.bytes(held.ha_address);
  const auto filter_servers = writer.list<flatbuffers::Offset<wire::Text>>(
      held.filter_servers, [&](const std::string& server) {
        const auto text = writer.bytes(server);
        return wire::CreateText(writer.builder(), text);
      });
  const auto mappings = writer.list<flatbuffers::Offset<wire::TopicMapping>>(
      held.mappings, [&](const model::StaticTopicMapping& mapping) {
        const auto topic = writer.bytes(mapping.topic.value());
        const auto broker = writer.bytes(mapping.broker_name.value());
        const auto scope = writer.bytes(mapping.scope);
        std::vector<std::int32_t> ids;
        for (const auto& [logical, physical] : mapping.queue_ids) {
          ids.push_back(logical);
          ids.push_back(physical);
        }
        const auto queue_ids =
            ids.empty()
                ? flatbuffers::Offset<flatbuffers::Vector<std::int32_t>>()
                : writer.builder().CreateVector(ids);
        return wire::CreateTopicMapping(writer.builder(), topic, broker, scope,
                                        mapping.total_queues, mapping.epoch,
                                        mapping.dirty, queue_ids);
      });
  std::uint8_t acting = 0;
  if (held.acting_master) acting = *held.acting_master ? 2 : 1;
  return wire::CreateHeldRemoting(
      writer.builder(), address, ha_address, held.version.state_version,
      held.version.timestamp, held.version.counter, filter_servers, mappings,
      acting, held.brings_topics);
}

model::StaticTopicMapping read_mapping(const wire::TopicMapping& in,
                                       Reader& reader) {
  model::StaticTopicMapping out;
  out.topic = model::TopicName(reader.bytes(in.topic(), "mapping.topic"));
  out.broker_name =
      model::BrokerName(reader.bytes(in.broker_name(), "mapping.broker_name"));
  out.scope = reader.bytes(in.scope(), "mapping.scope");
  out.total_queues = in.total_queues();
  out.epoch = in.epoch();
  out.dirty = in.dirty();
  const std::vector<std::int32_t> ids =
      reader.numbers<std::int32_t>(in.queue_ids(), "mapping.queue_ids");
  for (std::size_t i = 0; i + 1 < ids.size(); i += 2) {
    out.queue_ids.emplace_back(ids[i], ids[i + 1]);
  }
  return out;
}

model::HeldRemoting read_remoting(const wire::HeldRemoting& in,
                                  Reader& reader) {
  model::HeldRemoting out;
  out.address = reader.bytes(in.address(), "remoting.address");
  out.ha_address = reader.bytes(in.ha_address(), "remoting.ha_address");
  out.version = {in.state_version(), in.timestamp(), in.counter()};
  out.filter_servers = reader.list<std::string>(
      in.filter_servers(), "remoting.filter_servers",
      [&](const wire::Text& text) {
        return reader.bytes(text.bytes(), "remoting.filter_servers");
      });
  out.mappings = reader.list<model::StaticTopicMapping>(
      in.mappings(), "remoting.mappings", [&](const wire::TopicMapping& each) {
        return read_mapping(each, reader);
      });
  if (in.acting_master() != 0) out.acting_master = in.acting_master() == 2;
  out.brings_topics = in.brings_topics();
  return out;
}

}  // namespace

std::string encode(const model::HoldingsQuery& message) {
  Writer writer;
  std::vector<wire::Digest> digests;
  digests.reserve(message.buckets.size());
  for (const model::SetDigest& each : message.buckets) {
    digests.push_back(to_wire(each));
  }
  const auto buckets = digests.empty()
                           ? flatbuffers::Offset<DigestList>()
                           : writer.builder().CreateVectorOfStructs(digests);
  return writer.finish(wire::CreateHoldingsQuery(writer.builder(), buckets));
}

template <>
base::Result<model::HoldingsQuery> decode(Bytes payload,
                                          const DecodeLimits& limits) {
  return decode_as<model::HoldingsQuery, wire::HoldingsQuery>(
      "holdings query", payload, limits,
      [](const wire::HoldingsQuery& in, Reader& reader) {
        model::HoldingsQuery out;
        out.buckets = reader.list<model::SetDigest>(
            in.buckets(), "buckets",
            [](const wire::Digest& digest) { return set_digest(&digest); });
        if (!out.buckets.empty() &&
            out.buckets.size() != model::kHoldingBuckets) {
          reader.fail(base::ErrorCode::kInvalidArgument, "buckets",
                      "are not as many as there must be");
        }
        return out;
      });
}

std::string encode(const model::HoldingsPage& message) {
  Writer writer;
  const auto buckets =
      message.buckets.empty()
          ? flatbuffers::Offset<flatbuffers::Vector<std::uint32_t>>()
          : writer.builder().CreateVector(message.buckets);
  const auto holdings = write_holdings(writer, message.holdings);
  const auto all = to_wire(message.all);
  return writer.finish(wire::CreateHoldingsPage(writer.builder(), buckets,
                                                holdings, &all, message.last));
}

template <>
base::Result<model::HoldingsPage> decode(Bytes payload,
                                         const DecodeLimits& limits) {
  return decode_as<model::HoldingsPage, wire::HoldingsPage>(
      "holdings page", payload, limits,
      [](const wire::HoldingsPage& in, Reader& reader) {
        model::HoldingsPage out;
        out.buckets = reader.numbers<std::uint32_t>(in.buckets(), "buckets");
        out.holdings = read_holdings(in.holdings(), reader);
        out.all = set_digest(in.all());
        out.last = in.last();
        return out;
      });
}

std::string encode(const model::HoldingsChange& message) {
  Writer writer;
  const auto changed = write_holdings(writer, message.changed);
  const auto dropped = write_brokers(writer, message.dropped);
  const auto after = to_wire(message.after);
  return writer.finish(
      wire::CreateHoldingsChange(writer.builder(), changed, dropped, &after));
}

template <>
base::Result<model::HoldingsChange> decode(Bytes payload,
                                           const DecodeLimits& limits) {
  return decode_as<model::HoldingsChange, wire::HoldingsChange>(
      "holdings change", payload, limits,
      [](const wire::HoldingsChange& in, Reader& reader) {
        model::HoldingsChange out;
        out.changed = read_holdings(in.changed(), reader);
        out.dropped = read_brokers(in.dropped(), reader, "dropped");
        out.after = set_digest(in.after());
        return out;
      });
}

std::string encode(const model::ContentQuery& message) {
  Writer writer;
  const auto brokers = write_brokers(writer, message.brokers);
  return writer.finish(wire::CreateContentQuery(writer.builder(), brokers));
}

template <>
base::Result<model::ContentQuery> decode(Bytes payload,
                                         const DecodeLimits& limits) {
  return decode_as<model::ContentQuery, wire::ContentQuery>(
      "content query", payload, limits,
      [](const wire::ContentQuery& in, Reader& reader) {
        return model::ContentQuery{
            read_brokers(in.brokers(), reader, "brokers")};
      });
}

// The registration travels as the payload that the broker might have sent.
std::string encode(const model::HeldRegistration& message) {
  const std::string registration = encode(message.request);
  Writer writer;
  const auto request = writer.bytes(registration);
  const auto content = to_wire(message.content);
  const auto remoting = message.remoting
                            ? write_remoting(writer, *message.remoting)
                            : flatbuffers::Offset<wire::HeldRemoting>();
  return writer.finish(wire::CreateHeldRegistration(writer.builder(), request,
                                                    &content, remoting));
}

template <>
base::Result<model::HeldRegistration> decode(Bytes payload,
                                             const DecodeLimits& limits) {
  std::string registration;
  auto held = decode_as<model::HeldRegistration, wire::HeldRegistration>(
      "held registration", payload, limits,
      [&](const wire::HeldRegistration& in, Reader& reader) {
        model::HeldRegistration out;
        registration = reader.bytes(in.request(), "request");
        out.content = from_wire(in.content());
        if (in.remoting() != nullptr) {
          out.remoting = read_remoting(*in.remoting(), reader);
        }
        return out;
      });
  if (!held) return held;
  auto request = decode<model::RegisterRequest>(
      std::as_bytes(std::span(registration)), limits);
  if (!request) return tl::unexpected(std::move(request.error()));
  held->request = std::move(*request);
  return held;
}

}  // namespace waypost::codec
