#include "wire/transport/connection.h"

namespace waypost::transport {

std::string_view close_reason_name(CloseReason reason) {
  switch (reason) {
    case CloseReason::kLocal:
      return "local";
    case CloseReason::kPeerClosed:
      return "peer-closed";
    case CloseReason::kPeerReset:
      return "peer-reset";
    case CloseReason::kTimedOut:
      return "timed-out";
    case CloseReason::kSlowReader:
      return "slow-reader";
    case CloseReason::kInputTooLarge:
      return "input-too-large";
    case CloseReason::kIoError:
      return "io-error";
  }
  return "unknown";
}

}  // namespace waypost::transport
