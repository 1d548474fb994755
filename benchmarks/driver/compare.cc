#include "benchmarks/driver/compare.h"

#include <utility>
#include <vector>

#include "benchmarks/driver/prepared_table.h"
#include "benchmarks/driver/servers.h"

namespace waypost::bench {
namespace {

base::Status measure_rounds(const Settings& settings, const Server& floor,
                            const Server& ours, const Workload& workload,
                            DepthComparison& comparison) {
  for (std::int64_t round = 0; round < settings.rounds; ++round) {
    for (const auto& [server, list] : {std::pair(&floor, &comparison.floor),
                                       std::pair(&ours, &comparison.ours)}) {
      auto measured =
          measure(settings, server->endpoint, server->process->pid(),
                  workload.connections, comparison.depth);
      if (!measured) {
        return tl::unexpected(measured.error().with_context(
            server == &floor ? "the floor" : "the nameserver"));
      }
      list->push_back(std::move(*measured));
    }
  }
  return {};
}

}  // namespace

Spread DepthComparison::ratio() const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < floor.size() && i < ours.size(); ++i) {
    const double least = floor[i].cpu_per_answer_ns();
    if (least > 0) ratios.push_back(ours[i].cpu_per_answer_ns() / least);
  }
  return spread_of(ratios);
}

base::Result<Comparison> compare_with_floor(const Settings& settings) {
  const auto depths = parse_depths(settings.depths);
  if (!depths) return tl::unexpected(depths.error());
  const base::Status pinned =
      pin_to_core(static_cast<unsigned>(settings.generator_core));
  if (!pinned) return tl::unexpected(pinned.error());
  const auto scratch = ScratchDirectory::create();
  if (!scratch) return tl::unexpected(scratch.error());
  const auto core = static_cast<unsigned>(settings.server_core);
  auto ours = start_namesrv(settings, core, (*scratch)->path());
  if (!ours) return tl::unexpected(ours.error());
  // The floor answers with what the nameserver answers, so that is asked first,
  // over a table that is gone again before the floor is forked: no thread of
  // ours may run then.
  auto sample = [&]() -> base::Result<Workload> {
    auto table = PreparedTable::create(ours->endpoint, table_spec(settings));
    if (!table) return tl::unexpected(table.error());
    return make_workload(workload_spec(settings), table_spec(settings),
                         ours->endpoint);
  }();
  if (!sample) return tl::unexpected(sample.error());
  auto floor = start_floor(settings, core, (*scratch)->path(), *sample);
  if (!floor) return tl::unexpected(floor.error());

  auto table = PreparedTable::create(ours->endpoint, table_spec(settings));
  if (!table) return tl::unexpected(table.error());
  Comparison comparison;
  comparison.request_bytes = sample->request_bytes;
  comparison.answer_bytes = sample->sample_answer.size();
  for (const std::size_t depth : *depths) {
    DepthComparison& at = comparison.depths.emplace_back();
    at.depth = depth;
    const base::Status measured =
        measure_rounds(settings, *floor, *ours, *sample, at);
    if (!measured) return tl::unexpected(measured.error());
  }
  const base::Status kept = (*table)->check();
  if (!kept) return tl::unexpected(kept.error());
  return comparison;
}

}  // namespace waypost::bench
