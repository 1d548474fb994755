#include "wire/transport/uv_process.h"

#include <array>
#include <csignal>
#include <utility>

#include "wire/transport/uv_error.h"
#include "wire/transport/uv_handle.h"
#include "wire/transport/uv_loop.h"

namespace waypost::transport {

std::unique_ptr<Operation> UvProcess::start(
    UvLoop& loop, const std::vector<std::string>& arguments,
    ExitCallback on_exit) {
  auto process = std::make_unique<UvProcess>(std::move(on_exit));
  const int status =
      arguments.empty() ? UV_EINVAL : process->spawn(loop, arguments);
  if (status != 0) {
    const std::string program = arguments.empty() ? "" : arguments.front();
    base::Error error = uv_error(status, "start '" + program + "'");
    if (error.code == base::ErrorCode::kNotFound) {
      error.advice = "give its full path, or put it in PATH";
    }
    process->failure_ = loop.run_after(
        base::Duration::zero(),
        [self = process.get(), error] { self->finish(tl::unexpected(error)); });
  }
  return process;
}

int UvProcess::spawn(UvLoop& loop, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const auto& each : arguments) {
    argv.push_back(const_cast<char*>(each.c_str()));
  }
  argv.push_back(nullptr);

  // Ignored standard streams are opened on /dev/null by libuv.
  std::array<uv_stdio_container_t, 3> streams{};
  for (auto& each : streams) each.flags = UV_IGNORE;

  uv_process_options_t options{};
  options.file = argv.front();
  options.args = argv.data();
  options.exit_cb = &UvProcess::on_exit;
  options.flags = UV_PROCESS_DETACHED;  // setsid: a group that we can kill
  options.stdio = streams.data();
  options.stdio_count = static_cast<int>(streams.size());

  auto* const handle = new uv_process_t{};
  const int status = uv_spawn(loop.uv(), handle, &options);
  if (status != 0) {
    UvClose<uv_process_t>()(handle);
    return status;
  }
  handle->data = this;
  handle_ = handle;
  return 0;
}

UvProcess::~UvProcess() {
  if (handle_ == nullptr) return;
  handle_->data = nullptr;
  kill(-handle_->pid, SIGKILL);
}

void UvProcess::abandon(uv_handle_t* handle) {
  if (uv_is_closing(handle) == 0) {
    UvClose<uv_process_t>()(reinterpret_cast<uv_process_t*>(handle));
  }
}

void UvProcess::on_exit(uv_process_t* handle, std::int64_t status, int signal) {
  auto* const self = static_cast<UvProcess*>(handle->data);
  UvClose<uv_process_t>()(handle);
  if (self == nullptr) return;
  self->handle_ = nullptr;
  self->finish(Loop::ProcessResult{
      .exit_status = signal == 0 ? static_cast<int>(status) : -1,
      .signal_number = signal});
}

void UvProcess::finish(base::Result<Loop::ProcessResult> result) {
  const auto on_exit = std::exchange(on_exit_, nullptr);
  on_exit(std::move(result));
}

}  // namespace waypost::transport
