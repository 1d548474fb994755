// What is said from beside a broker that registers itself.

#include "wire/codec/native.h"
#include "wire/codec/payload.h"

namespace waypost::codec {

std::string encode(const model::ObserveRequest& message) {
  Writer writer;
  const auto address = writer.endpoint(message.address);
  const auto reason = writer.optional(message.reason);
  return writer.finish(wire::CreateObserveRequest(
      writer.builder(), address, message.healthy, to_wire(message.action),
      reason, to_us(message.lapses_after)));
}

template <>
base::Result<model::ObserveRequest> decode(Bytes payload,
                                           const DecodeLimits& limits) {
  return decode_as<model::ObserveRequest, wire::ObserveRequest>(
      "observe request", payload, limits,
      [](const wire::ObserveRequest& in, Reader& reader) {
        model::ObserveRequest out;
        out.address = reader.endpoint(in.address(), "address");
        out.healthy = in.healthy();
        out.action = reader.choice(
            in.action(), model::VerdictAction::kDropWritePermission, "action");
        out.reason = reader.optional(in.reason(), "reason");
        out.lapses_after =
            reader.duration(in.lapses_after_us(), "lapses_after_us");
        return out;
      });
}

std::string encode(const model::ObserveReply& message) {
  Writer writer;
  const auto brokers = writer.list<flatbuffers::Offset<wire::ObservedBroker>>(
      message.brokers, [&](const model::ObservedBroker& observed) {
        const auto cluster = writer.required(observed.cluster.value());
        const auto broker = writer.broker(observed.broker);
        return wire::CreateObservedBroker(writer.builder(), cluster, broker);
      });
  return writer.finish(wire::CreateObserveReply(writer.builder(), brokers));
}

template <>
base::Result<model::ObserveReply> decode(Bytes payload,
                                         const DecodeLimits& limits) {
  return decode_as<model::ObserveReply, wire::ObserveReply>(
      "observe reply", payload, limits,
      [](const wire::ObserveReply& in, Reader& reader) {
        model::ObserveReply out;
        out.brokers = reader.list<model::ObservedBroker>(
            in.brokers(), "brokers", [&](const wire::ObservedBroker& observed) {
              return model::ObservedBroker{
                  reader.name<model::ClusterName>(observed.cluster(),
                                                  "brokers.cluster"),
                  reader.broker(observed.broker(), "brokers.broker")};
            });
        return out;
      });
}

}  // namespace waypost::codec
