#ifndef WAYPOST_NAMESRV_HANDLERS_CLOSE_CAUSE_H_
#define WAYPOST_NAMESRV_HANDLERS_CLOSE_CAUSE_H_

#include "namesrv/registry/events.h"
#include "wire/transport/connection.h"

namespace waypost::handlers {

// What the end of a broker's connection says about the broker: only a close by
// its own side removes it.
inline registry::BindingClosed::Cause cause_of(transport::CloseReason reason) {
  using Cause = registry::BindingClosed::Cause;
  switch (reason) {
    case transport::CloseReason::kPeerClosed:
    case transport::CloseReason::kPeerReset:
      return Cause::kPeer;
    case transport::CloseReason::kTimedOut:
    case transport::CloseReason::kIoError:
      return Cause::kSilence;
    case transport::CloseReason::kLocal:
    case transport::CloseReason::kSlowReader:
    case transport::CloseReason::kInputTooLarge:
      return Cause::kOurs;
  }
  return Cause::kSilence;
}

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_CLOSE_CAUSE_H_
