#ifndef WAYPOST_TESTS_SCENARIOS_SCENARIO_H_
#define WAYPOST_TESTS_SCENARIOS_SCENARIO_H_

// Scenario files: decisions of five known systems as data. One evaluator for
// each kind puts a scenario's inputs to our pure decisions and says what they
// decided, in the words of the file; the runner compares.

#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace waypost::scenarios {

using Json = nlohmann::json;

// Thrown by an evaluator for an input that it has no meaning for; the scenario
// is counted as skipped, with this reason.
struct Skip : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What we decided: every field that the scenario expects must be in it.
using Evaluator = std::function<Json(const Json& scenario)>;

struct Kind {
  Evaluator evaluate;               // empty: skipped, with the reason
  std::set<std::string> unordered;  // names of lists that are sets
  std::string skip_reason;
};

// The kinds of one of the five systems, by the `kind` of a scenario.
using Kinds = std::map<std::string, Kind>;
const Kinds& akka_kinds();
const Kinds& rabbitmq_kinds();
const Kinds& vernemq_kinds();
const Kinds& mirror_kinds();
const Kinds& rocketmq_kinds();

enum class Verdict { kPassed, kFailed, kSkipped };
struct Outcome {
  Verdict verdict = Verdict::kPassed;
  std::string text;  // why, when not passed
};

// `subject` is the file's. Never throws for a file's content.
Outcome run_scenario(const Json& scenario, const std::string& subject);

// What differs, as "path: expected ..., decided ..."; empty when all that is
// expected was decided.
std::vector<std::string> differences(const Json& expected, const Json& decided,
                                     const std::set<std::string>& unordered);

}  // namespace waypost::scenarios

#endif  // WAYPOST_TESTS_SCENARIOS_SCENARIO_H_
