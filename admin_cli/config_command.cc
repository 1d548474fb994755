#include "admin_cli/config_command.h"

#include <map>
#include <set>

#include "admin_cli/answers_json.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {
namespace {

std::string table_of(const SettingValues& settings) {
  TextTable table({{"KEY"}, {"VALUE"}, {"MAY CHANGE"}});
  for (const model::Setting& setting : settings) {
    table.add_row(
        {setting.key, setting.value, setting.changeable ? "yes" : ""});
  }
  return table.to_string();
}

// Names and places are each nameserver's own, the rest is to be equal.
std::string differing_keys(const Answers<SettingValues>& answers) {
  std::map<std::string, std::set<std::string>> values;
  for (const Answer<SettingValues>& answer : answers) {
    if (!answer.result) continue;
    for (const model::Setting& setting : *answer.result) {
      values[setting.key].insert(setting.value);
    }
  }
  std::string keys;
  for (const auto& [key, seen] : values) {
    if (seen.size() > 1) keys += (keys.empty() ? "" : ", ") + key;
  }
  return keys;
}

}  // namespace

std::string config_table(const Answers<SettingValues>& answers) {
  std::string text;
  for (const Answer<SettingValues>& answer : answers) {
    if (!answer.result) continue;
    if (!text.empty()) text += "\n";
    text += answer.nameserver.to_string() + "\n" + table_of(*answer.result);
  }
  const std::string differ = differing_keys(answers);
  if (!differ.empty()) {
    text += "\n! the nameservers differ in " + printable(differ) + "\n";
  }
  return text;
}

std::string config_json(const Answers<SettingValues>& answers) {
  return answers_json(CommandKind::kConfigShow, answers,
                      [](Json& json, const SettingValues& settings) {
                        Json& list = json["settings"] = Json::array();
                        for (const model::Setting& setting : settings) {
                          list.push_back({{"key", setting.key},
                                          {"value", setting.value},
                                          {"changeable", setting.changeable}});
                        }
                      });
}

}  // namespace waypost::admin
