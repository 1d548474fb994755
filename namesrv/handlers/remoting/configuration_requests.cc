#include "namesrv/handlers/remoting/configuration_requests.h"

#include <string>
#include <utility>
#include <vector>

#include "namesrv/handlers/remoting/configuration_keys.h"
#include "namesrv/handlers/remoting/java_properties.h"
#include "wire/codec/remoting/bodies.h"

namespace waypost::handlers {
namespace {

Response not_found(std::string remark) {
  Response response;
  response.code = remoting::response_code::kQueryNotFound;
  response.remark = std::move(remark);
  return response;
}

// As Java writes a text in a message.
std::string or_null(const std::string* text) {
  return text != nullptr ? *text : "null";
}

void change_kv(const Request& request, model::KvChange change) {
  const LaterAnswer to(request);
  to.context().service.change_state(
      std::move(change), [to](const base::Status& done) {
        to.answer(done ? success() : from_error(done.error()));
      });
}

struct Update {
  std::vector<std::pair<const LiveKey*, bool>> changes;
  std::string ignored;  // names, for people
};

void add(std::string& list, std::string_view text) {
  if (!list.empty()) list += ", ";
  list += text;
}

Update sort_out(const JavaProperties& properties) {
  Update update;
  for (const auto& [name, value] : properties) {
    const LiveKey* key = find_live_key(name);
    if (key == nullptr) {
      add(update.ignored, name);
      continue;
    }
    if (const auto on = parse_switch(value)) {
      update.changes.emplace_back(key, *on);
    } else {
      add(update.ignored, name + " (neither true nor false)");
    }
  }
  return update;
}

}  // namespace

void put_kv(const Request& request) {
  const std::string* name_space = request.field("namespace");
  const std::string* key = request.field("key");
  if (name_space == nullptr || key == nullptr) {
    return answer(request, system_error("namespace or key is null"));
  }
  model::KvChange change{*name_space, *key, std::nullopt, true};
  if (const std::string* value = request.field("value")) change.value = *value;
  change_kv(request, std::move(change));
}

void get_kv(const Request& request) {
  const std::string* name_space = request.field("namespace");
  const std::string* key = request.field("key");
  const std::string* value =
      name_space == nullptr || key == nullptr
          ? nullptr
          : request.context.view().state->kv.find(*name_space, *key);
  if (value == nullptr) {
    return answer(request, with_header(not_found("No config item, Namespace: " +
                                                 or_null(name_space) +
                                                 " Key: " + or_null(key))));
  }
  Response response = with_header(success());
  response.ext_fields->set("value", *value);
  answer(request, response);
}

void delete_kv(const Request& request) {
  const std::string* name_space = request.field("namespace");
  const std::string* key = request.field("key");
  if (name_space == nullptr || key == nullptr) {
    return answer(request, success());
  }
  change_kv(request, {*name_space, *key, std::nullopt, false});
}

void list_kv(const Request& request) {
  const std::string* name_space = request.field("namespace");
  const store::KvNamespace* entries =
      name_space == nullptr
          ? nullptr
          : request.context.view().state->kv.find(*name_space);
  if (entries == nullptr) {
    return answer(request, not_found("No config item, Namespace: " +
                                     or_null(name_space)));
  }
  Response response = success();
  response.body = remoting::encode_kv_table({entries->begin(), entries->end()});
  answer(request, response);
}

void update_configuration(const Request& request) {
  if (request.body.empty()) return answer(request, success());
  const auto properties = parse_java_properties(request.body);
  if (!properties) {
    // Java's words, and what is wrong.
    return answer(request, system_error("string2Properties error: " +
                                        properties.error().to_string()));
  }
  const auto& black_list = request.context.settings.configuration.black_list;
  for (const auto& [name, value] : *properties) {
    if (!black_list.contains(name)) continue;
    Response response =
        system_error("Can not update config in black list. (" + name + ")");
    response.code = remoting::response_code::kNoPermission;
    return answer(request, response);
  }
  Update update = sort_out(*properties);
  const std::string peer = request.session.peer().to_string();
  for (const auto& [key, on] : update.changes) {
    request.context.shell().logger.info(
        "setting changed by request, until the restart",
        {{"key", key->name}, {"value", on ? "true" : "false"}, {"peer", peer}});
  }
  Response response = success();
  if (!update.ignored.empty()) {
    request.context.shell().logger.warn(
        "settings of a request ignored",
        {{"keys", update.ignored}, {"peer", peer}});
    response.remark = "ignored, nothing here depends on it: " + update.ignored;
  }
  if (update.changes.empty()) return answer(request, response);
  const LaterAnswer to(request);
  to.context().service.change_remoting_settings(
      [changes = std::move(update.changes)](service::RemotingSettings& all) {
        for (const auto& [key, on] : changes) all.*(key->value) = on;
      },
      [to, response](const base::Status& done) {
        to.answer(done ? response : from_error(done.error()));
      });
}

void get_configuration(const Request& request) {
  const service::PublishedView& view = request.context.view();
  Response response = success();
  std::string& lines = response.body;
  for (const LiveKey& key : live_keys()) {
    lines.append(key.name).append(view.remoting.*(key.value) ? "=true\n"
                                                             : "=false\n");
  }
  for (const auto& [name, value] :
       request.context.settings.configuration.fixed) {
    lines.append(name).append("=").append(value).append("\n");
  }
  answer(request, response);
}

}  // namespace waypost::handlers
