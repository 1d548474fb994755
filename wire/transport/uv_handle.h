#ifndef WAYPOST_WIRE_TRANSPORT_UV_HANDLE_H_
#define WAYPOST_WIRE_TRANSPORT_UV_HANDLE_H_

// Handle lifetime. libuv goes on using a handle's memory after uv_close until
// the close callback has run, one turn later. So no object of ours contains a
// handle that it could take along when it is destroyed: it owns the handle
// through UvHandle, whose deleter closes now and frees in the close callback.
// After uv_close no other callback of that handle runs, so a callback may use
// handle->data, the owner, without asking whether it still exists.

#include <memory>

#include <uv.h>

namespace waypost::transport {

template <typename T>
struct UvClose {
  void operator()(T* handle) const {
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<T*>(closed); });
  }
};

// An initialised handle. A handle whose uv_*_init failed must not be put here.
template <typename T>
using UvHandle = std::unique_ptr<T, UvClose<T>>;

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_HANDLE_H_
