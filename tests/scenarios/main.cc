// waypost-scenarios FILE...: what five known systems decide, put to our pure
// decisions. Prints each mismatch, what was skipped and why, and last
// `N passed, M failed, K skipped`. Exit status 1 when something failed, 2 when
// a file cannot be read.

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "tests/scenarios/scenario.h"

namespace waypost::scenarios {
namespace {

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  bool unreadable = false;
};

// Says what is wrong with a file that has no scenarios.
std::optional<Json> read_file(const std::string& path, Totals& totals) {
  const auto refuse = [&](const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), why.c_str());
    totals.unreadable = true;
    return std::nullopt;
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return refuse("is a directory, not a scenario file");
  }
  std::ifstream file(path);
  if (!file.is_open()) {
    return refuse("cannot be opened: " +
                  std::generic_category().message(errno));
  }
  try {
    Json document = Json::parse(file);
    if (!document.contains("scenarios") || !document["scenarios"].is_array()) {
      return refuse("not a scenario file: no list of scenarios in it");
    }
    return document;
  } catch (const std::exception& broken) {
    return refuse(std::string("not a scenario file: ") + broken.what());
  }
}

void run_file(const std::string& path, Totals& totals) {
  const auto document = read_file(path, totals);
  if (!document) return;
  const Json subject = document->value("subject", Json());
  const std::string name =
      subject.is_string() ? subject.get<std::string>() : std::string();
  // kind and reason -> how many
  std::map<std::pair<std::string, std::string>, std::size_t> skipped;
  for (const Json& scenario : document->at("scenarios")) {
    const Outcome outcome = run_scenario(scenario, name);
    const auto text = [&](const char* key) {
      const Json value =
          scenario.is_object() ? scenario.value(key, Json()) : Json();
      return value.is_string() ? value.get<std::string>() : std::string("?");
    };
    switch (outcome.verdict) {
      case Verdict::kPassed:
        ++totals.passed;
        break;
      case Verdict::kFailed:
        ++totals.failed;
        std::printf("FAILED %s (%s): %s\n", text("id").c_str(),
                    text("kind").c_str(), outcome.text.c_str());
        break;
      case Verdict::kSkipped:
        ++totals.skipped;
        ++skipped[{text("kind"), outcome.text}];
        break;
    }
  }
  for (const auto& [what, count] : skipped) {
    std::printf("skipped %zu of %s in %s: %s\n", count, what.first.c_str(),
                path.c_str(), what.second.c_str());
  }
}

int run(int argc, char** argv) {
  if (argc < 2 || std::string(argv[1]) == "--help") {
    std::printf(
        "usage: waypost-scenarios FILE...\n"
        "Runs scenario files against the partition decisions.\n");
    return argc < 2 ? 2 : 0;
  }
  Totals totals;
  for (int i = 1; i < argc; ++i) run_file(argv[i], totals);
  std::printf("%zu passed, %zu failed, %zu skipped\n", totals.passed,
              totals.failed, totals.skipped);
  if (totals.unreadable) return 2;
  return totals.failed > 0 ? 1 : 0;
}

}  // namespace
}  // namespace waypost::scenarios

int main(int argc, char** argv) { return waypost::scenarios::run(argc, argv); }
