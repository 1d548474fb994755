// What operators ask a nameserver about its peers.

#include <chrono>

#include "wire/codec/peer.h"
#include "wire/codec/peer_payload.h"

namespace waypost::codec {
namespace {

std::int64_t to_unix_ms(base::WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch())
      .count();
}

flatbuffers::Offset<wire::MemberListing> write_member(
    Writer& writer, const model::MemberListing& member) {
  const auto info = write_peer(writer, member.info);
  const auto reason = writer.optional(member.state_reason);
  const auto reached_by = write_names(writer, member.reached_by);
  wire::MemberListingBuilder table(writer.builder());
  table.add_info(info);
  table.add_self(member.self);
  table.add_reach(to_wire(member.reach));
  table.add_down(member.down);
  table.add_forgotten(member.forgotten);
  table.add_state(to_wire(member.state));
  table.add_state_reason(reason);
  table.add_silent_for_us(to_us(member.silent_for));
  table.add_suspicion(member.suspicion);
  table.add_reached_by(reached_by);
  table.add_holdings(member.holdings);
  if (member.diverges_for) {
    table.add_diverges_for_us(to_us(*member.diverges_for));
  }
  return table.Finish();
}

model::MemberListing read_member(const wire::MemberListing& in,
                                 Reader& reader) {
  model::MemberListing out;
  out.info = read_peer(in.info(), reader, "members.info");
  out.self = in.self();
  out.reach = reader.choice(in.reach(), model::PeerReach::kUnreachable,
                            "members.reach");
  out.down = in.down();
  out.forgotten = in.forgotten();
  out.state = reader.state(in.state());
  out.state_reason = reader.optional(in.state_reason(), "members.state_reason");
  out.silent_for = reader.duration(in.silent_for_us(), "members.silent_for_us");
  out.suspicion = in.suspicion();
  out.reached_by = read_names(in.reached_by(), reader, "members.reached_by");
  out.holdings = in.holdings();
  if (const auto diverges = in.diverges_for_us(); diverges.has_value()) {
    out.diverges_for = reader.duration(*diverges, "members.diverges_for_us");
  }
  return out;
}

flatbuffers::Offset<wire::PartitionEntry> write_partition(
    Writer& writer, const model::PartitionEntry& entry) {
  const auto kind = writer.optional(entry.kind);
  const auto peers = write_names(writer, entry.peers);
  const auto seen_by = write_names(writer, entry.seen_by);
  const auto actions = write_texts(writer, entry.actions);
  wire::PartitionEntryBuilder table(writer.builder());
  table.add_id(entry.id);
  table.add_kind(kind);
  table.add_peers(peers);
  table.add_seen_by(seen_by);
  table.add_since_ms(to_unix_ms(entry.since));
  if (entry.until) table.add_until_ms(to_unix_ms(*entry.until));
  table.add_actions(actions);
  table.add_end_unknown(entry.end_unknown);
  return table.Finish();
}

model::PartitionEntry read_partition(const wire::PartitionEntry& in,
                                     Reader& reader) {
  model::PartitionEntry out;
  out.id = in.id();
  out.kind = reader.optional(in.kind(), "partitions.kind");
  out.peers = read_names(in.peers(), reader, "partitions.peers");
  out.seen_by = read_names(in.seen_by(), reader, "partitions.seen_by");
  out.since = reader.wall_time(in.since_ms(), "partitions.since_ms");
  if (const auto until = in.until_ms(); until.has_value()) {
    out.until = reader.wall_time(*until, "partitions.until_ms");
  }
  out.actions = read_texts(in.actions(), reader, "partitions.actions");
  out.end_unknown = in.end_unknown();
  return out;
}

}  // namespace

std::string encode(const model::ClusterMembers& message) {
  Writer writer;
  const auto members = writer.list<flatbuffers::Offset<wire::MemberListing>>(
      message.members, [&](const model::MemberListing& member) {
        return write_member(writer, member);
      });
  const auto unknown = writer.list<flatbuffers::Offset<wire::Endpoint>>(
      message.unknown, [&](const base::Endpoint& endpoint) {
        return writer.endpoint(endpoint);
      });
  const auto handling = writer.optional(message.partition_handling);
  TextOffset leader;
  if (message.leader) leader = writer.required(message.leader->value());
  const auto missing = write_names(writer, message.missing);
  const auto warnings = write_texts(writer, message.warnings);
  return writer.finish(wire::CreateClusterMembers(
      writer.builder(), members, unknown, handling, leader, message.ready,
      missing, message.netsplits_detected, message.netsplits_resolved,
      message.open_partitions, warnings));
}

template <>
base::Result<model::ClusterMembers> decode(Bytes payload,
                                           const DecodeLimits& limits) {
  return decode_as<model::ClusterMembers, wire::ClusterMembers>(
      "cluster members", payload, limits,
      [](const wire::ClusterMembers& in, Reader& reader) {
        model::ClusterMembers out;
        out.members = reader.list<model::MemberListing>(
            in.members(), "members", [&](const wire::MemberListing& member) {
              return read_member(member, reader);
            });
        out.unknown = read_endpoints(in.unknown(), reader, "unknown");
        out.partition_handling =
            reader.optional(in.partition_handling(), "partition_handling");
        if (in.leader() != nullptr) {
          out.leader = reader.name<model::PeerName>(in.leader(), "leader");
        }
        out.ready = in.ready();
        out.missing = read_names(in.missing(), reader, "missing");
        out.netsplits_detected = in.netsplits_detected();
        out.netsplits_resolved = in.netsplits_resolved();
        out.open_partitions = in.open_partitions();
        out.warnings = read_texts(in.warnings(), reader, "warnings");
        return out;
      });
}

std::string encode(const model::PartitionList& message) {
  Writer writer;
  const auto partitions =
      writer.list<flatbuffers::Offset<wire::PartitionEntry>>(
          message.partitions, [&](const model::PartitionEntry& entry) {
            return write_partition(writer, entry);
          });
  return writer.finish(wire::CreatePartitionList(writer.builder(), partitions));
}

template <>
base::Result<model::PartitionList> decode(Bytes payload,
                                          const DecodeLimits& limits) {
  return decode_as<model::PartitionList, wire::PartitionList>(
      "partition list", payload, limits,
      [](const wire::PartitionList& in, Reader& reader) {
        return model::PartitionList{reader.list<model::PartitionEntry>(
            in.partitions(), "partitions",
            [&](const wire::PartitionEntry& entry) {
              return read_partition(entry, reader);
            })};
      });
}

std::string encode(const model::ForgetPeerRequest& message) {
  Writer writer;
  const auto name = writer.required(message.name.value());
  return writer.finish(
      wire::CreateForgetPeerRequest(writer.builder(), name, message.forgotten));
}

template <>
base::Result<model::ForgetPeerRequest> decode(Bytes payload,
                                              const DecodeLimits& limits) {
  return decode_as<model::ForgetPeerRequest, wire::ForgetPeerRequest>(
      "forget-peer request", payload, limits,
      [](const wire::ForgetPeerRequest& in, Reader& reader) {
        return model::ForgetPeerRequest{
            reader.name<model::PeerName>(in.name(), "name"), in.forgotten()};
      });
}

}  // namespace waypost::codec
