#include "admin_cli/change_command.h"

#include <algorithm>

#include "admin_cli/answers_json.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {

std::string change_table(const Answers<Change>& answers) {
  TextTable table({{"NAMESERVER"}, {"RESULT"}, {"DETAIL"}});
  std::size_t missed = 0;
  for (const Answer<Change>& answer : answers) {
    const std::string nameserver = answer.nameserver.to_string();
    if (!answer.result) {
      ++missed;
      table.add_row({nameserver, "NOT TAKEN", answer.result.error().message});
      continue;
    }
    table.add_row({nameserver, answer.result->changed ? "changed" : "as before",
                   answer.result->detail});
  }
  std::string text = table.to_string();
  if (missed > 0 && missed < answers.size()) {
    text += "\n! " + std::to_string(missed) + " of " +
            counted(answers.size(), "nameserver") +
            " did not take the change and differ from the others now: say it "
            "again when they answer\n";
  }
  return text;
}

std::string change_json(CommandKind command, const Answers<Change>& answers) {
  return answers_json(command, answers, [](Json& json, const Change& change) {
    json["changed"] = change.changed;
    json["detail"] = change.detail;
  });
}

}  // namespace waypost::admin
