// Workloads in RocketMQ's remoting protocol.

#include <span>

#include "benchmarks/driver/remoting_client.h"
#include "benchmarks/driver/remoting_requests.h"
#include "benchmarks/driver/workload.h"
#include "wire/codec/remoting/bodies.h"

namespace waypost::bench {
namespace {

constexpr base::Duration kCallDeadline = std::chrono::seconds(10);

using Requests = std::vector<std::string>;

remoting::Serialization serialization_of(WireFormat format) {
  return format == WireFormat::kRemoting ? remoting::Serialization::kJson
                                         : remoting::Serialization::kBinary;
}

std::string register_frame(const WorkloadSpec& spec, std::size_t connection,
                           const std::string& body) {
  return remoting::encode_frame(
      registration_command(serialization_of(spec.format),
                           numbered("bench-registrar-", connection), connection,
                           body),
      body);
}

void add_connection(const WorkloadSpec& spec,
                    std::shared_ptr<const Requests> requests, std::size_t first,
                    Workload& workload) {
  const std::size_t id_offset =
      find_request_id(spec.format, requests->front()).value();
  workload.connections.push_back(
      {"", std::move(requests), first, spec.format, id_offset});
}

// One query for each topic; all connections share them.
void add_queries(const WorkloadSpec& spec, const TableSpec& table,
                 Workload& workload) {
  auto frames = std::make_shared<Requests>();
  for (std::size_t i = 0; i < table.topics; ++i) {
    frames->push_back(remoting::encode_frame(route_query_command(
        serialization_of(spec.format), bench_topic(i).value())));
  }
  for (std::size_t i = 0; i < spec.connections; ++i) {
    add_connection(spec, frames, i * frames->size() / spec.connections,
                   workload);
  }
}

base::Status check_route(const std::string& answer, std::size_t brokers) {
  const auto scan =
      remoting::scan_frame(std::as_bytes(std::span(answer)), answer.size());
  const auto route = remoting::decode_route(scan.frame.body);
  if (!route) return tl::unexpected(route.error());
  if (route->brokers.size() == brokers && route->queues.size() == brokers) {
    return {};
  }
  return base::fail(base::ErrorCode::kConflict,
                    "the nameserver's answer is not what was prepared: " +
                        std::to_string(route->brokers.size()) + " brokers of " +
                        std::to_string(brokers));
}

}  // namespace

base::Result<Workload> make_remoting_workload(const WorkloadSpec& spec,
                                              const TableSpec& table,
                                              const base::Endpoint& target) {
  if (spec.kind == WorkloadKind::kPing || spec.topics_per_query != 1) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "the remoting protocol has neither pings nor queries of "
                      "several topics",
                      "choose --wire native for them");
  }
  Workload workload;
  std::string sample_request;
  if (spec.kind == WorkloadKind::kRoute) {
    add_queries(spec, table, workload);
    sample_request = workload.connections[0].requests->front();
  } else {
    const std::string body = registration_body("bench-topic-", table.topics);
    for (std::size_t i = 0; i < spec.connections; ++i) {
      add_connection(
          spec,
          std::make_shared<Requests>(Requests{register_frame(spec, i, body)}),
          0, workload);
    }
    sample_request = register_frame(spec, spec.connections, body);
  }
  auto client = RemotingClient::connect(target, kCallDeadline);
  if (!client) return tl::unexpected(client.error());
  auto answer = (*client)->call(sample_request);
  // Once more: a first registration is not an unchanged one.
  if (answer) answer = (*client)->call(sample_request);
  if (!answer) return tl::unexpected(answer.error());
  if (spec.kind == WorkloadKind::kRoute) {
    const base::Status right = check_route(*answer, table.brokers);
    if (!right) return tl::unexpected(right.error());
  }
  workload.sample_answer = std::move(*answer);
  workload.request_bytes = sample_request.size();
  return workload;
}

}  // namespace waypost::bench
