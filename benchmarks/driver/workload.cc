#include "benchmarks/driver/workload.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "benchmarks/driver/native_client.h"
#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::bench {
namespace {

constexpr base::Duration kCallDeadline = std::chrono::seconds(20);

using Requests = std::vector<std::string>;

struct Request {
  codec::FrameKind kind;
  std::string payload;
};

model::RouteQueryRequest query_from(std::size_t first, std::size_t count,
                                    std::size_t topics) {
  model::RouteQueryRequest query;
  for (std::size_t i = 0; i < count; ++i) {
    query.topics.push_back({bench_topic((first + i) % topics), {}});
  }
  return query;
}

// The first request of each connection's own list; route queries share one.
std::vector<Request> route_requests(const WorkloadSpec& spec,
                                    const TableSpec& table) {
  const std::size_t per_query =
      std::clamp<std::size_t>(spec.topics_per_query, 1, table.topics);
  std::vector<Request> requests;
  for (std::size_t first = 0; first < table.topics; first += per_query) {
    requests.push_back(
        {codec::FrameKind::kQueryRoutes,
         codec::encode(query_from(first, per_query, table.topics))});
  }
  return requests;
}

Request register_request(std::size_t connection, const TableSpec& table) {
  return {codec::FrameKind::kRegister,
          codec::encode(bench_registration(
              "bench-registrar-" + std::to_string(connection), table.topics))};
}

std::string frame_of(const Request& request) {
  return codec::make_frame(request.kind, 0, 0, request.payload);
}

// The frames of an answer, one after another.
base::Result<std::vector<codec::FrameView>> split(const std::string& answer) {
  std::vector<codec::FrameView> frames;
  std::span<const std::byte> bytes = std::as_bytes(std::span(answer));
  while (!bytes.empty()) {
    const codec::FrameScan scan =
        codec::scan_frame(bytes, codec::kPayloadMaxBytesDefault);
    if (scan.outcome != codec::FrameScan::Outcome::kFrame) {
      return base::fail(base::ErrorCode::kMalformed, "not a whole frame");
    }
    frames.push_back(scan.frame);
    bytes = bytes.subspan(scan.consumed);
  }
  return frames;
}

base::Status check_routes(const std::string& answer, std::size_t topics,
                          std::size_t brokers) {
  const auto frames = split(answer);
  if (!frames) return tl::unexpected(frames.error());
  const auto wrong = [](const std::string& what) {
    return base::fail(
        base::ErrorCode::kConflict,
        "the nameserver's answer is not what was prepared: " + what);
  };
  if (frames->size() != topics + 1) {
    return wrong(std::to_string(frames->size()) + " frames for " +
                 std::to_string(topics) + " topics");
  }
  for (std::size_t i = 0; i < topics; ++i) {
    const auto route =
        codec::decode<model::VersionedRoute>((*frames)[i].payload);
    if (!route) return tl::unexpected(route.error());
    if (route->route.groups.size() != brokers) {
      return wrong(std::to_string(route->route.groups.size()) + " brokers of " +
                   std::to_string(brokers));
    }
  }
  const auto end = codec::decode<model::RouteQueryEnd>(frames->back().payload);
  if (!end) return tl::unexpected(end.error());
  if (!end->errors.empty()) return wrong(end->errors[0].error.to_string());
  return {};
}

void share_requests(const WorkloadSpec& spec, const std::vector<Request>& list,
                    Workload& workload) {
  auto frames = std::make_shared<Requests>();
  for (const Request& request : list) frames->push_back(frame_of(request));
  for (std::size_t i = 0; i < spec.connections; ++i) {
    workload.connections.push_back(
        {opening_bytes(), frames, i * frames->size() / spec.connections});
  }
}

}  // namespace

base::Result<Workload> make_workload(const WorkloadSpec& spec,
                                     const TableSpec& table,
                                     const base::Endpoint& target) {
  if (spec.format != WireFormat::kNative) {
    return make_remoting_workload(spec, table, target);
  }
  auto client = NativeClient::connect(target, kCallDeadline);
  if (!client) return tl::unexpected(client.error());
  Workload workload;
  std::vector<Request> list;
  switch (spec.kind) {
    case WorkloadKind::kRoute:
      list = route_requests(spec, table);
      share_requests(spec, list, workload);
      break;
    case WorkloadKind::kPing:
      list = {{codec::FrameKind::kPing, ""}};
      share_requests(spec, list, workload);
      break;
    case WorkloadKind::kRegister:
      list = {register_request(spec.connections, table)};
      for (std::size_t i = 0; i < spec.connections; ++i) {
        workload.connections.push_back(
            {opening_bytes(),
             std::make_shared<Requests>(
                 Requests{frame_of(register_request(i, table))}),
             0});
      }
      break;
  }
  auto answer = (*client)->call(list[0].kind, list[0].payload);
  // Once more: a first registration is not an unchanged one.
  if (answer) answer = (*client)->call(list[0].kind, list[0].payload);
  if (!answer) return tl::unexpected(answer.error());
  if (spec.kind == WorkloadKind::kRoute) {
    const base::Status right = check_routes(
        *answer,
        std::clamp<std::size_t>(spec.topics_per_query, 1, table.topics),
        table.brokers);
    if (!right) return tl::unexpected(right.error());
  }
  workload.sample_answer = std::move(*answer);
  workload.request_bytes = codec::kFrameHeaderBytes + list[0].payload.size();
  return workload;
}

}  // namespace waypost::bench
