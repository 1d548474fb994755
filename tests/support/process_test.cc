#include "tests/support/process.h"

#include <csignal>

#include <doctest/doctest.h>

namespace waypost::support {
namespace {

const std::string kShell = "/bin/sh";

TEST_CASE("a program's output, error output and exit status are kept") {
  const Finished done =
      run({kShell, "-c", "echo out $WORD; echo err >&2; exit 3"},
          {.environment = {{"WORD", "hello"}}, .working_directory = "/"});
  CHECK(done.exit.status == 3);
  CHECK(done.out == "out hello\n");
  CHECK(done.err == "err\n");
  CHECK(done.transcript.find("exit status 3") != std::string::npos);
}

TEST_CASE("a stopped process stands still until it is resumed") {
  TempDir dir;
  Process process({kShell, "-c", "while :; do echo >>count; done"},
                  {.environment = {}, .working_directory = dir.path()});
  const auto count = [&] { return read_file(dir / "count").size(); };
  REQUIRE(wait_until(scaled(Milliseconds(5000)), [&] { return count() > 3; }));
  process.stop();
  const auto stopped_at = count();
  let_pass(Milliseconds(50), "that nothing happens");
  CHECK(count() == stopped_at);
  process.resume();
  CHECK(wait_until(scaled(Milliseconds(5000)),
                   [&] { return count() > stopped_at; }));
  CHECK(process.memory_bytes() > 0);
  process.kill();
  CHECK_FALSE(process.running());
  CHECK(process.wait(Milliseconds(0))->signal_number == SIGKILL);
}

TEST_CASE("waiting for a process gives up at its limit") {
  Process process({"/bin/sleep", "60"});
  CHECK_FALSE(process.wait(Milliseconds(20)).has_value());
  process.terminate();
  const auto exit = process.wait(scaled(Milliseconds(5000)));
  REQUIRE(exit.has_value());
  CHECK(exit->signal_number == SIGTERM);
}

// For the next one; not run otherwise.
TEST_CASE("stands still on purpose" * doctest::skip()) {
  for (;;) let_pass(Milliseconds(1000), "what never comes");
}

TEST_CASE("a test that hangs tells which one it is, and where") {
#if defined(__SANITIZE_THREAD__)
  return;  // not there
#endif
  const Finished done = run({our_executable("test_process_support"),
                             "--no-skip", "-tc=stands still on purpose"},
                            {.environment = {{"WAYPOST_TEST_HANG_AFTER", "1"}},
                             .working_directory = ""},
                            Milliseconds(60'000));
  INFO(done.transcript);
  CHECK(done.exit.status != 0);
  CHECK(done.err.find("HANGS") != std::string::npos);
  CHECK(done.err.find("test case: stands still on purpose (") !=
        std::string::npos);
  CHECK(done.err.find("-- thread ") != std::string::npos);
  CHECK(done.err.find("nanosleep") != std::string::npos);
}

}  // namespace
}  // namespace waypost::support
