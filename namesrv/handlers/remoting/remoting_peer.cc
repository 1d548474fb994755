#include "namesrv/handlers/remoting/remoting_peer.h"

#include <optional>
#include <string>
#include <utility>

#include "namesrv/handlers/close_cause.h"
#include "namesrv/handlers/remoting/broker_requests.h"
#include "namesrv/handlers/remoting/configuration_requests.h"
#include "namesrv/handlers/remoting/list_requests.h"
#include "namesrv/handlers/remoting/registration.h"
#include "namesrv/handlers/remoting/route_requests.h"
#include "namesrv/handlers/remoting/topic_requests.h"
#include "wire/codec/remoting/command.h"
#include "wire/codec/remoting/route_query.h"

namespace waypost::handlers {
namespace {

// What mqadmin changes; what brokers change of their own is theirs to change.
bool is_operators_change(std::int32_t code) {
  namespace code_of = remoting::request_code;
  switch (code) {
    case code_of::kPutKvConfig:
    case code_of::kDeleteKvConfig:
    case code_of::kWipeWritePermOfBroker:
    case code_of::kAddWritePermOfBroker:
    case code_of::kDeleteTopicInNamesrv:
    case code_of::kUpdateNamesrvConfig:
      return true;
    default:
      return false;
  }
}

void refuse_change(const Request& request) {
  Response response;
  response.code = remoting::response_code::kNoPermission;
  response.remark =
      "this nameserver takes no changes on its service port "
      "(admin.allow-on-service-port = off)";
  answer(request, response);
}

// What a netsplit may be told to refuse. Route queries see to it themselves.
std::optional<partition::Operation> gated(std::int32_t code) {
  namespace code_of = remoting::request_code;
  if (is_operators_change(code)) return partition::Operation::kConfigWrite;
  switch (code) {
    case code_of::kRegisterBroker:
    case code_of::kRegisterTopicInNamesrv:
      return partition::Operation::kRegister;
    case code_of::kUnregisterBroker:
      return partition::Operation::kUnregister;
    default:
      return std::nullopt;
  }
}

void refuse_in_netsplit(const Request& request,
                        partition::Operation operation) {
  service::NameService& service = request.context.service;
  // A broker that is refused has shown all the same that it lives, and brokers
  // of 4.x show it in no other way.
  const std::string* address = request.field("brokerAddr");
  if (operation == partition::Operation::kRegister && address != nullptr) {
    service.write(registry::BrokerHeartbeat{*address}, nullptr);
  }
  answer(request, from_error(service.gate_refusal(operation)));
}

}  // namespace

void RemotingPeer::on_frame(const remoting::FrameView& frame) {
  if (const auto query = remoting::scan_route_query(frame)) {
    answer_route_query(context_, session_, *query);
    return;
  }
  auto command = remoting::decode_header(frame);
  if (!command) {
    session_.refuse("closed a connection: a header that cannot be read",
                    command.error().message);
    return;
  }
  // A response nobody asked for.
  if (command->is_response()) return;
  dispatch({context_, session_, *command, frame.body});
}

void RemotingPeer::dispatch(const Request& request) {
  namespace code = remoting::request_code;
  if (!context_.settings.changes_allowed &&
      is_operators_change(request.command.code)) {
    return refuse_change(request);
  }
  const auto operation = gated(request.command.code);
  if (operation && !context_.service.gate_open(*operation)) {
    return refuse_in_netsplit(request, *operation);
  }
  switch (request.command.code) {
    case code::kGetRouteInfoByTopic:
      return get_route(request);
    case code::kRegisterBroker:
      return register_broker(request, binding());
    case code::kUnregisterBroker:
      return unregister_broker(request);
    case code::kQueryDataVersion:
      return query_data_version(request);
    case code::kBrokerHeartbeat:
      return broker_heartbeat(request);
    case code::kGetBrokerMemberGroup:
      return get_broker_member_group(request);
    case code::kGetBrokerClusterInfo:
      return get_cluster_info(request);
    case code::kWipeWritePermOfBroker:
      return wipe_write_permission(request);
    case code::kAddWritePermOfBroker:
      return add_write_permission(request);
    case code::kGetAllTopicList:
      return list_all_topics(request);
    case code::kGetTopicsByCluster:
      return list_topics_of_cluster(request);
    case code::kGetSystemTopicList:
      return list_system_topics(request);
    case code::kGetUnitTopicList:
      return list_unit_topics(request, registry::UnitTopics::kUnit);
    case code::kGetHasUnitSubTopicList:
      return list_unit_topics(request, registry::UnitTopics::kUnitSub);
    case code::kGetHasUnitSubUnunitTopicList:
      return list_unit_topics(request,
                              registry::UnitTopics::kUnitSubButNotUnit);
    case code::kDeleteTopicInNamesrv:
      return delete_topic(request);
    case code::kRegisterTopicInNamesrv:
      return register_topic(request);
    case code::kPutKvConfig:
      return put_kv(request);
    case code::kGetKvConfig:
      return get_kv(request);
    case code::kDeleteKvConfig:
      return delete_kv(request);
    case code::kGetKvListByNamespace:
      return list_kv(request);
    case code::kUpdateNamesrvConfig:
      return update_configuration(request);
    case code::kGetNamesrvConfig:
      return get_configuration(request);
    default:
      break;
  }
  Response response;
  response.code = remoting::response_code::kRequestCodeNotSupported;
  response.remark = " request type " + std::to_string(request.command.code) +
                    " not supported";
  answer(request, response);
}

// As the Java server. What it says of the brokers on it is that they have been
// silent; those that are due for it go now, as there.
void RemotingPeer::on_idle() {
  idle_ = true;
  if (binding_ != model::BindingId()) {
    context_.service.write(registry::BindingIdle{binding_}, nullptr);
  }
  context_.shell().logger.debug("closed an idle connection",
                                {{"peer", session_.peer().to_string()}});
  session_.close();
}

void RemotingPeer::on_closed(transport::CloseReason reason) {
  if (binding_ == model::BindingId()) return;
  const bool by_silence = idle_ && reason == transport::CloseReason::kLocal;
  context_.service.write(
      registry::BindingClosed{
          binding_, by_silence ? registry::BindingClosed::Cause::kSilence
                               : cause_of(reason)},
      nullptr);
}

// The connection of a broker that talks, but not as a broker must, is closed
// when the broker expires.
model::BindingId RemotingPeer::binding() {
  if (binding_ == model::BindingId()) {
    binding_ =
        context_.service.new_binding([context = &context_, id = session_.id()] {
          context->shell().loop->post([context, id] {
            rpc::RemotingSession* session = context->shell().find_session(id);
            if (session != nullptr) session->close();
          });
        });
  }
  return binding_;
}

}  // namespace waypost::handlers
