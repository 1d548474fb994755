#ifndef WAYPOST_TESTS_SUPPORT_PROCESS_H_
#define WAYPOST_TESTS_SUPPORT_PROCESS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace waypost::support {

// The executable of that name beside this test's own: build/<preset>/bin.
std::string our_executable(const std::string& name);
// One of the system's, through PATH and /usr/sbin; empty when not installed.
std::string system_executable(const std::string& name);

struct ProcessOptions {
  std::map<std::string, std::string> environment;  // added to ours
  std::string working_directory;                   // empty: ours
};

// How a process ended.
struct Exit {
  int status = -1;  // -1 when ended by a signal
  int signal_number = 0;
};

// A real child process. Its output is kept; it dies with this object, and with
// the test process should that die first. Not thread-safe.
class Process {
 public:
  explicit Process(std::vector<std::string> arguments,
                   ProcessOptions options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number);
  void stop();       // SIGSTOP; returns when all its threads stand still
  void resume();     // SIGCONT
  void terminate();  // SIGTERM
  void kill();       // SIGKILL, and waits for it

  bool running();
  // Empty when it has not ended within `limit` (not scaled here).
  std::optional<Exit> wait(Milliseconds limit);

  std::string out() const { return read_file(output_ / "out"); }
  std::string err() const { return read_file(output_ / "err"); }
  // Everything it said, with its command line: for failure messages.
  std::string transcript() const;

  // Resident memory in bytes now and at most so far (VmRSS, VmHWM); 0 once it
  // has ended.
  std::size_t memory_bytes() const { return status_bytes("VmRSS:"); }
  std::size_t memory_peak_bytes() const { return status_bytes("VmHWM:"); }
  std::size_t open_files() const;

 private:
  std::size_t status_bytes(const std::string& field) const;
  void reap(int flags);

  std::vector<std::string> arguments_;
  TempDir output_;
  pid_t pid_ = -1;
  std::optional<Exit> exit_;
};

// Runs a program to its end.
struct Finished {
  Exit exit;
  std::string out;
  std::string err;
  std::string transcript;
};
Finished run(std::vector<std::string> arguments, ProcessOptions options = {},
             Milliseconds limit = scaled(std::chrono::seconds(20)));

// A TCP port of 127.0.0.1 on which nobody listens, no other test's process
// either, until this process ends: for where nobody shall listen, for programs
// that cannot take port 0, and for those that come back at their address. It is
// none of those that the kernel gives to whoever asks for any, nor to a
// connection's own end, which could otherwise meet itself there.
std::uint16_t unused_port();

}  // namespace waypost::support

#endif  // WAYPOST_TESTS_SUPPORT_PROCESS_H_
