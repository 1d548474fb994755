#ifndef WAYPOST_WIRE_TRANSPORT_UV_PROCESS_H_
#define WAYPOST_WIRE_TRANSPORT_UV_PROCESS_H_

// A child process in a group of its own, with /dev/null for input and output.
//
// Lifetime. The uv_process_t outlives the operation: libuv reaps the child only
// as long as the handle is open, so a destroyed operation kills the group and
// leaves the handle behind, which is closed when the child's end is reported.
// Until then the child, dead or not, keeps its process id, so the kill cannot
// hit a stranger; after it nothing is killed any more.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <uv.h>

#include "base/executor.h"
#include "wire/transport/loop.h"

namespace waypost::transport {

class UvLoop;

class UvProcess final : public Operation {
 public:
  using ExitCallback = std::function<void(base::Result<Loop::ProcessResult>)>;

  static std::unique_ptr<Operation> start(
      UvLoop& loop, const std::vector<std::string>& arguments,
      ExitCallback on_exit);
  explicit UvProcess(ExitCallback on_exit) : on_exit_(std::move(on_exit)) {}
  ~UvProcess() override;
  UvProcess(const UvProcess&) = delete;
  UvProcess& operator=(const UvProcess&) = delete;

  // Closes a handle whose child has not ended; for the end of the loop.
  static void abandon(uv_handle_t* handle);

 private:
  int spawn(UvLoop& loop, const std::vector<std::string>& arguments);
  static void on_exit(uv_process_t* handle, std::int64_t status, int signal);
  void finish(base::Result<Loop::ProcessResult> result);

  ExitCallback on_exit_;
  uv_process_t* handle_ = nullptr;        // while the child is not reaped
  std::unique_ptr<base::Timer> failure_;  // tells later that it did not start
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_PROCESS_H_
