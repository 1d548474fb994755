#include "admin_cli/answers_json.h"

namespace waypost::admin {

std::string document_text(CommandKind command, Json answers) {
  Json document;
  document["command"] = command_name(command);
  document["answers"] = std::move(answers);
  return documents::document_text(document);
}

}  // namespace waypost::admin
