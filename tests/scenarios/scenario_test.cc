// The shared scenario files, and that the runner notices when one of them
// expects something else.

#include "tests/scenarios/scenario.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace waypost::scenarios {
namespace {

struct File {
  std::string name;
  Json document;
};

std::vector<File> files() {
  std::vector<File> all;
  for (const auto& entry :
       std::filesystem::directory_iterator(WAYPOST_SCENARIO_DIR)) {
    std::ifstream in(entry.path());
    all.push_back({entry.path().filename(), Json::parse(in)});
  }
  return all;
}

Json altered(const Json& leaf) {
  if (leaf.is_boolean()) return !leaf.get<bool>();
  if (leaf.is_number()) return leaf.get<std::int64_t>() + 1;
  if (leaf.is_string()) return leaf.get<std::string>() + "x";
  if (leaf.is_null()) return "x";
  // An empty list or object.
  return leaf.is_array() ? Json::array({"x"}) : Json{{"x", 1}};
}

// Not a decision: which population is asked for; and where several pictures are
// allowed, changing one that we do not show is no difference.
bool is_question(const std::string& path) {
  return path.find("/include_") != std::string::npos ||
         path.find("/exclude_") != std::string::npos ||
         path.find("_any_of") != std::string::npos;
}

TEST_CASE("all scenarios that concern our decisions pass") {
  std::size_t passed = 0;
  for (const File& file : files()) {
    for (const Json& scenario : file.document.at("scenarios")) {
      const Outcome outcome =
          run_scenario(scenario, file.document.at("subject"));
      CAPTURE(scenario.at("id").get<std::string>());
      CHECK_MESSAGE(outcome.verdict != Verdict::kFailed, outcome.text);
      if (outcome.verdict == Verdict::kPassed) ++passed;
      if (outcome.verdict == Verdict::kSkipped) CHECK(!outcome.text.empty());
    }
  }
  CHECK(passed >= 322);
}

TEST_CASE("a scenario that expects anything else fails") {
  for (const File& file : files()) {
    const std::string subject = file.document.at("subject");
    for (const Json& scenario : file.document.at("scenarios")) {
      if (run_scenario(scenario, subject).verdict != Verdict::kPassed) continue;
      const Json leaves = scenario.at("expect").flatten();
      for (const auto& [path, value] : leaves.items()) {
        if (is_question(path)) continue;
        Json other = scenario;
        const Json::json_pointer place(path);
        other["expect"][place] = altered(scenario.at("expect").at(place));
        CAPTURE(scenario.at("id").get<std::string>());
        CAPTURE(path);
        CHECK(run_scenario(other, subject).verdict == Verdict::kFailed);
      }
    }
  }
}

TEST_CASE("what is not known is skipped with a reason, what is broken fails") {
  const std::string subject = "VerneMQ";
  CHECK(
      run_scenario({{"kind", "no-such-kind"}, {"id", "x"}}, subject).verdict ==
      Verdict::kSkipped);
  CHECK(run_scenario({{"kind", "x"}, {"id", "x"}}, "nobody").verdict ==
        Verdict::kSkipped);
  CHECK(run_scenario({{"kind", "register"}}, subject).verdict ==
        Verdict::kFailed);
  CHECK(run_scenario(Json::array(), subject).verdict == Verdict::kFailed);
  CHECK(run_scenario({{"id", "x"}}, subject).verdict == Verdict::kFailed);
}

// Inputs that our decisions rule out by an assertion.
TEST_CASE("a scenario that makes no sense fails, it does not end the run") {
  const auto verdict_of = [](const char* kind, const Json& input) {
    return run_scenario({{"kind", kind}, {"input", input}, {"expect", {}}},
                        "partition handling")
        .verdict;
  };
  const Json pause = {{"mode", "pause_minority"}};
  const Json none = Json::array();
  CHECK(verdict_of("autoheal_winner", {{"partitions", none}}) ==
        Verdict::kFailed);
  CHECK(verdict_of("autoheal_winner", {{"partitions", {none, {"A"}}}}) ==
        Verdict::kFailed);
  CHECK(verdict_of("autoheal_step", {{"node", "A"},
                                     {"members", {"B"}},
                                     {"state", {{"state", "restarting"}}},
                                     {"event", {{"event", "x"}}}}) ==
        Verdict::kFailed);
  CHECK(verdict_of("cluster", {{"settings", pause}, {"members", none}}) ==
        Verdict::kFailed);
  CHECK(verdict_of("detection_window", {{"net_ticktime_s", INT64_MAX}}) ==
        Verdict::kFailed);
  const Json strange = {{"kind", "strategy"},
                        {"settings", {{"strategy", "pause-minority"}}}};
  CHECK(run_scenario(strange, "akka").verdict == Verdict::kSkipped);
}

TEST_CASE("docs/partitions.md gives the reason for each kind left out") {
  std::ifstream in(WAYPOST_PARTITIONS_DOC);
  REQUIRE(in.is_open());
  const std::string doc((std::istreambuf_iterator<char>(in)), {});
  for (const Kinds* kinds : {&akka_kinds(), &rabbitmq_kinds(), &vernemq_kinds(),
                             &mirror_kinds(), &rocketmq_kinds()}) {
    for (const auto& [name, kind] : *kinds) {
      if (kind.evaluate) continue;
      CAPTURE(name);
      CHECK(doc.find("`" + name + "`") != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace waypost::scenarios
