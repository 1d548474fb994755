#ifndef WAYPOST_ADMIN_CLI_ANSWERS_JSON_H_
#define WAYPOST_ADMIN_CLI_ANSWERS_JSON_H_

// The frame of every JSON document that waypostctl prints; docs/waypostctl.md
// describes it. Only the sources of the commands include this.

#include <string>

#include <nlohmann/json.hpp>

#include "admin_cli/answer.h"
#include "admin_cli/command.h"

namespace waypost::admin {

// Members stay in the order in which they are added.
using Json = nlohmann::ordered_json;

Json error_json(const base::Error& error);

// {"command": ..., "answers": [...]} as text. Texts of peers that are no UTF-8
// have their wrong bytes replaced.
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

// Incarnations and digests as text: JSON's readers lose digits of 64 bits.
std::string incarnation_text(model::Incarnation incarnation);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_ANSWERS_JSON_H_
