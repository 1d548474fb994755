// Parts of the simulated world check themselves with the assertions of the
// tests, also here, where no test runs.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

namespace waypost::sim {
namespace {

[[maybe_unused]] const bool kReady = [] {
  static doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  return true;
}();

}  // namespace
}  // namespace waypost::sim
