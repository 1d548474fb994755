#include "base/error.h"

#include <utility>

namespace waypost::base {

std::string error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return "internal";
    case ErrorCode::kInvalidArgument:
      return "invalid-argument";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kNotReady:
      return "not-ready";
    case ErrorCode::kTimedOut:
      return "timed-out";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kMalformed:
      return "malformed";
    case ErrorCode::kTooLarge:
      return "too-large";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kStale:
      return "stale";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kDenied:
      return "denied";
  }
  return "error-" + std::to_string(static_cast<unsigned>(code));
}

std::string Error::to_string() const {
  std::string text = error_code_name(code) + ": " + message;
  if (!advice.empty()) text += " (" + advice + ")";
  return text;
}

Error Error::with_context(std::string_view context) const {
  return {code, std::string(context) + ": " + message, advice};
}

tl::unexpected<Error> fail(ErrorCode code, std::string message,
                           std::string advice) {
  return tl::unexpected<Error>(
      Error{code, std::move(message), std::move(advice)});
}

}  // namespace waypost::base
