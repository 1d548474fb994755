#ifndef WAYPOST_WIRE_TRANSPORT_LOOP_H_
#define WAYPOST_WIRE_TRANSPORT_LOOP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "wire/transport/network.h"

// libuv's uv_loop_t.
struct uv_loop_s;

namespace waypost::transport {

// One libuv loop: an executor, a clock, a network, signals and child processes.
// Lifetime: make it, hang things on it, run() it on one thread until stop(),
// destroy what hangs on it, destroy it. Whatever thread calls run() is the
// loop's thread; before run(), the thread that made it.
class Loop : public base::Executor {
 public:
  // Null only when the system has no descriptors or memory for it.
  static std::unique_ptr<Loop> create();

  // On a loop that somebody else makes, turns and closes; run() and stop() must
  // not be called. What hangs on it must have been destroyed before; letting go
  // of it, on any thread, then closes its handles in later turns, up to which
  // posted tasks run. The loop's thread is the one that turns it; before the
  // first turn, the one that calls this. Null as create().
  struct Leave {
    void operator()(Loop* loop) const;
  };
  using Adopted = std::unique_ptr<Loop, Leave>;
  static Adopted adopt(uv_loop_s* loop);

  // Runs until stop(); then closes nothing by itself.
  virtual void run() = 0;
  // From any thread, also before run() (which then returns at once). A later
  // run() goes on where this one left off.
  virtual void stop() = 0;

  virtual Network& network() = 0;

  // Calls `on_signal` on the loop's thread for each arrival; SIGINT, SIGTERM,
  // SIGHUP. Destroying the operation restores the default.
  [[nodiscard]] virtual std::unique_ptr<Operation> on_signal(
      int signal_number, std::function<void()> on_signal) = 0;

  struct ProcessResult {
    int exit_status = 0;    // -1 when ended by a signal
    int signal_number = 0;  // 0 when it exited
  };
  // Runs a program (arguments[0] is looked up in PATH) with no input and no
  // output. Destroying the operation kills its whole process group. When it
  // could not be started the callback gets the error.
  [[nodiscard]] virtual std::unique_ptr<Operation> spawn(
      const std::vector<std::string>& arguments,
      std::function<void(base::Result<ProcessResult>)> on_exit) = 0;

  // Called after each turn's input was delivered, before the loop blocks
  // again, as long as anything happened: a quiescent point for readers of
  // shared tables. One hook for each loop.
  virtual void set_turn_hook(std::function<void()> hook) = 0;

  // CLOCK_BOOTTIME: goes on while the machine sleeps. For noticing our own
  // suspension; read at the call, not constant within a turn.
  virtual base::Duration boot_time() const = 0;
};

// True when the numeric address belongs to one of this host's interfaces,
// loopback included.
bool is_local_address(const std::string& numeric_host);

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_LOOP_H_
