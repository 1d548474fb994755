// What the native protocol's bytes cost.
//
//   ScanFrame               find one frame at the front of the input
//   VisitRouteQuery/n       verify and walk a query for n topics (the hot path
//                           of a nameserver: no copy)
//   EncodeRoute, DecodeRoute        a route with 4 brokers
//   DecodeRouteQueryEnd             the frame that ends each query's answer
//   EncodeRegistration/n, DecodeRegistration/n   n topics, in full
//   DigestTopics/n                  what an agent tells in each heartbeat
//
// codec_benchmark [--benchmark_filter=REGEX]; the times are of one operation.

#include <cstdint>
#include <span>
#include <string>

#include <benchmark/benchmark.h>

#include "wire/codec/frame.h"
#include "wire/codec/native.h"
#include "wire/model/operations.h"

namespace waypost::codec {
namespace {

Bytes bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

model::TopicName topic_name(std::int64_t number) {
  return model::TopicName("bench-topic-" + std::to_string(100'000 + number));
}

model::VersionedRoute route_with_brokers(int count) {
  model::Route route;
  route.topic = topic_name(0);
  for (int i = 0; i < count; ++i) {
    model::RouteGroup group;
    group.cluster = model::ClusterName("bench");
    group.broker_name = model::BrokerName("bench-broker-" + std::to_string(i));
    group.queues.read_queues = 8;
    group.queues.write_queues = 8;
    group.replicas = {{model::kMasterId,
                       {"10.0.0." + std::to_string(i + 1), 10911},
                       model::BrokerHealth::kHealthy,
                       "zone-a"}};
    route.groups.push_back(group);
  }
  return {route, model::digest_route(route)};
}

model::RegisterRequest registration_of(std::int64_t topics) {
  model::RegisterRequest request;
  request.cluster = model::ClusterName("bench");
  request.broker = {model::BrokerName("bench-broker-0"), model::kMasterId};
  request.address = {"10.0.0.1", 10911};
  request.epoch = model::Epoch(1);
  for (std::int64_t i = 0; i < topics; ++i) {
    model::TopicConfig topic;
    topic.name = topic_name(i);
    topic.queues.read_queues = 8;
    topic.queues.write_queues = 8;
    request.topics.push_back(topic);
  }
  request.topics_digest = model::digest_topics(request.topics);
  return request;
}

std::string encoded_query(std::int64_t topics) {
  model::RouteQueryRequest query;
  for (std::int64_t i = 0; i < topics; ++i) {
    query.topics.push_back({topic_name(i), {1, 2}});
  }
  return encode(query);
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(bytes));
}

void ScanFrame(benchmark::State& state) {
  const FrameBytes frame =
      make_frame(FrameKind::kQueryRoutes, 0, 7, encoded_query(1));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        scan_frame(bytes_of(frame), kPayloadMaxBytesDefault));
  }
}
BENCHMARK(ScanFrame);

void VisitRouteQuery(benchmark::State& state) {
  class Visitor : public RouteQueryVisitor {
   public:
    void visit(std::string_view topic, const model::Digest& known) override {
      seen += topic.size() + known.low;
    }
    std::size_t seen = 0;
  };
  const std::string payload = encoded_query(state.range(0));
  Visitor visitor;
  for (auto _ : state) {
    if (!visit_route_query(bytes_of(payload), visitor)) {
      return state.SkipWithError("the query is not understood");
    }
  }
  benchmark::DoNotOptimize(visitor.seen);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(VisitRouteQuery)->Arg(1)->Arg(100);

void EncodeRoute(benchmark::State& state) {
  const model::VersionedRoute route = route_with_brokers(4);
  for (auto _ : state) benchmark::DoNotOptimize(encode(route));
  count_bytes(state, encode(route).size());
}
BENCHMARK(EncodeRoute);

void DecodeRoute(benchmark::State& state) {
  const std::string payload = encode(route_with_brokers(4));
  for (auto _ : state) {
    auto route = decode<model::VersionedRoute>(bytes_of(payload));
    if (!route) return state.SkipWithError("the route is not understood");
    benchmark::DoNotOptimize(route);
  }
  count_bytes(state, payload.size());
}
BENCHMARK(DecodeRoute);

void DecodeRouteQueryEnd(benchmark::State& state) {
  model::RouteQueryEnd end;
  end.incarnation = model::Incarnation(7);
  const std::string payload = encode(end);
  for (auto _ : state) {
    auto decoded = decode<model::RouteQueryEnd>(bytes_of(payload));
    if (!decoded) return state.SkipWithError("the end is not understood");
    benchmark::DoNotOptimize(decoded);
  }
}
BENCHMARK(DecodeRouteQueryEnd);

void EncodeRegistration(benchmark::State& state) {
  const model::RegisterRequest request = registration_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(encode(request));
  count_bytes(state, encode(request).size());
}
BENCHMARK(EncodeRegistration)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void DecodeRegistration(benchmark::State& state) {
  const std::string payload = encode(registration_of(state.range(0)));
  for (auto _ : state) {
    auto request = decode<model::RegisterRequest>(bytes_of(payload));
    if (!request)
      return state.SkipWithError("the registration is not understood");
    benchmark::DoNotOptimize(request);
  }
  count_bytes(state, payload.size());
}
BENCHMARK(DecodeRegistration)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void DigestTopics(benchmark::State& state) {
  const model::RegisterRequest request = registration_of(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(model::digest_topics(request.topics));
  }
}
BENCHMARK(DigestTopics)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace waypost::codec

BENCHMARK_MAIN();
