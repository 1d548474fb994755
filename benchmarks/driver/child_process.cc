#include "benchmarks/driver/child_process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace waypost::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(const ChildProcess::Options& options,
                         std::vector<char*>& arguments, int output_fd) {
  // Nobody is left to stop the server when the driver is killed.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (options.core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(*options.core, &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0) _exit(126);
  }
  dup2(output_fd, STDOUT_FILENO);
  const int errors =
      open(options.stderr_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (errors >= 0) dup2(errors, STDERR_FILENO);
  execv(arguments[0], arguments.data());
  _exit(127);
}

std::string describe_status(int status) {
  if (WIFSIGNALED(status)) {
    return "was ended by signal " + std::to_string(WTERMSIG(status));
  }
  const int exit_status = WEXITSTATUS(status);
  std::string text = "exited with status " + std::to_string(exit_status);
  if (exit_status == 126) text += " (could not be pinned to its core)";
  if (exit_status == 127) text += " (could not be started)";
  return text;
}

}  // namespace

base::Result<std::unique_ptr<ChildProcess>> ChildProcess::start(
    const Options& options) {
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) {
    return base::fail(base::ErrorCode::kInternal,
                      std::string("pipe: ") + std::strerror(errno));
  }
  std::vector<std::string> texts = options.arguments;
  std::vector<char*> arguments;
  arguments.reserve(texts.size() + 1);
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  // Else a child that ends without exec could print our buffers once more.
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) become(options, arguments, output[1]);
  close(output[1]);
  if (pid < 0) {
    close(output[0]);
    return base::fail(base::ErrorCode::kInternal,
                      std::string("fork: ") + std::strerror(errno));
  }
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(pid, output[0], options.arguments[0]));
}

ChildProcess::~ChildProcess() {
  close(output_fd_);
  if (ended_) return;
  kill(pid_, SIGTERM);
  const auto deadline = steady_clock::now() + std::chrono::seconds(5);
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (steady_clock::now() > deadline) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      return;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
}

base::Result<std::string> ChildProcess::read_line(base::Duration deadline) {
  const auto end = steady_clock::now() + deadline;
  for (;;) {
    const std::size_t newline = output_.find('\n');
    if (newline != std::string::npos) {
      std::string line = output_.substr(0, newline);
      output_.erase(0, newline + 1);
      return line;
    }
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
    pollfd ready{output_fd_, POLLIN, 0};
    if (left.count() <= 0 ||
        poll(&ready, 1, static_cast<int>(left.count())) == 0) {
      return base::fail(base::ErrorCode::kTimedOut, name_ + " prints nothing");
    }
    char chunk[512];
    const ssize_t count = read(output_fd_, chunk, sizeof chunk);
    if (count > 0) {
      output_.append(chunk, static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      return base::fail(base::ErrorCode::kUnavailable,
                        name_ + " ended before it said where it listens");
    }
  }
}

base::Status ChildProcess::check_alive() {
  int status = 0;
  if (ended_ || waitpid(pid_, &status, WNOHANG) == pid_) {
    ended_ = true;
    return base::fail(base::ErrorCode::kUnavailable,
                      name_ + " " + describe_status(status));
  }
  return {};
}

base::Result<std::string> wait_for_file(const std::string& path,
                                        base::Duration deadline,
                                        ChildProcess& writer) {
  const auto end = steady_clock::now() + deadline;
  while (steady_clock::now() < end) {
    const base::Status alive = writer.check_alive();
    if (!alive) return tl::unexpected(alive.error());
    std::ifstream file(path);
    std::string line;
    // A line without its end is still being written.
    if (std::getline(file, line) && !file.eof() && !line.empty()) return line;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return base::fail(base::ErrorCode::kTimedOut, path + " does not appear");
}

std::string own_directory() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error)
      .parent_path()
      .string();
}

}  // namespace waypost::bench
