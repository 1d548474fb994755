#ifndef WAYPOST_ADMIN_CLI_ADMIN_QUESTIONS_H_
#define WAYPOST_ADMIN_CLI_ADMIN_QUESTIONS_H_

// What waypostctl looks up of one nameserver's configuration, and changes in
// it; as questions.h.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin_cli/questions.h"
#include "wire/model/administration.h"

namespace waypost::admin {

[[nodiscard]] std::unique_ptr<Question> ask_kv_entries(
    const AskContext& context, const base::Endpoint& nameserver,
    const std::optional<std::string>& name_space,
    OnAnswer<std::vector<model::KvEntry>> on_answer);

// kNotFound when there is none.
[[nodiscard]] std::unique_ptr<Question> ask_kv_value(
    const AskContext& context, const base::Endpoint& nameserver,
    const model::KvGetRequest& request, OnAnswer<std::string> on_answer);

[[nodiscard]] std::unique_ptr<Question> ask_overrides(
    const AskContext& context, const base::Endpoint& nameserver,
    const std::string& prefix,
    OnAnswer<std::vector<model::PermissionOverride>> on_answer);

[[nodiscard]] std::unique_ptr<Question> ask_settings(
    const AskContext& context, const base::Endpoint& nameserver,
    OnAnswer<std::vector<model::Setting>> on_answer);

// What a nameserver did about a change that it took.
struct Change {
  bool changed = false;  // false: it was so before
  std::string detail;    // for people; may be empty
};

[[nodiscard]] std::unique_ptr<Question> ask_kv_put(
    const AskContext& context, const base::Endpoint& nameserver,
    const model::KvEntry& entry, OnAnswer<Change> on_answer);
// All of them, in their order; the first that is not taken ends it, and the
// error tells how many were.
[[nodiscard]] std::unique_ptr<Question> ask_kv_import(
    const AskContext& context, const base::Endpoint& nameserver,
    const std::vector<model::KvEntry>& entries, OnAnswer<Change> on_answer);
[[nodiscard]] std::unique_ptr<Question> ask_kv_delete(
    const AskContext& context, const base::Endpoint& nameserver,
    const model::KvDeleteRequest& request, OnAnswer<Change> on_answer);
[[nodiscard]] std::unique_ptr<Question> ask_set_override(
    const AskContext& context, const base::Endpoint& nameserver,
    const model::SetOverrideRequest& request, OnAnswer<Change> on_answer);
[[nodiscard]] std::unique_ptr<Question> ask_clear_override(
    const AskContext& context, const base::Endpoint& nameserver,
    const model::BrokerName& broker, OnAnswer<Change> on_answer);
[[nodiscard]] std::unique_ptr<Question> ask_delete_topic(
    const AskContext& context, const base::Endpoint& nameserver,
    const model::DeleteTopicRequest& request, OnAnswer<Change> on_answer);
[[nodiscard]] std::unique_ptr<Question> ask_change_setting(
    const AskContext& context, const base::Endpoint& nameserver,
    const model::ChangeSettingRequest& request, OnAnswer<Change> on_answer);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_ADMIN_QUESTIONS_H_
