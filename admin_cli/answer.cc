#include "admin_cli/answer.h"

#include "admin_cli/text_table.h"

namespace waypost::admin {

std::string failure_line(const base::Endpoint& nameserver,
                         const base::Error& error) {
  std::string verb = " did not answer: ";
  switch (error.code) {
    case base::ErrorCode::kNotFound:
    case base::ErrorCode::kInvalidArgument:
    case base::ErrorCode::kInternal:
      verb = ": ";
      break;
    case base::ErrorCode::kNotReady:
      verb = " is not ready: ";
      break;
    case base::ErrorCode::kDenied:
    case base::ErrorCode::kUnsupported:
    case base::ErrorCode::kBusy:
    case base::ErrorCode::kConflict:
    case base::ErrorCode::kStale:
      verb = " refused: ";
      break;
    default:
      break;
  }
  return "waypostctl: " + nameserver.to_string() + verb +
         printable(error.to_string()) + "\n";
}

}  // namespace waypost::admin
