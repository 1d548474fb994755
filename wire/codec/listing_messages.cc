// Paged listings and the view of a whole nameserver.

#include "wire/codec/native.h"
#include "wire/codec/payload.h"
#include "wire/codec/peer_payload.h"

namespace waypost::codec {
namespace {

using BrokerOffset = flatbuffers::Offset<wire::BrokerListing>;
using TopicOffset = flatbuffers::Offset<wire::TopicListing>;

BrokerOffset write_broker(Writer& writer, const model::BrokerListing& listing) {
  const auto cluster = writer.required(listing.cluster.value());
  const auto broker = writer.broker(listing.broker);
  const auto address = writer.endpoint(listing.address);
  const auto zone = writer.optional(listing.zone);
  const auto reason = writer.optional(listing.health_reason);
  return wire::CreateBrokerListing(
      writer.builder(), cluster, broker, address, zone, to_wire(listing.health),
      reason, listing.epoch.value(), listing.topic_count,
      to_us(listing.silent_for), to_us(listing.expiry), listing.indirect);
}

model::BrokerListing read_broker(const wire::BrokerListing& in,
                                 Reader& reader) {
  model::BrokerListing out;
  out.cluster =
      reader.name<model::ClusterName>(in.cluster(), "brokers.cluster");
  out.broker = reader.broker(in.broker(), "brokers.broker");
  out.address = reader.endpoint(in.address(), "brokers.address");
  out.zone = reader.optional(in.zone(), "brokers.zone");
  out.health = reader.choice(in.health(), model::BrokerHealth::kUnhealthy,
                             "brokers.health");
  out.health_reason =
      reader.optional(in.health_reason(), "brokers.health_reason");
  out.epoch = model::Epoch(in.epoch());
  out.topic_count = in.topic_count();
  out.silent_for = reader.duration(in.silent_for_us(), "brokers.silent_for_us");
  out.expiry = reader.duration(in.expiry_us(), "brokers.expiry_us");
  out.indirect = in.indirect();
  return out;
}

}  // namespace

std::string encode(const model::PageRequest& message) {
  Writer writer;
  const auto prefix = writer.optional(message.prefix);
  const auto after = writer.optional(message.after);
  return writer.finish(
      wire::CreatePageRequest(writer.builder(), prefix, after, message.limit));
}

template <>
base::Result<model::PageRequest> decode(Bytes payload,
                                        const DecodeLimits& limits) {
  return decode_as<model::PageRequest, wire::PageRequest>(
      "page request", payload, limits,
      [](const wire::PageRequest& in, Reader& reader) {
        return model::PageRequest{reader.optional(in.prefix(), "prefix"),
                                  reader.optional(in.after(), "after"),
                                  in.limit()};
      });
}

std::string encode(const model::BrokerPage& message) {
  Writer writer;
  const auto brokers = writer.list<BrokerOffset>(
      message.brokers, [&](const model::BrokerListing& listing) {
        return write_broker(writer, listing);
      });
  const auto next = writer.optional(message.next);
  return writer.finish(wire::CreateBrokerPage(writer.builder(), brokers, next));
}

template <>
base::Result<model::BrokerPage> decode(Bytes payload,
                                       const DecodeLimits& limits) {
  return decode_as<model::BrokerPage, wire::BrokerPage>(
      "broker page", payload, limits,
      [](const wire::BrokerPage& in, Reader& reader) {
        model::BrokerPage out;
        out.brokers = reader.list<model::BrokerListing>(
            in.brokers(), "brokers", [&](const wire::BrokerListing& listing) {
              return read_broker(listing, reader);
            });
        out.next = reader.optional(in.next(), "next");
        return out;
      });
}

std::string encode(const model::TopicPage& message) {
  Writer writer;
  const auto topics = writer.list<TopicOffset>(
      message.topics, [&](const model::TopicListing& listing) {
        const auto topic = writer.required(listing.topic.value());
        return wire::CreateTopicListing(
            writer.builder(), topic, listing.group_count, listing.read_queues,
            listing.write_queues);
      });
  const auto next = writer.optional(message.next);
  return writer.finish(wire::CreateTopicPage(writer.builder(), topics, next));
}

template <>
base::Result<model::TopicPage> decode(Bytes payload,
                                      const DecodeLimits& limits) {
  return decode_as<model::TopicPage, wire::TopicPage>(
      "topic page", payload, limits,
      [](const wire::TopicPage& in, Reader& reader) {
        model::TopicPage out;
        out.topics = reader.list<model::TopicListing>(
            in.topics(), "topics", [&](const wire::TopicListing& listing) {
              return model::TopicListing{reader.name<model::TopicName>(
                                             listing.topic(), "topics.topic"),
                                         listing.group_count(),
                                         listing.read_queues(),
                                         listing.write_queues()};
            });
        out.next = reader.optional(in.next(), "next");
        return out;
      });
}

namespace {

flatbuffers::Offset<wire::NameserverAddresses> write_addresses(
    Writer& writer, const model::NameserverAddresses& of) {
  const auto endpoints = [&](const std::vector<base::Endpoint>& list) {
    return writer.list<flatbuffers::Offset<wire::Endpoint>>(
        list,
        [&](const base::Endpoint& each) { return writer.endpoint(each); });
  };
  const auto name = writer.required(of.name);
  const auto service = endpoints(of.service_addresses);
  const auto cluster = endpoints(of.cluster_addresses);
  return wire::CreateNameserverAddresses(writer.builder(), name, service,
                                         cluster);
}

model::NameserverAddresses read_addresses(const wire::NameserverAddresses& in,
                                          Reader& reader) {
  return {reader.required(in.name(), "nameservers.name"),
          read_endpoints(in.service_addresses(), reader,
                         "nameservers.service_addresses"),
          read_endpoints(in.cluster_addresses(), reader,
                         "nameservers.cluster_addresses")};
}

}  // namespace

std::string encode(const model::ClusterView& message) {
  Writer writer;
  const auto nameservers =
      writer.list<flatbuffers::Offset<wire::NameserverAddresses>>(
          message.nameservers, [&](const model::NameserverAddresses& each) {
            return write_addresses(writer, each);
          });
  const auto name = writer.optional(message.server_name);
  const auto version = writer.optional(message.server_version);
  const auto reason = writer.optional(message.state_reason);

  wire::ClusterViewBuilder table(writer.builder());
  table.add_server_name(name);
  table.add_server_version(version);
  table.add_incarnation(message.incarnation.value());
  table.add_state(to_wire(message.state));
  table.add_state_reason(reason);
  table.add_uptime_us(to_us(message.uptime));
  table.add_clusters(message.clusters);
  table.add_brokers(message.brokers);
  table.add_topics(message.topics);
  table.add_suspects(message.suspects);
  table.add_unhealthy(message.unhealthy);
  table.add_table_version(message.table_version);
  if (message.brake_releases_in) {
    table.add_brake_releases_in_us(to_us(*message.brake_releases_in));
  }
  table.add_nameservers(nameservers);
  return writer.finish(table.Finish());
}

template <>
base::Result<model::ClusterView> decode(Bytes payload,
                                        const DecodeLimits& limits) {
  return decode_as<model::ClusterView, wire::ClusterView>(
      "cluster view", payload, limits,
      [](const wire::ClusterView& in, Reader& reader) {
        model::ClusterView out;
        out.server_name = reader.optional(in.server_name(), "server_name");
        out.server_version =
            reader.optional(in.server_version(), "server_version");
        out.incarnation = model::Incarnation(in.incarnation());
        out.state = reader.state(in.state());
        out.state_reason = reader.optional(in.state_reason(), "state_reason");
        out.uptime = reader.duration(in.uptime_us(), "uptime_us");
        out.clusters = in.clusters();
        out.brokers = in.brokers();
        out.topics = in.topics();
        out.suspects = in.suspects();
        out.unhealthy = in.unhealthy();
        out.table_version = in.table_version();
        if (const auto brake = in.brake_releases_in_us(); brake.has_value()) {
          out.brake_releases_in =
              reader.duration(*brake, "brake_releases_in_us");
        }
        out.nameservers = reader.list<model::NameserverAddresses>(
            in.nameservers(), "nameservers",
            [&](const wire::NameserverAddresses& each) {
              return read_addresses(each, reader);
            });
        return out;
      });
}

}  // namespace waypost::codec
