#ifndef WAYPOST_ADMIN_CLI_ANSWERS_JSON_H_
#define WAYPOST_ADMIN_CLI_ANSWERS_JSON_H_

// The frame of every JSON document that waypostctl prints; docs/waypostctl.md
// describes it. Only the sources of the commands include this.

#include <string>

#include "admin_cli/answer.h"
#include "admin_cli/command.h"
#include "wire/documents/cluster_json.h"

namespace waypost::admin {

using documents::error_json;
using documents::incarnation_text;
using documents::Json;
using documents::unix_ms;

// {"command": ..., "answers": [...]} as text.
std::string document_text(CommandKind command, Json answers);

// `fill(json, value)` adds what the nameserver said to its object.
template <typename T, typename Fill>
std::string answers_json(CommandKind command, const Answers<T>& answers,
                         Fill fill) {
  Json list = Json::array();
  for (const Answer<T>& answer : answers) {
    Json json;
    json["nameserver"] = answer.nameserver.to_string();
    json["ok"] = answer.result.has_value();
    if (answer.result) {
      fill(json, *answer.result);
    } else {
      json["error"] = error_json(answer.result.error());
    }
    list.push_back(std::move(json));
  }
  return document_text(command, std::move(list));
}

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_ANSWERS_JSON_H_
