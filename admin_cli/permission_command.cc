#include "admin_cli/permission_command.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

#include "admin_cli/answers_json.h"
#include "admin_cli/same_answers.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {
namespace {

std::string table_of(const Overrides& overrides) {
  TextTable table({{"BROKER"},
                   {"PERMISSION"},
                   {"SET AT"},
                   {"LAPSES AT"},
                   {"OWNER"},
                   {"REASON"}});
  for (const model::PermissionOverride& override : overrides) {
    table.add_row(
        {override.broker_name.value(), override.permission.to_string(),
         time_text(override.set_at),
         override.lapses_at ? time_text(*override.lapses_at) : "never",
         override.owner, override.reason});
  }
  return table.to_string();
}

// Each nameserver took it at a moment of its own.
bool same(const Overrides& left, const Overrides& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& a, const auto& b) {
                      return a.broker_name == b.broker_name &&
                             a.permission == b.permission &&
                             a.owner == b.owner && a.reason == b.reason &&
                             a.lapses_at.has_value() == b.lapses_at.has_value();
                    });
}

}  // namespace

std::string time_text(base::WallTime time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string permission_table(const Answers<Overrides>& answers) {
  const auto groups = group_answers(answers, same);
  std::string text;
  for (const auto& group : groups) {
    if (!text.empty()) text += "\n";
    text += counted(group.value->size(), "broker group") +
            " with a set permission at " + group.nameservers + "\n";
    if (!group.value->empty()) text += table_of(*group.value);
  }
  if (groups.size() > 1) {
    text += "\n! the nameservers have different permissions set\n";
  }
  return text;
}

std::string permission_json(const Answers<Overrides>& answers) {
  return answers_json(
      CommandKind::kBrokerPermissions, answers,
      [](Json& json, const Overrides& overrides) {
        Json& list = json["permissions"] = Json::array();
        for (const model::PermissionOverride& override : overrides) {
          Json each;
          each["broker_name"] = override.broker_name.value();
          each["permission"] = override.permission.to_string();
          each["owner"] = override.owner;
          each["reason"] = override.reason;
          each["set_at_ms"] = unix_ms(override.set_at);
          each["lapses_at_ms"] = nullptr;
          if (override.lapses_at) {
            each["lapses_at_ms"] = unix_ms(*override.lapses_at);
          }
          list.push_back(std::move(each));
        }
      });
}

}  // namespace waypost::admin
