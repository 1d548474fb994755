#include "namesrv/handlers/native/admin_requests.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "namesrv/handlers/native/kv_page.h"
#include "namesrv/handlers/native/request.h"
#include "namesrv/handlers/remoting/configuration_keys.h"

namespace waypost::handlers {
namespace {

using codec::FrameKind;

// One request on its way to its answer.
struct Request {
  NativeContext& context;
  rpc::ServerSession& session;
  const codec::FrameView& frame;

  template <typename Message>
  bool decode(Message& message) const {
    return decode_or_refuse(session, frame, message);
  }
  template <typename Message>
  void answer(const Message& message) const {
    answer_now(session, frame, message);
  }
  void fail(const base::Error& error) const {
    session.reply_error(frame.header.correlation_id, error);
  }
  const store::HardState& state() const { return *context.view().state; }

  // What is changed, and by whom, for those who wonder later. No values.
  void log(const std::string& what) const {
    context.shell().logger.info(
        "an operator changes something",
        {{"change", codec::frame_kind_name(frame.header.kind)},
         {"what", what},
         {"peer", session.peer().to_string()}});
  }

  // Answers when the change is on the disk.
  void change(store::Change change, model::ChangeReply reply) const {
    const AnswerAddress to = address_of(context, session, frame);
    context.service.change_state(std::move(change),
                                 [to, reply](const base::Status& done) {
                                   if (!done) return to.fail(done.error());
                                   to.answer(reply);
                                 });
  }
};

std::string named(const std::string& name_space, const std::string& key) {
  return "namespace " + name_space + ", key " + key;
}

// --- Key-value configuration ---

void kv_get(const Request& to) {
  model::KvGetRequest request;
  if (!to.decode(request)) return;
  const std::string* value =
      to.state().kv.find(request.name_space, request.key);
  if (value == nullptr) {
    return to.fail({base::ErrorCode::kNotFound,
                    "there is no " + named(request.name_space, request.key),
                    ""});
  }
  to.answer(model::KvGetReply{*value});
}

void kv_list(const Request& to) {
  model::KvListRequest request;
  if (!to.decode(request)) return;
  auto page =
      page_of(to.state().kv, request, to.context.page_limit(request.limit));
  if (!page) return to.fail(page.error());
  to.answer(*page);
}

void kv_put(const Request& to) {
  model::KvPutRequest request;
  if (!to.decode(request)) return;
  model::KvEntry& entry = request.entry;
  const std::string* held = to.state().kv.find(entry.name_space, entry.key);
  if (held != nullptr && *held == entry.value) {
    return to.answer(model::ChangeReply{.changed = false});
  }
  to.log(named(entry.name_space, entry.key));
  to.change(model::KvChange{std::move(entry.name_space), std::move(entry.key),
                            std::move(entry.value)},
            {.changed = true});
}

void kv_delete(const Request& to) {
  model::KvDeleteRequest request;
  if (!to.decode(request)) return;
  if (to.state().kv.find(request.name_space, request.key) == nullptr) {
    return to.answer(model::ChangeReply{.changed = false});
  }
  to.log(named(request.name_space, request.key));
  to.change(model::KvChange{std::move(request.name_space),
                            std::move(request.key), std::nullopt},
            {.changed = true});
}

// --- Permission overrides ---

void list_overrides(const Request& to) {
  model::PageRequest request;
  if (!to.decode(request)) return;
  to.answer(page_of(to.state().overrides, request,
                    to.context.page_limit(request.limit)));
}

void set_override(const Request& to) {
  model::SetOverrideRequest request;
  if (!to.decode(request)) return;
  constexpr std::uint32_t kReadWrite =
      model::Permission::kRead | model::Permission::kWrite;
  if (request.broker_name.value().empty()) {
    return to.fail({base::ErrorCode::kInvalidArgument,
                    "the broker name of an override is empty", ""});
  }
  if ((request.permission.bits & ~kReadWrite) != 0) {
    return to.fail({base::ErrorCode::kInvalidArgument,
                    "an override of permission " +
                        std::to_string(request.permission.bits) +
                        " means nothing",
                    "it sets 6 (rw), 4 (r), 2 (w) or 0"});
  }
  const auto held = to.state().overrides.find(request.broker_name);
  const bool changed = held == to.state().overrides.end() ||
                       held->second.permission != request.permission;
  to.log(request.broker_name.value() + ", permission " +
         request.permission.to_string() + ", owner '" + request.owner +
         "', reason '" + request.reason + "'");
  const base::WallTime now = to.context.shell().loop->wall_now();
  model::PermissionOverride override{std::move(request.broker_name),
                                     request.permission,
                                     std::move(request.owner),
                                     std::move(request.reason),
                                     now,
                                     std::nullopt};
  if (request.lapses_after > base::Duration::zero()) {
    override.lapses_at = now + request.lapses_after;
  }
  to.change(std::move(override), {.changed = changed});
}

void clear_override(const Request& to) {
  model::ClearOverrideRequest request;
  if (!to.decode(request)) return;
  if (!to.state().overrides.contains(request.broker_name)) {
    return to.answer(model::ChangeReply{.changed = false});
  }
  to.log(request.broker_name.value());
  to.change(store::ClearOverride{std::move(request.broker_name)},
            {.changed = true});
}

// --- Topics ---

void delete_topic(const Request& to) {
  model::DeleteTopicRequest request;
  if (!to.decode(request)) return;
  to.log(request.topic.value() +
         (request.cluster ? ", cluster " + request.cluster->value() : ""));
  const AnswerAddress later = address_of(to.context, to.session, to.frame);
  to.context.service.write(
      registry::DeleteTopic{std::move(request.topic),
                            std::move(request.cluster)},
      [later](const registry::Reply& reply) {
        if (const auto* error = std::get_if<base::Error>(&reply)) {
          return later.fail(*error);
        }
        const auto& done = std::get<registry::TopicReply>(reply);
        later.answer(model::DeleteTopicReply{
            static_cast<std::uint32_t>(done.group_count)});
      });
}

// --- Settings ---

void list_settings(const Request& to) {
  model::SettingList list{to.context.settings.fixed_settings};
  for (const LiveKey& key : live_keys()) {
    const bool on = to.context.view().remoting.*(key.value);
    list.settings.push_back({std::string(key.name), on ? "true" : "false",
                             /*changeable=*/true});
  }
  std::sort(list.settings.begin(), list.settings.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  to.answer(list);
}

base::Error cannot_change(const Request& to, const std::string& name) {
  const auto& fixed = to.context.settings.fixed_settings;
  const bool known = std::any_of(
      fixed.begin(), fixed.end(),
      [&](const model::Setting& setting) { return setting.key == name; });
  std::string names;
  for (const LiveKey& key : live_keys()) {
    names += (names.empty() ? "" : ", ") + std::string(key.name);
  }
  return {base::ErrorCode::kInvalidArgument,
          known ? name + " cannot be changed while the nameserver runs"
                : "there is no setting " + name,
          "these can be changed: " + names};
}

void change_setting(const Request& to) {
  model::ChangeSettingRequest request;
  if (!to.decode(request)) return;
  const LiveKey* key = find_live_key(request.key);
  if (key == nullptr) return to.fail(cannot_change(to, request.key));
  const std::optional<bool> on = parse_switch(request.value);
  if (!on) {
    return to.fail({base::ErrorCode::kInvalidArgument,
                    request.key + " cannot be '" + request.value + "'",
                    "it is true or false"});
  }
  to.log(request.key + " = " + (*on ? "true" : "false"));
  const AnswerAddress later = address_of(to.context, to.session, to.frame);
  const auto changed = std::make_shared<bool>(false);
  to.context.service.change_remoting_settings(
      [key, on, changed](service::RemotingSettings& settings) {
        bool& value = settings.*(key->value);
        *changed = value != *on;
        value = *on;
      },
      [later, changed](const base::Status& done) {
        if (!done) return later.fail(done.error());
        later.answer(model::ChangeReply{*changed});
      });
}

bool changes_something(FrameKind kind) {
  switch (kind) {
    case FrameKind::kKvPut:
    case FrameKind::kKvDelete:
    case FrameKind::kSetOverride:
    case FrameKind::kClearOverride:
    case FrameKind::kDeleteTopic:
    case FrameKind::kChangeSetting:
      return true;
    default:
      return false;
  }
}

using Answer = void (*)(const Request& to);

Answer answer_of(FrameKind kind) {
  switch (kind) {
    case FrameKind::kKvGet:
      return kv_get;
    case FrameKind::kKvList:
      return kv_list;
    case FrameKind::kKvPut:
      return kv_put;
    case FrameKind::kKvDelete:
      return kv_delete;
    case FrameKind::kListOverrides:
      return list_overrides;
    case FrameKind::kSetOverride:
      return set_override;
    case FrameKind::kClearOverride:
      return clear_override;
    case FrameKind::kDeleteTopic:
      return delete_topic;
    case FrameKind::kListSettings:
      return list_settings;
    case FrameKind::kChangeSetting:
      return change_setting;
    default:
      return nullptr;
  }
}

}  // namespace

bool answer_admin(NativeContext& context, rpc::ServerSession& session,
                  const codec::FrameView& frame) {
  const Answer answer = answer_of(frame.header.kind);
  if (answer == nullptr) return false;
  const Request request{context, session, frame};
  if (changes_something(frame.header.kind) &&
      !context.settings.changes_allowed) {
    request.fail({base::ErrorCode::kDenied,
                  "this nameserver takes no changes on its service port",
                  "its operator can allow them with "
                  "admin.allow-on-service-port = on"});
    return true;
  }
  if (changes_something(frame.header.kind) &&
      refused_by_gate(context, session, frame,
                      partition::Operation::kConfigWrite)) {
    return true;
  }
  answer(request);
  return true;
}

}  // namespace waypost::handlers
