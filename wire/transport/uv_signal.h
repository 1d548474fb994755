#ifndef WAYPOST_WIRE_TRANSPORT_UV_SIGNAL_H_
#define WAYPOST_WIRE_TRANSPORT_UV_SIGNAL_H_

#include <functional>
#include <memory>

#include <uv.h>

#include "wire/transport/network.h"
#include "wire/transport/uv_handle.h"

namespace waypost::transport {

class UvLoop;

// Watches one signal. When the last watcher of a signal in the process goes,
// libuv puts the default disposition back. The callback may destroy its watch:
// it is held by the call meanwhile, and the handle by libuv.
class UvSignal final : public Operation {
 public:
  static std::unique_ptr<Operation> watch(UvLoop& loop, int signal_number,
                                          std::function<void()> on_signal);

  UvSignal(UvHandle<uv_signal_t> handle, std::function<void()> on_signal);

 private:
  UvHandle<uv_signal_t> handle_;
  const std::shared_ptr<const std::function<void()>> on_signal_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_SIGNAL_H_
