#include "tests/scenarios/scenario.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

namespace waypost::scenarios {
namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

// By the file's subject, or by the scenario's id where that does not tell.
const Kinds* kinds_of(const Json& scenario, const std::string& subject) {
  struct System {
    const char* in_subject;
    const char* id_prefix;
    const Kinds& (*kinds)();
  };
  static constexpr System kSystems[] = {
      {"akka", "akka-", akka_kinds},
      {"mirrored queues", "mir-", mirror_kinds},
      {"partition handling", "rmq-", rabbitmq_kinds},
      {"vernemq", "vmq-", vernemq_kinds},
      {"rocketmq", "rkt-", rocketmq_kinds}};
  const std::string wanted = lower_case(subject);
  for (const System& system : kSystems) {
    if (wanted.find(system.in_subject) != std::string::npos) {
      return &system.kinds();
    }
  }
  const std::string id = scenario.value("id", "");
  for (const System& system : kSystems) {
    if (id.starts_with(system.id_prefix)) return &system.kinds();
  }
  return nullptr;
}

std::string show(const Json& value) { return value.dump(); }

void compare(const Json& expected, const Json& decided, const std::string& path,
             bool is_set, const std::set<std::string>& unordered,
             std::vector<std::string>& out);

void compare_objects(const Json& expected, const Json& decided,
                     const std::string& path,
                     const std::set<std::string>& unordered,
                     std::vector<std::string>& out) {
  // A scenario names what it cares about; inside that nothing may be extra.
  if (!path.empty()) {
    for (const auto& [key, value] : decided.items()) {
      if (!expected.contains(key)) {
        out.push_back(path + "." + key + ": not expected, decided " +
                      show(value));
      }
    }
  }
  for (const auto& [key, value] : expected.items()) {
    const std::string where = path.empty() ? key : path + "." + key;
    const auto ours = decided.find(key);
    if (ours == decided.end()) {
      out.push_back(where + ": expected " + show(value) +
                    ", nothing of that kind was decided");
      continue;
    }
    compare(value, *ours, where, unordered.contains(key), unordered, out);
  }
}

void compare(const Json& expected, const Json& decided, const std::string& path,
             bool is_set, const std::set<std::string>& unordered,
             std::vector<std::string>& out) {
  if (expected.is_object() && decided.is_object()) {
    compare_objects(expected, decided, path, unordered, out);
    return;
  }
  if (expected.is_array() && decided.is_array()) {
    Json one = expected;
    Json other = decided;
    if (is_set) {
      std::sort(one.begin(), one.end());
      std::sort(other.begin(), other.end());
    }
    if (one.size() == other.size()) {
      for (std::size_t i = 0; i < one.size(); ++i) {
        compare(one[i], other[i], path + "[" + std::to_string(i) + "]", false,
                unordered, out);
      }
      return;
    }
  } else if (expected == decided) {
    return;
  }
  out.push_back(path + ": expected " + show(expected) + ", decided " +
                show(decided));
}

}  // namespace

std::vector<std::string> differences(const Json& expected, const Json& decided,
                                     const std::set<std::string>& unordered) {
  std::vector<std::string> out;
  compare(expected, decided, "", false, unordered, out);
  return out;
}

Outcome run_scenario(const Json& scenario, const std::string& subject) {
  try {
    const std::string name = scenario.at("kind");
    const Kinds* const kinds = kinds_of(scenario, subject);
    if (kinds == nullptr) {
      return {Verdict::kSkipped, "a system that is not known here"};
    }
    const auto kind = kinds->find(name);
    if (kind == kinds->end()) {
      return {Verdict::kSkipped, "a kind that is not known here"};
    }
    if (!kind->second.evaluate) {
      return {Verdict::kSkipped, kind->second.skip_reason};
    }
    const Json decided = kind->second.evaluate(scenario);
    const auto differ =
        differences(scenario.at("expect"), decided, kind->second.unordered);
    if (differ.empty()) return {Verdict::kPassed, ""};
    std::string text;
    for (const std::string& each : differ) {
      text += (text.empty() ? "" : "; ") + each;
    }
    return {Verdict::kFailed, text};
  } catch (const Skip& skip) {
    return {Verdict::kSkipped, skip.what()};
  } catch (const std::exception& error) {
    // The library's own, and what evaluators find that makes no sense.
    return {Verdict::kFailed, std::string("cannot be read: ") + error.what()};
  }
}

}  // namespace waypost::scenarios
