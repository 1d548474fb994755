#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_RESPONSE_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_RESPONSE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "namesrv/handlers/remoting/remoting_context.h"
#include "wire/codec/remoting/command.h"
#include "wire/rpc/remoting_session.h"

namespace waypost::handlers {

// An answer before it is bytes.
struct Response {
  std::int32_t code = remoting::response_code::kSuccess;
  std::optional<std::string> remark;
  // Set, if only to nothing, where the Java server has a class for the header:
  // it then writes `"extFields":{}`.
  std::optional<remoting::ExtFields> ext_fields;
  std::string body;
  // The Java server answers in JSON whatever the request was written in when
  // the processor has thrown.
  bool thrown = false;
};

Response success();
Response with_header(Response response);  // `"extFields":{}` at least
Response system_error(std::string remark);
// What the Java server answers when the request's processor throws.
Response thrown(std::string remark);
// Of ours: busy is 2, anything else 1, with the error's text.
Response from_error(const base::Error& error);

// What of a request its answer needs; outlives the request.
struct RequestHead {
  remoting::Serialization serialization = remoting::Serialization::kJson;
  std::int32_t opaque = 0;
  bool oneway = false;
};

// The whole frame; any thread.
std::string encode_response(const RequestHead& request,
                            const Response& response);

// One request with the connection it came over; valid during on_frame.
struct Request {
  RemotingContext& context;
  rpc::RemotingSession& session;
  const remoting::Command& command;
  std::string_view body;

  RequestHead head() const {
    return {command.serialization, command.opaque, command.is_oneway()};
  }
  // Null when absent.
  const std::string* field(std::string_view name) const {
    return command.ext_field(name);
  }
};

// Answers now. A one-way request gets none, whatever became of it.
void answer(const Request& request, const Response& response);

// Where an answer goes that comes later, perhaps from another thread: a value
// that may outlive the connection it names. Requests that follow on the
// connection wait for it, so that what a broker says is done in its order;
// one of the methods but on_session() is to be called, once.
class LaterAnswer {
 public:
  // Tells the session to expect it.
  explicit LaterAnswer(const Request& request);

  // Any thread; encodes on the loop's.
  void answer(Response response) const;
  // Any thread; `frame` is encode_response(head(), ...).
  void answer_encoded(std::string frame) const;

  // Runs `use(session)` on the loop's thread if the connection still lives;
  // what it does must lead to an answer.
  template <typename Use>
  void on_session(Use use) const {
    context_->shell().loop->post(
        [context = context_, id = session_id_, use = std::move(use)] {
          rpc::RemotingSession* session = context->shell().find_session(id);
          if (session != nullptr) use(*session);
        });
  }

  RemotingContext& context() const { return *context_; }
  const RequestHead& head() const { return head_; }
  std::uint64_t session_id() const { return session_id_; }

 private:
  RemotingContext* context_;
  std::uint64_t session_id_;
  RequestHead head_;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_RESPONSE_H_
