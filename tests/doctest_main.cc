// main() of all doctest binaries; and a test that hangs says where. ctest kills
// what exceeds its time without a word, so some seconds before that (SIGALRM,
// after WAYPOST_TEST_HANG_AFTER seconds) the running test case and where each
// thread is are told, and the process aborts.
//
// All that happens in signal handlers, in a process of which nothing is known
// but that it hangs: no allocation, no lock, static buffers; should this hang,
// too, a second alarm ends it.

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include <doctest/doctest.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" char __executable_start;  // NOLINT: the linker's name
extern "C" char etext;

namespace {

constexpr int kFramesMax = 48;
constexpr int kTell = SIGUSR2;

std::array<char, 256> running_case{"none, it begins or ends"};

// Of the thread that was asked last.
std::array<void*, kFramesMax> frames;
std::atomic<int> frame_count{-1};

void say(const char* text) {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  static_cast<void>(!::write(STDERR_FILENO, text, length));
}

void say_number(long number) {
  std::array<char, 24> digits{};
  char* at = digits.end() - 1;
  do {
    *--at = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  say(at);
}

void take_frames(int /*signal*/) {
  const int saved = errno;
  frame_count = ::backtrace(frames.data(), kFramesMax);
  errno = saved;
}

// Our own frames by function, file and line, which only addr2line knows.
void say_frames(int count) {
  ::backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
  static std::array<std::array<char, 20>, kFramesMax> texts;
  static std::array<const char*, kFramesMax + 5> arguments;
  std::size_t used = 0;
  for (const char* each : {"addr2line", "-Cfpe", "/proc/self/exe"}) {
    arguments[used++] = each;
  }
  static std::array<char, 4096> program;
  const ssize_t length =
      ::readlink("/proc/self/exe", program.data(), program.size() - 1);
  if (length <= 0) return;
  arguments[2] = program.data();
  const auto begin = reinterpret_cast<std::uintptr_t>(&__executable_start);
  const auto end = reinterpret_cast<std::uintptr_t>(&etext);
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const auto at = reinterpret_cast<std::uintptr_t>(frames[i]);
    if (at < begin || at >= end) continue;
    auto& text = texts[i];
    char* digit = text.end() - 1;
    *digit = '\0';
    // Where it was called, not where it returns to.
    for (std::uintptr_t left = at - begin - 1; left > 0; left /= 16) {
      *--digit = "0123456789abcdef"[left % 16];
    }
    arguments[used++] = digit;
  }
  arguments[used] = nullptr;
  const pid_t child = ::vfork();
  if (child == 0) {
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    ::execvp("addr2line", const_cast<char* const*>(arguments.data()));
    ::_exit(127);  // not installed: there are the addresses
  }
  if (child > 0) ::waitpid(child, nullptr, 0);
}

void say_thread(long thread) {
  say("-- thread ");
  say_number(thread);
  say("\n");
  frame_count = -1;
  if (::syscall(SYS_tgkill, ::getpid(), thread, kTell) != 0) return;
  for (int i = 0; i < 100 && frame_count < 0; ++i) {
    const timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
    ::nanosleep(&pause, nullptr);
  }
  const int count = frame_count;
  if (count < 0) return say("does not take the signal\n");
  say_frames(count);
}

void tell_and_abort(int /*signal*/) {
  std::signal(SIGALRM, SIG_DFL);
  ::alarm(15);
  say("\n*** HANGS: the time of this test is nearly over. Running test case: ");
  say(running_case.data());
  say("\n");
  const int directory = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY);
  alignas(8) static std::array<char, 8192> entries;
  long size = 0;
  while ((size = ::syscall(SYS_getdents64, directory, entries.data(),
                           entries.size())) > 0) {
    for (long at = 0; at < size;) {
      // struct linux_dirent64: inode and offset, the record's length, a type,
      // the name.
      const char* const entry = &entries[static_cast<std::size_t>(at)];
      const long thread = std::atol(entry + 19);
      if (thread > 0) say_thread(thread);
      at += *reinterpret_cast<const unsigned short*>(entry + 16);
    }
  }
  std::abort();
}

class HangWatch : public doctest::IReporter {
 public:
  explicit HangWatch(const doctest::ContextOptions& /*options*/) {}

  void test_run_start() override {
#if defined(__SANITIZE_THREAD__)
    return;  // it keeps signals back from a thread that waits for a lock
#endif
    const char* const seconds = std::getenv("WAYPOST_TEST_HANG_AFTER");
    if (seconds == nullptr) return;
    ::backtrace(frames.data(), 1);  // loads what it needs
    std::signal(kTell, &take_frames);
    std::signal(SIGALRM, &tell_and_abort);
    ::alarm(static_cast<unsigned>(std::atoi(seconds)));
    ::unsetenv("WAYPOST_TEST_HANG_AFTER");  // not for those that we start
  }
  void test_case_start(const doctest::TestCaseData& test) override {
    std::snprintf(running_case.data(), running_case.size(), "%s (%s:%u)",
                  test.m_name, test.m_file.c_str(), test.m_line);
  }
  void test_case_end(const doctest::CurrentTestCaseStats& /*stats*/) override {
    std::snprintf(running_case.data(), running_case.size(), "none after '%s'",
                  std::string(running_case.data()).c_str());
  }

  void report_query(const doctest::QueryData& /*data*/) override {}
  void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
  void test_case_reenter(const doctest::TestCaseData& /*test*/) override {}
  void test_case_exception(
      const doctest::TestCaseException& /*thrown*/) override {}
  void subcase_start(const doctest::SubcaseSignature& /*subcase*/) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& /*data*/) override {}
  void log_message(const doctest::MessageData& /*data*/) override {}
  void test_case_skipped(const doctest::TestCaseData& /*test*/) override {}
};

DOCTEST_REGISTER_LISTENER("hang-watch", 1, HangWatch);

}  // namespace
