#include "admin_cli/answers_json.h"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace waypost::admin {

Json error_json(const base::Error& error) {
  Json json;
  json["code"] = base::error_code_name(error.code);
  json["message"] = error.message;
  if (!error.advice.empty()) json["advice"] = error.advice;
  return json;
}

std::string document_text(CommandKind command, Json answers) {
  Json document;
  document["command"] = command_name(command);
  document["answers"] = std::move(answers);
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string incarnation_text(model::Incarnation incarnation) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64, incarnation.value());
  return text.data();
}

}  // namespace waypost::admin
