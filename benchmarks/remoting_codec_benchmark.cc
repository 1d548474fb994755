// What the bytes of RocketMQ's remoting protocol cost.
//
//   ScanFrame                     find one frame at the front of the input
//   ScanRouteQuery/s              read a route query in place (the hot path)
//   DecodeHeader/s                the same through the decoder for everything
//   WriteAnswerHead/s             the part of an answer that is made each time
//                                 (s: 0 JSON, 1 binary)
//   EncodeRoute/d                 a route with 4 brokers (d: 0 fastjson's
//                                 dialect, 1 standard)
//   DecodeRegistrationHeader      a broker's, as 4.9.8 writes it
//   DecodeRegistration/n          n topics, JSON
//   InflateRegistration/n         n topics, deflated
//   BodyCrc/n                     the check sum over the JSON of n topics
//
// remoting_codec_benchmark [--benchmark_filter=REGEX]; the times are of one
// operation.

#include <cstdint>
#include <span>
#include <string>

#include <benchmark/benchmark.h>

#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/command.h"
#include "wire/codec/remoting/register_body.h"
#include "wire/codec/remoting/route_query.h"

namespace waypost::remoting {
namespace {

std::string topic_name(std::int64_t number) {
  return "bench-topic-" + std::to_string(100'000 + number);
}

std::string query_frame(Serialization serialization) {
  Command query;
  query.serialization = serialization;
  query.code = request_code::kGetRouteInfoByTopic;
  query.opaque = 123'456;
  query.set_ext_field("topic", topic_name(0));
  return encode_frame(query);
}

FrameScan scan(const std::string& bytes) {
  return scan_frame(std::as_bytes(std::span(bytes)), kFrameMaxBytesDefault);
}

Serialization serialization_of(const benchmark::State& state) {
  return state.range(0) == 0 ? Serialization::kJson : Serialization::kBinary;
}

RegisterBody registration_of(std::int64_t topics) {
  RegisterBody body;
  body.data_version = model::DataVersion{0, 1'700'000'000'000, 1};
  for (std::int64_t i = 0; i < topics; ++i) {
    body.topics.push_back(
        {model::TopicName(topic_name(i)), {8, 8, model::Permission{}, 0}});
  }
  return body;
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(bytes));
}

void ScanFrame(benchmark::State& state) {
  const std::string bytes = query_frame(Serialization::kJson);
  for (auto _ : state) benchmark::DoNotOptimize(scan(bytes));
}
BENCHMARK(ScanFrame);

void ScanRouteQuery(benchmark::State& state) {
  const std::string bytes = query_frame(serialization_of(state));
  const FrameView frame = scan(bytes).frame;
  for (auto _ : state) {
    auto query = scan_route_query(frame);
    if (!query) return state.SkipWithError("the query is not understood");
    benchmark::DoNotOptimize(query);
  }
}
BENCHMARK(ScanRouteQuery)->Arg(0)->Arg(1);

void DecodeHeader(benchmark::State& state) {
  const std::string bytes = query_frame(serialization_of(state));
  const FrameView frame = scan(bytes).frame;
  for (auto _ : state) {
    auto command = decode_header(frame);
    if (!command) return state.SkipWithError("the header is not understood");
    benchmark::DoNotOptimize(command);
  }
}
BENCHMARK(DecodeHeader)->Arg(0)->Arg(1);

void WriteAnswerHead(benchmark::State& state) {
  const Serialization serialization = serialization_of(state);
  std::int32_t opaque = 123'456;
  for (auto _ : state) {
    const AnswerHead head(serialization, ++opaque, 500);
    benchmark::DoNotOptimize(head);
  }
}
BENCHMARK(WriteAnswerHead)->Arg(0)->Arg(1);

void EncodeRoute(benchmark::State& state) {
  const auto dialect =
      state.range(0) == 0 ? JsonDialect::kFastjson : JsonDialect::kStandard;
  TopicRouteData route;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "bench-broker-" + std::to_string(i);
    route.brokers.push_back(
        {"bench",
         name,
         {{0, "10.0.0." + std::to_string(i + 1) + ":10911"}},
         "",
         false});
    route.queues.push_back({name, 8, 8, 6, 0});
  }
  for (auto _ : state) benchmark::DoNotOptimize(encode(route, dialect));
  count_bytes(state, encode(route, dialect).size());
}
BENCHMARK(EncodeRoute)->Arg(0)->Arg(1);

void DecodeRegistrationHeader(benchmark::State& state) {
  Command command;
  command.code = request_code::kRegisterBroker;
  for (const auto& [name, value] : {std::pair("brokerId", "0"),
                                    {"bodyCrc32", "1251795644"},
                                    {"clusterName", "bench"},
                                    {"brokerAddr", "10.0.0.1:10911"},
                                    {"haServerAddr", "10.0.0.1:10912"},
                                    {"compressed", "false"},
                                    {"brokerName", "bench-broker-0"}}) {
    command.set_ext_field(name, value);
  }
  const std::string bytes = encode_frame(command);
  const FrameView frame = scan(bytes).frame;
  for (auto _ : state) {
    auto decoded = decode_header(frame);
    if (!decoded) return state.SkipWithError("the header is not understood");
    benchmark::DoNotOptimize(decoded);
  }
}
BENCHMARK(DecodeRegistrationHeader);

void decode_registrations(benchmark::State& state, const std::string& body) {
  for (auto _ : state) {
    auto registration = decode_register_body(body, {});
    if (!registration) return state.SkipWithError("the body is wrong");
    benchmark::DoNotOptimize(registration);
  }
  count_bytes(state, body.size());
}

void DecodeRegistration(benchmark::State& state) {
  decode_registrations(state,
                       encode_register_body(registration_of(state.range(0))));
}
BENCHMARK(DecodeRegistration)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void InflateRegistration(benchmark::State& state) {
  decode_registrations(
      state, encode_register_body_deflated(registration_of(state.range(0))));
}
BENCHMARK(InflateRegistration)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void BodyCrc(benchmark::State& state) {
  const std::string body =
      encode_register_body(registration_of(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(body_crc(body));
  count_bytes(state, body.size());
}
BENCHMARK(BodyCrc)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace waypost::remoting

BENCHMARK_MAIN();
