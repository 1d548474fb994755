#include "tests/support/process.h"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"

namespace waypost::support {
namespace {

namespace fs = std::filesystem;

void redirect(const std::string& path, int to) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file < 0 || ::dup2(file, to) < 0) ::_exit(127);
}

// In the child; nothing that allocates after fork in a threaded test would be
// safe, so all was prepared before.
[[noreturn]] void become(char* const* arguments, char* const* environment,
                         const std::string& directory, const std::string& out,
                         const std::string& err, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  redirect(out, STDOUT_FILENO);
  redirect(err, STDERR_FILENO);
  if (!directory.empty() && ::chdir(directory.c_str()) != 0) ::_exit(127);
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

std::vector<std::string> merged_environment(
    const std::map<std::string, std::string>& added) {
  std::vector<std::string> result;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string text = *each;
    if (!added.contains(text.substr(0, text.find('=')))) result.push_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::string join(const std::vector<std::string>& words) {
  std::string result;
  for (const auto& word : words) result += (result.empty() ? "" : " ") + word;
  return result;
}

// Keeps a port from all other tests, of this process and others, until this
// process ends: nobody can have two sockets of one abstract name. Python's
// tests take the same names (tests/rocketmq/processes.py).
bool reserve_port(std::uint16_t port) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  WAYPOST_ASSERT(socket >= 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = "waypost-test-port-" + std::to_string(port);
  text.copy(name.sun_path + 1, sizeof name.sun_path - 1);
  const auto size = offsetof(sockaddr_un, sun_path) + 1 + text.size();
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&name),
             static_cast<socklen_t>(size)) == 0) {
    return true;  // stays open
  }
  ::close(socket);
  return false;
}

bool is_free(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool free = ::bind(socket, reinterpret_cast<const sockaddr*>(&address),
                           sizeof address) == 0;
  ::close(socket);
  return free;
}

}  // namespace

std::string our_executable(const std::string& name) {
  return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

std::string system_executable(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) +
                             ":/usr/sbin:/usr/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path candidate = fs::path(folder) / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

Process::Process(std::vector<std::string> arguments, ProcessOptions options)
    : arguments_(std::move(arguments)) {
  auto environment = merged_environment(options.environment);
  const auto argument_pointers = pointers(arguments_);
  const auto environment_pointers = pointers(environment);
  const std::string out = output_ / "out";
  const std::string err = output_ / "err";
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  WAYPOST_ASSERT(pid_ >= 0);
  if (pid_ == 0) {
    become(argument_pointers.data(), environment_pointers.data(),
           options.working_directory, out, err, parent);
  }
}

Process::~Process() { kill(); }

void Process::signal(int number) {
  if (running()) ::kill(pid_, number);
}

void Process::stop() {
  signal(SIGSTOP);
  if (exit_) return;
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
}

void Process::resume() { signal(SIGCONT); }

void Process::terminate() { signal(SIGTERM); }

void Process::kill() {
  signal(SIGKILL);
  reap(0);
}

void Process::reap(int flags) {
  if (exit_ || pid_ < 0) return;
  int status = 0;
  if (::waitpid(pid_, &status, flags) != pid_) return;
  exit_ = WIFEXITED(status) ? Exit{WEXITSTATUS(status), 0}
                            : Exit{-1, WTERMSIG(status)};
}

bool Process::running() {
  reap(WNOHANG);
  return !exit_;
}

std::optional<Exit> Process::wait(Milliseconds limit) {
  wait_until(limit, [this] { return !running(); });
  return exit_;
}

std::string Process::transcript() const {
  std::string text = "$ " + join(arguments_) + "\n" + out() + err();
  if (exit_) {
    text += "[exit status " + std::to_string(exit_->status) + ", signal " +
            std::to_string(exit_->signal_number) + "]\n";
  }
  return text;
}

std::size_t Process::status_bytes(const std::string& field) const {
  std::istringstream status(
      read_file("/proc/" + std::to_string(pid_) + "/status"));
  for (std::string word; status >> word;) {
    std::size_t kibibytes = 0;
    if (word == field && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

std::size_t Process::open_files() const {
  std::error_code ignored;
  std::size_t count = 0;
  const fs::directory_iterator files("/proc/" + std::to_string(pid_) + "/fd",
                                     ignored);
  for (const auto& each : files) {
    static_cast<void>(each);
    ++count;
  }
  return count;
}

Finished run(std::vector<std::string> arguments, ProcessOptions options,
             Milliseconds limit) {
  Process process(std::move(arguments), std::move(options));
  const auto exit = process.wait(limit);
  return Finished{exit.value_or(Exit{}), process.out(), process.err(),
                  process.transcript()};
}

std::uint16_t unused_port() {
  // Where the kernel's choice begins, 32768 unless somebody changed it.
  constexpr unsigned kFirst = 16'384;
  const unsigned end = std::clamp(
      static_cast<unsigned>(std::atoi(
          read_file("/proc/sys/net/ipv4/ip_local_port_range").c_str())),
      kFirst + 1'000, 32'768U);
  std::random_device random;
  for (;;) {
    const auto port =
        static_cast<std::uint16_t>(kFirst + random() % (end - kFirst));
    if (reserve_port(port) && is_free(port)) return port;
  }
}

}  // namespace waypost::support
