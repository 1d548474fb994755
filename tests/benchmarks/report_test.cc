#include "benchmarks/driver/report.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "benchmarks/driver/resident_memory.h"

namespace waypost::bench {
namespace {

Measurement measurement_of(std::int64_t cpu_ns_per_answer) {
  Measurement measurement;
  measurement.depth = 16;
  measurement.load.answers = 1000;
  measurement.load.measured = std::chrono::seconds(2);
  measurement.load.generator_cpu = 0.5;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    measurement.load.latency_ns.record(i * 1000);
  }
  measurement.server_cpu = CpuTime{base::Duration(cpu_ns_per_answer * 1000),
                                   base::Duration(cpu_ns_per_answer * 250),
                                   base::Duration(cpu_ns_per_answer * 750)};
  return measurement;
}

ReportHead head() {
  return {"waypost-bench compare", {"Test CPU", "Linux 6", 2}, Settings{}};
}

Comparison comparison_of(std::initializer_list<std::pair<int, int>> rounds) {
  Comparison comparison;
  comparison.request_bytes = 100;
  comparison.answer_bytes = 700;
  DepthComparison& depth = comparison.depths.emplace_back();
  depth.depth = 16;
  for (const auto& [floor, ours] : rounds) {
    depth.floor.push_back(measurement_of(floor));
    depth.ours.push_back(measurement_of(ours));
  }
  return comparison;
}

TEST_CASE("the spread of rounds has a true median") {
  CHECK(spread_of({}).median == 0);
  const Spread odd = spread_of({3, 1, 2});
  CHECK(odd.min == 1);
  CHECK(odd.median == 2);
  CHECK(odd.max == 3);
  CHECK(spread_of({4, 1, 2, 3}).median == doctest::Approx(2.5));
}

TEST_CASE("the ratio compares each round with its own floor") {
  const Comparison comparison =
      comparison_of({{100, 150}, {200, 400}, {100, 130}});
  const Spread ratio = comparison.depths[0].ratio();
  CHECK(ratio.min == doctest::Approx(1.3));
  CHECK(ratio.median == doctest::Approx(1.5));
  CHECK(ratio.max == doctest::Approx(2.0));
}

TEST_CASE("JSON tells the figures of each round") {
  const auto json = nlohmann::json::parse(
      comparison_as_json(head(), comparison_of({{100, 150}})));
  CHECK(json["machine"]["cpu"] == "Test CPU");
  CHECK(json["workload"]["kind"] == "route");
  CHECK(json["answer_bytes"] == 700);
  const auto& depth = json["depths"][0];
  CHECK(depth["cpu_ratio"]["median"].get<double>() == doctest::Approx(1.5));
  const auto& ours = depth["namesrv"][0];
  CHECK(ours["answers_per_second"].get<double>() == doctest::Approx(500));
  CHECK(ours["server_cpu_ns_per_answer"].get<double>() == doctest::Approx(150));
  CHECK(ours["server_system_ns_per_answer"].get<double>() ==
        doctest::Approx(112.5));
  CHECK(ours["latency_ns"]["p50"].get<double>() ==
        doctest::Approx(500'000).epsilon(0.01));
  CHECK(ours["generator_bound"] == false);
}

TEST_CASE("without a server's CPU time its members are left out") {
  Measurement measurement = measurement_of(100);
  measurement.server_cpu.reset();
  const auto json = nlohmann::json::parse(run_as_json(head(), {measurement}));
  CHECK_FALSE(json["measurements"][0].contains("server_cpu_ns_per_answer"));
  CHECK(run_as_text(head(), {measurement}).find(" - ") != std::string::npos);
}

TEST_CASE("a busy generator and a rate that was not met are marked") {
  Measurement measurement = measurement_of(100);
  CHECK(run_as_text(head(), {measurement}).find("generator-bound") ==
        std::string::npos);
  measurement.load.generator_cpu = 0.81;
  measurement.load.overdue = 17;
  const std::string text = run_as_text(head(), {measurement});
  CHECK(text.find("generator-bound") != std::string::npos);
  CHECK(text.find("rate not met: 17 overdue") != std::string::npos);
}

TEST_CASE("the comparison's text ends with the ratio") {
  const std::string text =
      comparison_as_text(head(), comparison_of({{100, 150}, {100, 170}}));
  CHECK(text.find("median 1.60 (1.50 to 1.70 in 2 rounds)") !=
        std::string::npos);
}

BurstResult burst_result() {
  BurstResult burst;
  burst.fleet = {300, 10'000};
  burst.body_bytes = 1'640'000;
  burst.resident_before = 10'000'000;
  burst.resident_after = 310'000'000;
  BurstPhase& phase = burst.phases.emplace_back();
  phase.name = "burst";
  phase.lasted = std::chrono::seconds(4);
  phase.server_cpu.total = std::chrono::seconds(2);
  phase.queries = measurement_of(100).load;
  phase.registration_ns.record(5'000'000);
  return burst;
}

TEST_CASE("a burst tells memory for each pair and CPU a minute") {
  const BurstResult burst = burst_result();
  CHECK(burst.resident_bytes_per_pair() == doctest::Approx(100));
  CHECK(burst.phases[0].cpu_seconds_per_minute() == doctest::Approx(30));
  const auto json = nlohmann::json::parse(burst_as_json(head(), burst));
  CHECK(json["resident_bytes_per_pair"] == doctest::Approx(100));
  CHECK(json["phases"][0]["server_cpu_seconds_per_minute"] ==
        doctest::Approx(30));
  CHECK(json["phases"][0]["query_latency_ns"]["count"] == 1000);
  const std::string text = burst_as_text(head(), burst);
  CHECK(text.find("100 bytes for each of 3000000 topic-broker pairs") !=
        std::string::npos);
  CHECK(text.find("registrations") != std::string::npos);
}

TEST_CASE("resident memory is read from a process's status") {
  CHECK(parse_resident_bytes("Name:\tx\nVmRSS:\t   1234 kB\nThreads:\t1\n") ==
        1234UL * 1024);
  CHECK_FALSE(parse_resident_bytes("Name:\tx\nVmSize:\t 1 kB\n"));
  CHECK_FALSE(parse_resident_bytes("Name:\tx\nVmRSS:\n"));
  CHECK(resident_bytes(getpid()).value() > 0);
  CHECK_FALSE(resident_bytes(-1));
}

}  // namespace
}  // namespace waypost::bench
