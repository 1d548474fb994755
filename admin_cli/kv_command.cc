#include "admin_cli/kv_command.h"

#include <utility>

#include "admin_cli/answers_json.h"
#include "admin_cli/same_answers.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {
namespace {

constexpr const char* kTableMember = "configTable";

std::string table_of(const KvEntries& entries) {
  TextTable table({{"NAMESPACE"}, {"KEY"}, {"VALUE"}});
  for (const model::KvEntry& entry : entries) {
    table.add_row({entry.name_space, entry.key, entry.value});
  }
  return table.to_string();
}

tl::unexpected<base::Error> not_a_kv_file(std::string why) {
  return base::fail(
      base::ErrorCode::kInvalidArgument, std::move(why),
      "a kvConfig.json is {\"configTable\": {NAMESPACE: {KEY: VALUE}}}");
}

}  // namespace

std::string kv_list_table(const Answers<KvEntries>& answers) {
  const auto groups = group_answers(
      answers, [](const KvEntries& a, const KvEntries& b) { return a == b; });
  std::string text;
  for (const auto& group : groups) {
    if (!text.empty()) text += "\n";
    const std::size_t count = group.value->size();
    text += std::to_string(count) + (count == 1 ? " entry" : " entries") +
            " at " + group.nameservers + "\n";
    if (count > 0) text += table_of(*group.value);
  }
  if (groups.size() > 1) {
    text += "\n! the nameservers have different entries\n";
  }
  return text;
}

std::string kv_list_json(const Answers<KvEntries>& answers) {
  return answers_json(CommandKind::kKvList, answers,
                      [](Json& json, const KvEntries& entries) {
                        Json& list = json["entries"] = Json::array();
                        for (const model::KvEntry& entry : entries) {
                          list.push_back({{"namespace", entry.name_space},
                                          {"key", entry.key},
                                          {"value", entry.value}});
                        }
                      });
}

std::string kv_value_table(const Answers<std::string>& answers) {
  const auto groups = group_answers(
      answers,
      [](const std::string& a, const std::string& b) { return a == b; });
  if (groups.size() == 1) return printable(*groups[0].value) + "\n";
  std::string text;
  for (const auto& group : groups) {
    text += group.nameservers + ": " + printable(*group.value) + "\n";
  }
  if (groups.size() > 1) text += "\n! the nameservers have different values\n";
  return text;
}

std::string kv_value_json(const Answers<std::string>& answers) {
  return answers_json(
      CommandKind::kKvGet, answers,
      [](Json& json, const std::string& value) { json["value"] = value; });
}

base::Result<KvEntries> parse_kv_file(std::string_view text) {
  const auto file = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (file.is_discarded()) return not_a_kv_file("the file is not JSON");
  if (!file.is_object() || !file.contains(kTableMember) ||
      !file[kTableMember].is_object()) {
    return not_a_kv_file("the file has no object \"configTable\"");
  }
  KvEntries entries;
  for (const auto& [name_space, table] : file[kTableMember].items()) {
    if (!table.is_object()) {
      return not_a_kv_file("namespace " + name_space + " is no object");
    }
    for (const auto& [key, value] : table.items()) {
      if (!value.is_string()) {
        return not_a_kv_file("namespace " + name_space + ", key " + key +
                             ": the value is no text");
      }
      entries.push_back({name_space, key, value.get<std::string>()});
    }
  }
  return entries;
}

base::Result<std::string> write_kv_file(const KvEntries& entries) {
  Json file;
  Json& table = file[kTableMember] = Json::object();
  for (const model::KvEntry& entry : entries) {
    Json one;
    one[entry.key] = entry.value;
    try {
      static_cast<void>(Json(entry.name_space).dump() + one.dump());
    } catch (const Json::type_error&) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "namespace " + printable(entry.name_space) + ", key " +
                            printable(entry.key) +
                            " is no UTF-8, JSON cannot hold it");
    }
    table[entry.name_space].update(one);
  }
  return file.dump(2) + "\n";
}

}  // namespace waypost::admin
