// Route queries, routes and the end of an answer. The query's hot path, which
// copies nothing, is route_query.cc.

#include "wire/codec/native.h"
#include "wire/codec/payload.h"

namespace waypost::codec {
namespace {

using ItemOffset = flatbuffers::Offset<wire::RouteQueryItem>;
using ReplicaOffset = flatbuffers::Offset<wire::Replica>;
using GroupOffset = flatbuffers::Offset<wire::RouteGroup>;
using DepartureOffset = flatbuffers::Offset<wire::Departure>;
using TopicErrorOffset = flatbuffers::Offset<wire::TopicError>;

ItemOffset write_item(Writer& writer, const model::RouteQueryItem& item) {
  const auto topic = writer.required(item.topic.value());
  const auto known = to_wire(item.known);
  return wire::CreateRouteQueryItem(writer.builder(), topic,
                                    item.known.is_none() ? nullptr : &known);
}

ReplicaOffset write_replica(Writer& writer, const model::Replica& replica) {
  const auto address = writer.endpoint(replica.address);
  const auto zone = writer.optional(replica.zone);
  return wire::CreateReplica(writer.builder(), replica.id.value(), address,
                             to_wire(replica.health), zone);
}

GroupOffset write_group(Writer& writer, const model::RouteGroup& group) {
  const auto cluster = writer.required(group.cluster.value());
  const auto name = writer.required(group.broker_name.value());
  const auto replicas = writer.list<ReplicaOffset>(
      group.replicas, [&](const model::Replica& replica) {
        return write_replica(writer, replica);
      });
  return wire::CreateRouteGroup(
      writer.builder(), cluster, name, group.queues.read_queues,
      group.queues.write_queues, group.queues.permission.bits,
      group.queues.system_flag, replicas);
}

model::Replica read_replica(const wire::Replica& in, Reader& reader) {
  model::Replica out;
  out.id = reader.broker_id(in.id(), "replicas.id");
  out.address = reader.endpoint(in.address(), "replicas.address");
  out.health = reader.choice(in.health(), model::BrokerHealth::kUnhealthy,
                             "replicas.health");
  out.zone = reader.optional(in.zone(), "replicas.zone");
  return out;
}

model::RouteGroup read_group(const wire::RouteGroup& in, Reader& reader) {
  model::RouteGroup out;
  out.cluster = reader.name<model::ClusterName>(in.cluster(), "groups.cluster");
  out.broker_name =
      reader.name<model::BrokerName>(in.broker_name(), "groups.broker_name");
  out.queues = {
      in.read_queues(), in.write_queues(), {in.permission()}, in.system_flag()};
  out.replicas = reader.list<model::Replica>(
      in.replicas(), "groups.replicas", [&](const wire::Replica& replica) {
        return read_replica(replica, reader);
      });
  return out;
}

DepartureOffset write_departure(Writer& writer,
                                const model::Departure& departure) {
  const auto name = writer.required(departure.broker_name.value());
  const auto address = writer.endpoint(departure.address);
  const auto detail = writer.optional(departure.detail);
  return wire::CreateDeparture(writer.builder(), name, departure.id.value(),
                               address, to_wire(departure.reason), detail);
}

// A newer nameserver may have reasons that we have no name for.
model::DepartureReason reason_of(std::uint8_t value) {
  constexpr auto kLargest = model::DepartureReason::kGoneAtPeers;
  return value <= static_cast<std::uint8_t>(kLargest)
             ? model::DepartureReason{value}
             : model::DepartureReason::kNotTold;
}

model::Departure read_departure(const wire::Departure& in, Reader& reader) {
  model::Departure out;
  out.broker_name = reader.name<model::BrokerName>(in.broker_name(),
                                                   "departures.broker_name");
  out.id = reader.broker_id(in.id(), "departures.id");
  out.address = reader.endpoint(in.address(), "departures.address");
  out.reason = reason_of(in.reason());
  out.detail = reader.optional(in.detail(), "departures.detail");
  return out;
}

}  // namespace

std::string encode(const model::RouteQueryRequest& message) {
  Writer writer;
  const auto topics = writer.list<ItemOffset>(
      message.topics, [&](const model::RouteQueryItem& item) {
        return write_item(writer, item);
      });
  return writer.finish(wire::CreateRouteQueryRequest(writer.builder(), topics));
}

template <>
base::Result<model::RouteQueryRequest> decode(Bytes payload,
                                              const DecodeLimits& limits) {
  return decode_as<model::RouteQueryRequest, wire::RouteQueryRequest>(
      "route query", payload, limits,
      [](const wire::RouteQueryRequest& in, Reader& reader) {
        return model::RouteQueryRequest{reader.list<model::RouteQueryItem>(
            in.topics(), "topics", [&](const wire::RouteQueryItem& item) {
              return model::RouteQueryItem{
                  reader.name<model::TopicName>(item.topic(), "topics.topic"),
                  from_wire(item.known())};
            })};
      });
}

std::string encode(const model::VersionedRoute& message) {
  Writer writer;
  const auto topic = writer.required(message.route.topic.value());
  const auto groups = writer.list<GroupOffset>(
      message.route.groups, [&](const model::RouteGroup& group) {
        return write_group(writer, group);
      });
  const auto digest = to_wire(message.digest);
  const auto order = writer.optional(message.route.order);
  return writer.finish(
      wire::CreateRoute(writer.builder(), topic, groups,
                        message.digest.is_none() ? nullptr : &digest, order));
}

template <>
base::Result<model::VersionedRoute> decode(Bytes payload,
                                           const DecodeLimits& limits) {
  return decode_as<model::VersionedRoute, wire::Route>(
      "route", payload, limits, [](const wire::Route& in, Reader& reader) {
        model::VersionedRoute out;
        out.route.topic = reader.name<model::TopicName>(in.topic(), "topic");
        out.route.groups = reader.list<model::RouteGroup>(
            in.groups(), "groups", [&](const wire::RouteGroup& group) {
              return read_group(group, reader);
            });
        out.digest = from_wire(in.digest());
        out.route.order = reader.optional(in.order(), "order");
        return out;
      });
}

std::string encode(const model::RouteQueryEnd& message) {
  Writer writer;
  const auto errors = writer.list<TopicErrorOffset>(
      message.errors, [&](const model::TopicError& each) {
        const auto topic = writer.required(each.topic.value());
        const auto error = write_error(writer, each.error);
        return wire::CreateTopicError(writer.builder(), topic, error);
      });
  const auto departures = writer.list<DepartureOffset>(
      message.departures, [&](const model::Departure& each) {
        return write_departure(writer, each);
      });
  return writer.finish(wire::CreateRouteQueryEnd(
      writer.builder(), message.incarnation.value(), to_wire(message.state),
      message.unchanged, errors, departures));
}

template <>
base::Result<model::RouteQueryEnd> decode(Bytes payload,
                                          const DecodeLimits& limits) {
  return decode_as<model::RouteQueryEnd, wire::RouteQueryEnd>(
      "end of a route query", payload, limits,
      [](const wire::RouteQueryEnd& in, Reader& reader) {
        model::RouteQueryEnd out;
        out.incarnation = model::Incarnation(in.incarnation());
        out.state = reader.state(in.state());
        out.unchanged = in.unchanged();
        out.errors = reader.list<model::TopicError>(
            in.errors(), "errors", [&](const wire::TopicError& each) {
              return model::TopicError{
                  reader.name<model::TopicName>(each.topic(), "errors.topic"),
                  read_error(each.error(), reader, "errors.error")};
            });
        out.departures = reader.list<model::Departure>(
            in.departures(), "departures", [&](const wire::Departure& each) {
              return read_departure(each, reader);
            });
        return out;
      });
}

}  // namespace waypost::codec
