#include "wire/transport/uv_signal.h"

#include <utility>

#include "base/assert.h"
#include "wire/transport/uv_loop.h"

namespace waypost::transport {

std::unique_ptr<Operation> UvSignal::watch(UvLoop& loop, int signal_number,
                                           std::function<void()> on_signal) {
  UvHandle<uv_signal_t> handle;
  auto* const raw = new uv_signal_t;
  // Fails only for want of the loop's signal pipe; SIGINT and SIGTERM without
  // a watch still end the process.
  WAYPOST_ASSERT(uv_signal_init(loop.uv(), raw) == 0);
  handle.reset(raw);
  auto watch =
      std::make_unique<UvSignal>(std::move(handle), std::move(on_signal));
  // Fails for numbers that no program can catch.
  WAYPOST_ASSERT(uv_signal_start(
                     raw,
                     [](uv_signal_t* signal, int) {
                       const auto held =
                           static_cast<UvSignal*>(signal->data)->on_signal_;
                       (*held)();
                     },
                     signal_number) == 0);
  return watch;
}

UvSignal::UvSignal(UvHandle<uv_signal_t> handle,
                   std::function<void()> on_signal)
    : handle_(std::move(handle)),
      on_signal_(
          std::make_shared<const std::function<void()>>(std::move(on_signal))) {
  handle_->data = this;
}

}  // namespace waypost::transport
