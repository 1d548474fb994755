#include "benchmarks/driver/cpu_time.h"

#include <doctest/doctest.h>
#include <unistd.h>

namespace waypost::bench {
namespace {

TEST_CASE("utime and stime are found behind any program name") {
  const auto time = parse_stat(
      "42 (a ) R 1) S 1 42 42 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 3 0 999",
      100);
  REQUIRE(time);
  CHECK(time->user == std::chrono::milliseconds(1500));
  CHECK(time->system == std::chrono::milliseconds(250));
  CHECK(time->total == std::chrono::milliseconds(1750));
}

TEST_CASE("a line that is no stat line is refused") {
  CHECK_FALSE(parse_stat("", 100));
  CHECK_FALSE(parse_stat("42 name S 1", 100));
  CHECK_FALSE(parse_stat("42 (name) S 1 2 3", 100));
}

TEST_CASE("a busy process is seen using CPU") {
  const auto before = process_cpu_time(getpid());
  REQUIRE(before);
  const base::Duration thread_before = thread_cpu_time();
  // Work, not time: however slow the machine is, 30 ms of it are used.
  while (thread_cpu_time() - thread_before < std::chrono::milliseconds(30)) {
  }
  const auto after = process_cpu_time(getpid());
  REQUIRE(after);
  const CpuTime used = *after - *before;
  CHECK(used.total >= std::chrono::milliseconds(10));
  CHECK(used.user + used.system >= std::chrono::milliseconds(10));
}

TEST_CASE("a process that has ended is an error") {
  CHECK_FALSE(process_cpu_time(0x3fffffff));
}

TEST_CASE("the machine has a kernel and at least one core") {
  const Machine machine = this_machine();
  CHECK(machine.cores >= 1);
  CHECK(machine.kernel.find("Linux") == 0);
}

}  // namespace
}  // namespace waypost::bench
