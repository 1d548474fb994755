#include "admin_cli/partition_command.h"

#include "admin_cli/answers_json.h"
#include "admin_cli/peer_table.h"
#include "admin_cli/permission_command.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {
namespace {

using model::PartitionEntry;
using model::PartitionList;

std::string until_text(const PartitionEntry& entry) {
  if (!entry.until) return "goes on";
  return (entry.end_unknown ? "unknown, last seen " : "") +
         time_text(*entry.until);
}

std::string lasted_text(const PartitionEntry& entry) {
  if (!entry.until) return "";
  const base::WallTime until = *entry.until;
  // Civil clocks may go back.
  if (until < entry.since) return "";
  return (entry.end_unknown ? "at least " : "") +
         duration_text(
             std::chrono::duration_cast<base::Duration>(until - entry.since));
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) {
    if (!all.empty()) all += "; ";
    all += text;
  }
  return all;
}

std::string table_of(const PartitionList& list) {
  using Align = TextTable::Align;
  TextTable table({{"ID", Align::kRight},
                   {"KIND"},
                   {"PEERS"},
                   {"SINCE"},
                   {"UNTIL"},
                   {"LASTED", Align::kRight},
                   {"SEEN BY"},
                   {"DONE"}});
  for (const PartitionEntry& entry : list.partitions) {
    table.add_row({std::to_string(entry.id), entry.kind,
                   joined_names(entry.peers), time_text(entry.since),
                   until_text(entry), lasted_text(entry),
                   joined_names(entry.seen_by), joined(entry.actions)});
  }
  return table.to_string();
}

}  // namespace

std::string partition_table(const Answers<PartitionList>& answers) {
  std::string text;
  for (const Answer<PartitionList>& answer : answers) {
    if (!answer.result) continue;
    const PartitionList& list = *answer.result;
    if (!text.empty()) text += "\n";
    text += counted(list.partitions.size(), "record") + " at " +
            answer.nameserver.to_string() + "\n";
    if (!list.partitions.empty()) text += table_of(list);
  }
  return text;
}

std::string partition_json(const Answers<PartitionList>& answers) {
  return answers_json(CommandKind::kClusterPartitions, answers,
                      [](Json& json, const PartitionList& list) {
                        Json& all = json["partitions"] = Json::array();
                        for (const PartitionEntry& entry : list.partitions) {
                          all.push_back(documents::partition_json(entry));
                        }
                      });
}

std::string forget_table(const Answers<Change>& answers) {
  TextTable table({{"NAMESERVER"}, {"RESULT"}, {"DETAIL"}});
  bool any = false;
  for (const Answer<Change>& answer : answers) {
    if (!answer.result) continue;
    any = true;
    table.add_row({answer.nameserver.to_string(),
                   answer.result->changed ? "changed" : "as before",
                   answer.result->detail});
  }
  return any ? table.to_string() : "";
}

}  // namespace waypost::admin
