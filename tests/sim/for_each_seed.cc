#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <doctest/doctest.h>

#include "tests/sim/deployment.h"

namespace waypost::sim {
namespace {

// The name of the running test case; a comma would end it.
std::string test_case_filter() {
  std::string name = doctest::getContextOptions()->currentTest->m_name;
  for (std::size_t at = 0; (at = name.find(',', at)) != std::string::npos;
       at += 2) {
    name.insert(at, 1, '\\');
  }
  return name;
}

}  // namespace

void for_each_seed(std::uint64_t count,
                   const std::function<void(std::uint64_t seed)>& scenario) {
  if (const char* one = std::getenv("WAYPOST_SIM_SEED")) {
    scenario(std::strtoull(one, nullptr, 10));
    return;
  }
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // Ten times as slow; what they look for shows in the first runs.
  count = std::min(count, std::max<std::uint64_t>(count / 5, 5));
#endif
  if (const char* many = std::getenv("WAYPOST_SIM_SEEDS")) {
    count = std::strtoull(many, nullptr, 10);
  }
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // Ten times as slow; what the seeds find, the fast build finds.
  count = (count + 9) / 10;
#endif
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    INFO("again: WAYPOST_SIM_SEED=", seed, " ",
         std::string(program_invocation_name), " --test-case='",
         test_case_filter(), "'");
    scenario(seed);
  }
}

}  // namespace waypost::sim
