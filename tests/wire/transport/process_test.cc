#include <fstream>
#include <sstream>

#include <unistd.h>

#include "tests/wire/transport/fixtures.h"

namespace waypost::transport::test {
namespace {

using Outcome = std::optional<base::Result<Loop::ProcessResult>>;

Loop::ProcessResult run_program(const std::vector<std::string>& arguments) {
  const auto loop = Loop::create();
  Outcome outcome;
  const auto process =
      loop->spawn(arguments, [&](auto result) { outcome = result; });
  CHECK_FALSE(outcome.has_value());
  run_until(*loop, [&] { return outcome.has_value(); });
  REQUIRE_MESSAGE(outcome->has_value(), outcome->error().to_string());
  return **outcome;
}

// Dead, reaped or not: an orphan's zombie is init's affair.
bool is_dead(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return true;
  return line.substr(line.rfind(')') + 2, 1) == "Z";
}

struct TempFile {
  TempFile() {
    char name[] = "/tmp/waypost_process_test_XXXXXX";
    const int descriptor = mkstemp(name);
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    path = name;
  }
  ~TempFile() { std::remove(path.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  // Once the line is complete.
  std::optional<int> number() const {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (text.str().find('\n') == std::string::npos) return std::nullopt;
    return std::stoi(text.str());
  }
  std::string path;
};

}  // namespace

TEST_CASE("a program's exit status or signal is told") {
  const auto exited = run_program({"sh", "-c", "exit 7"});
  CHECK(exited.exit_status == 7);
  CHECK(exited.signal_number == 0);
  const auto killed = run_program({"sh", "-c", "kill -9 $$"});
  CHECK(killed.exit_status == -1);
  CHECK(killed.signal_number == 9);
}

TEST_CASE(
    "a program gets no input, its output goes nowhere, all signals work") {
  CHECK(run_program({"sh", "-c", "read line; test $? -ne 0"}).exit_status == 0);
  CHECK(run_program(
            {"sh", "-c", "test \"$(readlink /proc/$$/fd/1)\" = /dev/null"})
            .exit_status == 0);
  // The loop's thread blocks SIGPIPE; a child must not inherit that.
  CHECK(run_program({"sh", "-c", "grep -q 'SigBlk:.0*$' /proc/self/status"})
            .exit_status == 0);
}

TEST_CASE("a program that cannot be started is an error that names it") {
  const auto loop = Loop::create();
  Outcome outcome;
  const auto process = loop->spawn({"/no/such/program", "x"},
                                   [&](auto result) { outcome = result; });
  CHECK_FALSE(outcome.has_value());
  run_until(*loop, [&] { return outcome.has_value(); });
  REQUIRE_FALSE(outcome->has_value());
  CHECK(outcome->error().code == base::ErrorCode::kNotFound);
  CHECK(outcome->error().message.find("/no/such/program") != std::string::npos);
}

TEST_CASE("destroying the operation kills the program and its children") {
  const TempFile file;
  const auto loop = Loop::create();
  auto process = loop->spawn(
      {"sh", "-c", "sleep 1000 & echo $! > " + file.path + "; wait"},
      [](auto) { FAIL("called after it was destroyed"); });
  run_until(*loop, [&] { return file.number().has_value(); });
  const int grandchild = *file.number();
  CHECK_FALSE(is_dead(grandchild));
  process.reset();
  run_until(*loop, [&] { return is_dead(grandchild); });
}

TEST_CASE("a loop that ends right after a kill leaves no zombie") {
  auto loop = Loop::create();
  const TempFile file;
  auto process =
      loop->spawn({"sh", "-c", "echo $$ > " + file.path + "; exec sleep 1000"},
                  [](auto) {});
  run_until(*loop, [&] { return file.number().has_value(); });
  process.reset();
  loop.reset();
  CHECK_FALSE(
      std::ifstream("/proc/" + std::to_string(*file.number()) + "/stat"));
}

TEST_CASE("the operation may be destroyed in its own callback") {
  const auto loop = Loop::create();
  std::unique_ptr<Operation> process;
  bool done = false;
  process = loop->spawn({"true"}, [&](auto) {
    process.reset();
    done = true;
  });
  run_until(*loop, [&] { return done; });
  done = false;
  process = loop->spawn({}, [&](auto result) {
    CHECK_FALSE(result.has_value());
    process.reset();
    done = true;
  });
  run_until(*loop, [&] { return done; });
}

}  // namespace waypost::transport::test
