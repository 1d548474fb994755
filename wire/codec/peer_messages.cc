// What nameservers tell each other of themselves.

#include "wire/codec/peer.h"
#include "wire/codec/peer_payload.h"

namespace waypost::codec {

flatbuffers::Offset<TextList> write_texts(
    Writer& writer, const std::vector<std::string>& texts) {
  return writer.list<TextOffset>(
      texts, [&](const std::string& text) { return writer.required(text); });
}

std::vector<std::string> read_texts(const TextList* in, Reader& reader,
                                    std::string_view field) {
  return reader.list<std::string>(in, field,
                                  [&](const flatbuffers::String& text) {
                                    return reader.required(&text, field);
                                  });
}

flatbuffers::Offset<TextList> write_names(
    Writer& writer, const std::vector<model::PeerName>& names) {
  return writer.list<TextOffset>(names, [&](const model::PeerName& name) {
    return writer.required(name.value());
  });
}

std::vector<model::PeerName> read_names(const TextList* in, Reader& reader,
                                        std::string_view field) {
  return reader.list<model::PeerName>(
      in, field, [&](const flatbuffers::String& text) {
        return reader.name<model::PeerName>(&text, field);
      });
}

std::vector<base::Endpoint> read_endpoints(
    const flatbuffers::Vector<flatbuffers::Offset<wire::Endpoint>>* in,
    Reader& reader, std::string_view field) {
  return reader.list<base::Endpoint>(in, field,
                                     [&](const wire::Endpoint& endpoint) {
                                       return reader.endpoint(&endpoint, field);
                                     });
}

flatbuffers::Offset<wire::PeerInfo> write_peer(Writer& writer,
                                               const model::PeerInfo& info) {
  using EndpointOffset = flatbuffers::Offset<wire::Endpoint>;
  const auto write_endpoint = [&](const base::Endpoint& endpoint) {
    return writer.endpoint(endpoint);
  };
  const auto name = writer.required(info.name.value());
  const auto cluster =
      writer.list<EndpointOffset>(info.cluster_addresses, write_endpoint);
  const auto service =
      writer.list<EndpointOffset>(info.service_addresses, write_endpoint);
  const auto roles = write_texts(writer, info.roles);
  const auto zone = writer.optional(info.zone);
  const auto handling = writer.optional(info.partition_handling);
  wire::PeerInfoBuilder table(writer.builder());
  table.add_name(name);
  table.add_generation(info.generation);
  table.add_version(info.version);
  table.add_incarnation(info.incarnation.value());
  table.add_cluster_addresses(cluster);
  table.add_service_addresses(service);
  table.add_roles(roles);
  table.add_zone(zone);
  table.add_status(to_wire(info.status));
  table.add_up_number(info.up_number);
  table.add_partition_handling(handling);
  return table.Finish();
}

model::PeerInfo read_peer(const wire::PeerInfo* in, Reader& reader,
                          std::string_view field) {
  model::PeerInfo out;
  if (in == nullptr) {
    reader.fail(base::ErrorCode::kMalformed, field, "is missing");
    return out;
  }
  out.name = reader.name<model::PeerName>(in->name(), "peer.name");
  out.generation = in->generation();
  out.version = in->version();
  out.incarnation = model::Incarnation(in->incarnation());
  out.cluster_addresses =
      read_endpoints(in->cluster_addresses(), reader, "peer.cluster_addresses");
  out.service_addresses =
      read_endpoints(in->service_addresses(), reader, "peer.service_addresses");
  out.roles = read_texts(in->roles(), reader, "peer.roles");
  out.zone = reader.optional(in->zone(), "peer.zone");
  out.status =
      reader.choice(in->status(), model::PeerStatus::kLeaving, "peer.status");
  out.up_number = in->up_number();
  out.partition_handling =
      reader.optional(in->partition_handling(), "peer.partition_handling");
  return out;
}

std::string encode(const model::PeerHeartbeat& message) {
  Writer writer;
  const auto sender = write_peer(writer, message.sender);
  const auto reason = writer.optional(message.state_reason);
  const auto members = writer.list<flatbuffers::Offset<wire::PeerReport>>(
      message.members, [&](const model::PeerReport& report) {
        const auto info = write_peer(writer, report.info);
        return wire::CreatePeerReport(
            writer.builder(), info, report.down_through, to_wire(report.reach));
      });
  const auto verdicts = writer.list<flatbuffers::Offset<wire::PeerVerdict>>(
      message.verdicts, [&](const model::PeerVerdict& verdict) {
        const auto name = writer.required(verdict.name.value());
        return wire::CreatePeerVerdict(writer.builder(), name,
                                       verdict.forgotten, verdict.stamp);
      });
  const auto membership = to_wire(message.membership);
  const auto holdings = to_wire(message.holdings);
  wire::PeerHeartbeatBuilder table(writer.builder());
  table.add_sender(sender);
  table.add_sender_down_through(message.sender_down_through);
  table.add_state(to_wire(message.state));
  table.add_state_reason(reason);
  table.add_client_connections(message.client_connections);
  table.add_members(members);
  table.add_verdicts(verdicts);
  table.add_membership(&membership);
  table.add_holdings(&holdings);
  table.add_sent_at_ms(message.sent_at_ms);
  table.add_restarts(message.restarts);
  return writer.finish(table.Finish());
}

template <>
base::Result<model::PeerHeartbeat> decode(Bytes payload,
                                          const DecodeLimits& limits) {
  return decode_as<model::PeerHeartbeat, wire::PeerHeartbeat>(
      "peer heartbeat", payload, limits,
      [](const wire::PeerHeartbeat& in, Reader& reader) {
        model::PeerHeartbeat out;
        out.sender = read_peer(in.sender(), reader, "sender");
        out.sender_down_through = in.sender_down_through();
        out.state = reader.state(in.state());
        out.state_reason = reader.optional(in.state_reason(), "state_reason");
        out.client_connections = in.client_connections();
        out.members = reader.list<model::PeerReport>(
            in.members(), "members", [&](const wire::PeerReport& report) {
              return model::PeerReport{
                  read_peer(report.info(), reader, "members.info"),
                  report.down_through(),
                  reader.choice(report.reach(), model::PeerReach::kUnreachable,
                                "members.reach")};
            });
        out.verdicts = reader.list<model::PeerVerdict>(
            in.verdicts(), "verdicts", [&](const wire::PeerVerdict& verdict) {
              return model::PeerVerdict{
                  reader.name<model::PeerName>(verdict.name(), "verdicts.name"),
                  verdict.forgotten(), verdict.stamp()};
            });
        out.membership = from_wire(in.membership());
        out.holdings = set_digest(in.holdings());
        out.sent_at_ms = in.sent_at_ms();
        out.restarts = in.restarts();
        return out;
      });
}

std::string encode(const model::PeerProbe& message) {
  Writer writer;
  const auto suspect = writer.required(message.suspect.value());
  return writer.finish(wire::CreatePeerProbe(writer.builder(), suspect,
                                             message.suspect_generation,
                                             message.asked_generation));
}

template <>
base::Result<model::PeerProbe> decode(Bytes payload,
                                      const DecodeLimits& limits) {
  return decode_as<model::PeerProbe, wire::PeerProbe>(
      "peer probe", payload, limits,
      [](const wire::PeerProbe& in, Reader& reader) {
        return model::PeerProbe{
            reader.name<model::PeerName>(in.suspect(), "suspect"),
            in.suspect_generation(), in.asked_generation()};
      });
}

std::string encode(const model::PeerProbeReply& message) {
  Writer writer;
  return writer.finish(
      wire::CreatePeerProbeReply(writer.builder(), message.reaches));
}

template <>
base::Result<model::PeerProbeReply> decode(Bytes payload,
                                           const DecodeLimits& limits) {
  return decode_as<model::PeerProbeReply, wire::PeerProbeReply>(
      "peer probe reply", payload, limits,
      [](const wire::PeerProbeReply& in, Reader&) {
        return model::PeerProbeReply{in.reaches()};
      });
}

std::string encode(const model::PeerAuth& message) {
  Writer writer;
  const auto name = writer.required(message.name.value());
  const auto nonce = writer.bytes(message.nonce);
  const auto proof = writer.bytes(message.proof);
  return writer.finish(
      wire::CreatePeerAuth(writer.builder(), name, nonce, proof));
}

template <>
base::Result<model::PeerAuth> decode(Bytes payload,
                                     const DecodeLimits& limits) {
  return decode_as<model::PeerAuth, wire::PeerAuth>(
      "peer auth", payload, limits,
      [](const wire::PeerAuth& in, Reader& reader) {
        return model::PeerAuth{reader.name<model::PeerName>(in.name(), "name"),
                               reader.bytes(in.nonce(), "nonce"),
                               reader.bytes(in.proof(), "proof")};
      });
}

std::string encode(const model::HealMessage& message) {
  Writer writer;
  const auto winner = writer.optional(message.winner.value());
  const auto losers = write_names(writer, message.losers);
  return writer.finish(wire::CreateHealMessage(
      writer.builder(), to_wire(message.kind), winner, losers));
}

template <>
base::Result<model::HealMessage> decode(Bytes payload,
                                        const DecodeLimits& limits) {
  return decode_as<model::HealMessage, wire::HealMessage>(
      "heal message", payload, limits,
      [](const wire::HealMessage& in, Reader& reader) {
        return model::HealMessage{
            reader.choice(in.kind(), model::HealKind::kDisconnecting, "kind"),
            model::PeerName(reader.optional(in.winner(), "winner")),
            read_names(in.losers(), reader, "losers")};
      });
}

std::string encode(const model::HealStatusReply& message) {
  Writer writer;
  const auto separated = write_names(writer, message.separated);
  const auto reachable = write_names(writer, message.reachable);
  return writer.finish(
      wire::CreateHealStatusReply(writer.builder(), separated, reachable,
                                  message.client_connections, message.serving));
}

template <>
base::Result<model::HealStatusReply> decode(Bytes payload,
                                            const DecodeLimits& limits) {
  return decode_as<model::HealStatusReply, wire::HealStatusReply>(
      "heal status", payload, limits,
      [](const wire::HealStatusReply& in, Reader& reader) {
        return model::HealStatusReply{
            read_names(in.separated(), reader, "separated"),
            read_names(in.reachable(), reader, "reachable"),
            in.client_connections(), in.serving()};
      });
}

}  // namespace waypost::codec
