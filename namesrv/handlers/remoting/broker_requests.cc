#include "namesrv/handlers/remoting/broker_requests.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "namesrv/registry/remoting_lists.h"
#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/java_text.h"

namespace waypost::handlers {
namespace {

// Feeds the event to the registry; `respond` makes the answer from its reply.
template <typename Reply, typename Event, typename Respond>
void ask_registry(const Request& request, Event event, Respond respond) {
  const LaterAnswer to(request);
  to.context().service.write(
      std::move(event), [to, respond](registry::Reply reply) {
        if (const auto* error = std::get_if<base::Error>(&reply)) {
          to.answer(from_error(*error));
        } else {
          to.answer(respond(std::get<Reply>(reply)));
        }
      });
}

void change_write_permission(const Request& request,
                             registry::ChangeWritePermission::Change change,
                             const char* count_field) {
  const auto respond = [count_field](
                           const registry::WritePermissionReply& reply) {
    Response response = with_header(success());
    response.ext_fields->set(count_field, std::to_string(reply.topic_count));
    return response;
  };
  const std::string* name = request.field("brokerName");
  if (name == nullptr) return answer(request, respond({}));
  request.context.shell().logger.info(
      change == registry::ChangeWritePermission::Change::kWipe
          ? "write permission of a broker is wiped"
          : "write permission of a broker is added",
      {{"broker", *name}, {"peer", request.session.peer().to_string()}});
  ask_registry<registry::WritePermissionReply>(
      request,
      registry::ChangeWritePermission{model::BrokerName(*name), change},
      respond);
}

}  // namespace

void unregister_broker(const Request& request) {
  const std::string* id_text = request.field("brokerId");
  const auto id =
      id_text == nullptr ? std::nullopt : remoting::java_long(*id_text);
  if (!id) return answer(request, thrown("UNREGISTER_BROKER needs brokerId"));
  const std::string* name = request.field("brokerName");
  const std::string* address = request.field("brokerAddr");
  // Nobody is registered without these.
  if (name == nullptr || address == nullptr) return answer(request, success());
  ask_registry<model::UnregisterReply>(
      request,
      registry::RemotingUnregister{
          {model::BrokerName(*name), model::BrokerId(*id)}, *address},
      [](const model::UnregisterReply&) { return success(); });
}

void query_data_version(const Request& request) {
  if (request.body.empty()) {
    return answer(request, thrown("QUERY_DATA_VERSION needs a body"));
  }
  const auto version = remoting::decode_data_version(request.body);
  if (!version) {
    return answer(request, thrown(version.error().to_string()));
  }
  const auto respond = [](const registry::DataVersionReply& reply) {
    Response response = with_header(success());
    response.ext_fields->set("changed", reply.changed ? "true" : "false");
    if (reply.held) response.body = remoting::encode(*reply.held);
    return response;
  };
  const std::string* address = request.field("brokerAddr");
  if (address == nullptr) return answer(request, respond({}));
  ask_registry<registry::DataVersionReply>(
      request, registry::QueryDataVersion{*address, *version}, respond);
}

void broker_heartbeat(const Request& request) {
  const std::string* address = request.field("brokerAddr");
  if (address == nullptr) return answer(request, success());
  ask_registry<registry::BrokerHeartbeatReply>(
      request, registry::BrokerHeartbeat{*address},
      [](const registry::BrokerHeartbeatReply&) { return success(); });
}

void get_broker_member_group(const Request& request) {
  const std::string* cluster = request.field("clusterName");
  const std::string* name = request.field("brokerName");
  remoting::BrokerMemberGroup group;
  if (cluster != nullptr) group.cluster = *cluster;
  if (name != nullptr) {
    group.broker_name = *name;
    const auto members =
        registry::group_members(request.context.view().routes, *name);
    for (const auto& [id, address] : members.addresses) {
      group.addresses.emplace_back(id.value(), address);
    }
  }
  Response response = success();
  response.body = remoting::encode(group);
  answer(request, response);
}

void wipe_write_permission(const Request& request) {
  change_write_permission(request,
                          registry::ChangeWritePermission::Change::kWipe,
                          "wipeTopicCount");
}

void add_write_permission(const Request& request) {
  change_write_permission(
      request, registry::ChangeWritePermission::Change::kAdd, "addTopicCount");
}

}  // namespace waypost::handlers
