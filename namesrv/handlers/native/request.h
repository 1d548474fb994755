#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_REQUEST_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_REQUEST_H_

// What the handlers of single requests share.

#include <cstdint>
#include <utility>

#include "namesrv/handlers/native/answer.h"
#include "namesrv/handlers/native/native_context.h"
#include "wire/codec/frame.h"
#include "wire/codec/native.h"
#include "wire/rpc/session.h"

namespace waypost::handlers {

enum class Order : std::uint8_t {
  kFree,   // requests that follow may be answered first
  kAlone,  // they wait: the answer may be large
};

// For an answer that comes later: the session expects it from now on.
inline AnswerAddress address_of(NativeContext& context,
                                rpc::ServerSession& session,
                                const codec::FrameView& frame,
                                Order order = Order::kFree) {
  session.expect(order == Order::kAlone);
  return {&context, session.id(), frame.header.correlation_id,
          frame.header.kind};
}

// Decodes a request; a malformed one is refused and its connection closed,
// because the peer does not speak our protocol.
template <typename Message>
bool decode_or_refuse(rpc::ServerSession& session,
                      const codec::FrameView& frame, Message& message) {
  auto decoded = codec::decode<Message>(frame.payload);
  if (!decoded) {
    session.refuse(frame.header.correlation_id, decoded.error());
    return false;
  }
  message = std::move(*decoded);
  return true;
}

// Refuses what a netsplit does not let through; false: it may go on.
inline bool refused_by_gate(NativeContext& context, rpc::ServerSession& session,
                            const codec::FrameView& frame,
                            partition::Operation operation) {
  if (context.service.gate_open(operation)) return false;
  session.reply_error(frame.header.correlation_id,
                      context.service.gate_refusal(operation));
  return true;
}

// Answers here and now, with one frame.
template <typename Message>
void answer_now(rpc::ServerSession& session, const codec::FrameView& frame,
                const Message& message) {
  session.reply(frame.header.kind, codec::kFlagReply,
                frame.header.correlation_id, codec::encode(message));
}

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_REQUEST_H_
