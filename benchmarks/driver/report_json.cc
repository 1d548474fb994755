#include <nlohmann/json.hpp>

#include "benchmarks/driver/report.h"

namespace waypost::bench {
namespace {

using Json = nlohmann::ordered_json;

Json latency_json(const Histogram& latency) {
  Json json;
  json["count"] = latency.count();
  json["min"] = latency.min();
  json["mean"] = latency.mean();
  json["max"] = latency.max();
  for (const auto& [name, percent] :
       {std::pair("p50", 50.0), std::pair("p90", 90.0), std::pair("p99", 99.0),
        std::pair("p99.9", 99.9), std::pair("p99.99", 99.99)}) {
    json[name] = latency.percentile(percent);
  }
  Json steps = Json::array();
  for (const Histogram::Step& step : latency.distribution()) {
    steps.push_back({step.percent, step.value, step.count_up_to});
  }
  json["distribution"] = std::move(steps);
  return json;
}

Json measurement_json(const Measurement& measurement) {
  const LoadResult& load = measurement.load;
  Json json;
  json["depth"] = measurement.depth;
  json["seconds"] = std::chrono::duration<double>(load.measured).count();
  json["answers"] = load.answers;
  json["answers_per_second"] = load.answers_per_second();
  json["answer_bytes"] = load.answer_bytes;
  json["overdue"] = load.overdue;
  json["generator_cpu_share"] = load.generator_cpu;
  json["generator_bound"] = load.generator_bound();
  if (measurement.server_cpu) {
    json["server_cpu_share"] = measurement.server_share();
    json["server_cpu_ns_per_answer"] = measurement.cpu_per_answer_ns();
    json["server_user_ns_per_answer"] = measurement.user_per_answer_ns();
    json["server_system_ns_per_answer"] = measurement.system_per_answer_ns();
  }
  json["latency_ns"] = latency_json(load.latency_ns);
  return json;
}

Json head_json(const ReportHead& head) {
  const Settings& settings = head.settings;
  Json json;
  json["command"] = head.command;
  json["machine"] = {{"cpu", head.machine.cpu_model},
                     {"cores", head.machine.cores},
                     {"kernel", head.machine.kernel}};
  json["workload"] = {{"kind", kWorkloadNames[settings.workload]},
                      {"wire", kWireFormatNames[settings.wire]},
                      {"connections", settings.connections},
                      {"rate", settings.rate},
                      {"brokers", settings.brokers},
                      {"topics", settings.topics},
                      {"topics_per_query", settings.topics_per_query}};
  return json;
}

Json spread_json(const Spread& spread) {
  return {{"min", spread.min}, {"median", spread.median}, {"max", spread.max}};
}

// Texts come from the command line and may be no UTF-8.
std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string run_as_json(const ReportHead& head,
                        const std::vector<Measurement>& measurements) {
  Json json = head_json(head);
  json["measurements"] = Json::array();
  for (const Measurement& measurement : measurements) {
    json["measurements"].push_back(measurement_json(measurement));
  }
  return dump(json);
}

std::string comparison_as_json(const ReportHead& head,
                               const Comparison& comparison) {
  Json json = head_json(head);
  json["request_bytes"] = comparison.request_bytes;
  json["answer_bytes"] = comparison.answer_bytes;
  json["depths"] = Json::array();
  for (const DepthComparison& depth : comparison.depths) {
    Json at;
    at["depth"] = depth.depth;
    at["cpu_ratio"] = spread_json(depth.ratio());
    for (const auto& [name, list] : {std::pair("floor", &depth.floor),
                                     std::pair("namesrv", &depth.ours)}) {
      at[name] = Json::array();
      for (const Measurement& measurement : *list) {
        at[name].push_back(measurement_json(measurement));
      }
    }
    json["depths"].push_back(std::move(at));
  }
  return dump(json);
}

std::string burst_as_json(const ReportHead& head, const BurstResult& burst) {
  Json json = head_json(head);
  json["body_bytes"] = burst.body_bytes;
  json["resident_bytes_before"] = burst.resident_before;
  json["resident_bytes_after"] = burst.resident_after;
  json["resident_bytes_per_pair"] = burst.resident_bytes_per_pair();
  json["phases"] = Json::array();
  for (const BurstPhase& phase : burst.phases) {
    Json each;
    each["name"] = phase.name;
    each["seconds"] = std::chrono::duration<double>(phase.lasted).count();
    each["server_cpu_seconds"] =
        std::chrono::duration<double>(phase.server_cpu.total).count();
    each["server_cpu_seconds_per_minute"] = phase.cpu_seconds_per_minute();
    each["overdue"] = phase.queries.overdue;
    each["generator_bound"] = phase.queries.generator_bound();
    each["query_latency_ns"] = latency_json(phase.queries.latency_ns);
    each["registration_latency_ns"] = latency_json(phase.registration_ns);
    json["phases"].push_back(std::move(each));
  }
  return dump(json);
}

}  // namespace waypost::bench
