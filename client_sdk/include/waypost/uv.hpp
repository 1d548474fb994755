#ifndef WAYPOST_UV_HPP_
#define WAYPOST_UV_HPP_

// Not part of waypost.hpp: for applications that run a libuv loop of their own.

#include "waypost/client.hpp"

// libuv's uv_loop_t.
struct uv_loop_s;

namespace waypost {

// As Client::create, but all the client's work, its timers and connections
// included, is done on the application's loop, and no thread is made: handlers
// that EventDelivery::kThread would call on a thread of the library are called
// on the loop's thread, in turns of their own. So are hooks that name the
// background thread.
//
//   uv_loop_t loop;  // initialised; SIGPIPE ignored
//   auto client = waypost::create_on_loop(&loop, options);
//   client->route_async("orders", 3s, [&](waypost::Result<waypost::Route> r) {
//     ...
//   });
//   uv_run(&loop, UV_RUN_DEFAULT);
//
// Threads. The loop's thread is the one that turns the loop; before its first
// turn it is the thread that made the client. Clients are made on it (libuv
// takes handles there only). Everything of Client may be called from any thread
// as ever, but the forms that wait (route, refresh, refresh_all, send) return
// kInvalidArgument on the loop's thread, which they would wait for: use the
// asynchronous forms there. pick and report never wait.
//
// The end. Clients on one loop share three handles, which are open until the
// last of them is closed; like all active handles they keep uv_run from
// returning. close() on the loop's thread, in a callback or between turns,
// returns at once, and turning the loop does the rest: operations under way end
// with kCancelled, then the handles close. uv_run(loop, UV_RUN_DEFAULT) returns
// when it is done, if nothing else is on the loop; then uv_loop_close succeeds.
// (The event ClientClosed is not told then.) On another thread close() waits as
// ever, for a loop that is being turned. A loop must not be closed before.
//
// libuv 1.44 or later, and the same one as this library's: link it dynamically.
// A child after fork makes a new loop and a new client; uv_loop_fork does not
// revive this one.
//
// kInvalidArgument besides Client::create's: `loop` is null; SIGPIPE, neither
// ignored nor blocked on this thread, would end the process when a nameserver
// closes its connection (libuv writes without MSG_NOSIGNAL, and this library
// changes no signal's handling by itself).
Result<Client> create_on_loop(uv_loop_s* loop, ClientOptions options);

}  // namespace waypost

#endif  // WAYPOST_UV_HPP_
