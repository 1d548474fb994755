#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_ANSWER_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_ANSWER_H_

#include <cstdint>
#include <utility>
#include <variant>

#include "namesrv/handlers/native/native_context.h"
#include "namesrv/registry/events.h"
#include "wire/codec/native.h"

namespace waypost::handlers {

// Where an answer goes that comes later, perhaps from another thread: a value
// that may outlive the session it names. The session expects it (see
// ServerSession::expect) until answer() or fail() has been called, once.
struct AnswerAddress {
  NativeContext* context;
  std::uint64_t session_id;
  std::uint64_t correlation_id;
  codec::FrameKind kind;

  // Runs `use` with the session on its loop's thread, if it still lives.
  template <typename Use>
  void on_session(Use use) const {
    context->shell().loop->post([to = *this, use = std::move(use)] {
      rpc::ServerSession* session =
          to.context->shell().find_session(to.session_id);
      if (session != nullptr) use(*session, to);
    });
  }

  // Any thread.
  template <typename Message>
  void answer(Message message) const {
    on_session([message = std::move(message)](rpc::ServerSession& session,
                                              const AnswerAddress& to) {
      session.reply(to.kind, codec::kFlagReply, to.correlation_id,
                    codec::encode(message));
      session.settle();
    });
  }

  // Any thread.
  void fail(base::Error error) const {
    on_session([error = std::move(error)](rpc::ServerSession& session,
                                          const AnswerAddress& to) {
      session.reply_error(to.correlation_id, error);
      session.settle();
    });
  }

  // For NameService::write: answers whatever the registry replies.
  service::ReplyCallback registry_reply() const {
    return [to = *this](registry::Reply reply) {
      std::visit(
          [&](auto& message) {
            using Message = std::remove_reference_t<decltype(message)>;
            if constexpr (std::is_same_v<Message, std::monostate>) {
              to.fail({base::ErrorCode::kInternal, "no reply", ""});
            } else if constexpr (std::is_same_v<Message, base::Error>) {
              to.fail(std::move(message));
            } else if constexpr (requires { codec::encode(message); }) {
              to.answer(std::move(message));
            } else {
              to.fail({base::ErrorCode::kInternal,
                       "a reply of another protocol", ""});
            }
          },
          reply);
    };
  }
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_ANSWER_H_
