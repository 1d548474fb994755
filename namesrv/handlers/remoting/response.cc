#include "namesrv/handlers/remoting/response.h"

#include <utility>

namespace waypost::handlers {

namespace code = remoting::response_code;

Response success() { return {}; }

Response with_header(Response response) {
  if (!response.ext_fields) response.ext_fields.emplace();
  return response;
}

Response system_error(std::string remark) {
  Response response;
  response.code = code::kSystemError;
  response.remark = std::move(remark);
  return response;
}

Response thrown(std::string remark) {
  Response response = system_error(std::move(remark));
  response.thrown = true;
  return response;
}

Response from_error(const base::Error& error) {
  Response response = system_error(error.to_string());
  if (error.code == base::ErrorCode::kBusy) response.code = code::kSystemBusy;
  return response;
}

std::string encode_response(const RequestHead& request,
                            const Response& response) {
  remoting::Command command;
  command.serialization =
      response.thrown ? remoting::Serialization::kJson : request.serialization;
  command.code = response.code;
  command.opaque = request.opaque;
  command.flag = remoting::kFlagResponse;
  command.remark = response.remark;
  command.ext_fields = response.ext_fields;
  return remoting::encode_frame(command, response.body);
}

void answer(const Request& request, const Response& response) {
  if (request.command.is_oneway()) return;
  request.session.write(encode_response(request.head(), response));
}

LaterAnswer::LaterAnswer(const Request& request)
    : context_(&request.context),
      session_id_(request.session.id()),
      head_(request.head()) {
  request.session.expect(true);
}

void LaterAnswer::answer(Response response) const {
  on_session([head = head_,
              response = std::move(response)](rpc::RemotingSession& session) {
    if (!head.oneway) session.write(encode_response(head, response));
    session.settle();
  });
}

void LaterAnswer::answer_encoded(std::string frame) const {
  on_session([oneway = head_.oneway,
              frame = std::move(frame)](rpc::RemotingSession& session) {
    if (!oneway) session.write(frame);
    session.settle();
  });
}

}  // namespace waypost::handlers
