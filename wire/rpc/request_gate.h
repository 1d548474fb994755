#ifndef WAYPOST_WIRE_RPC_REQUEST_GATE_H_
#define WAYPOST_WIRE_RPC_REQUEST_GATE_H_

#include <cstddef>

#include "wire/transport/connection.h"

namespace waypost::rpc {

// Whether the next request of a connection is handed out now. One read may hold
// a thousand small requests whose answers are large: what a connection may cost
// is bounded here, request by request, not by closing it afterwards.
//
// Requests wait in the connection's input while
//  - more output waits than the connection's high-water mark: so much and one
//    answer is what a peer that does not read may cost;
//  - kPendingMax answers are still to come from other threads;
//  - a request that was to be alone (a listing, a large body) is unanswered:
//    those that came after it keep their order.
// They come again by themselves. Loop thread only.
class RequestGate {
 public:
  static constexpr std::size_t kPendingMax = 64;

  explicit RequestGate(transport::Connection& connection)
      : connection_(connection) {}

  // To be asked before each request is taken out of the input. After false the
  // stream returns from on_bytes and leaves the rest.
  bool is_open();

  // The request that was handed out last will be answered later: each of these
  // is followed by one settle(). `alone`: nothing is handed out before that.
  void expect(bool alone);
  void settle();

 private:
  bool has_room() const { return !alone_ && pending_ < kPendingMax; }

  transport::Connection& connection_;
  std::size_t pending_ = 0;
  bool alone_ = false;
  bool paused_ = false;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_REQUEST_GATE_H_
