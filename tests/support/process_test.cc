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

}  // namespace
}  // namespace waypost::support
