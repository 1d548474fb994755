#include "wire/transport/uv_error.h"

#include <array>

#include <uv.h>

namespace waypost::transport {

std::string uv_error_text(int status) {
  std::array<char, 128> buffer{};
  uv_strerror_r(status, buffer.data(), buffer.size());
  return buffer.data();
}

base::Error uv_error(int status, std::string_view what) {
  using base::ErrorCode;
  base::Error error;
  error.message = std::string(what) + ": " + uv_error_text(status);
  switch (status) {
    case UV_ETIMEDOUT:
      error.code = ErrorCode::kTimedOut;
      break;
    case UV_ECONNREFUSED:
      error.code = ErrorCode::kUnavailable;
      error.advice = "check that the server runs and listens there";
      break;
    case UV_ECONNRESET:
    case UV_ECONNABORTED:
    case UV_EPIPE:
    case UV_EOF:
    case UV_EHOSTUNREACH:
    case UV_ENETUNREACH:
    case UV_ENETDOWN:
    case UV_EADDRNOTAVAIL:
      error.code = ErrorCode::kUnavailable;
      break;
    case UV_ECANCELED:
      error.code = ErrorCode::kCancelled;
      break;
    case UV_EMFILE:
    case UV_ENFILE:
      error.code = ErrorCode::kBusy;
      error.advice = "raise the limit of open files (ulimit -n)";
      break;
    case UV_ENOMEM:
    case UV_ENOBUFS:
      error.code = ErrorCode::kBusy;
      break;
    case UV_ENOENT:
      error.code = ErrorCode::kNotFound;
      break;
    case UV_EACCES:
    case UV_EPERM:
      error.code = ErrorCode::kDenied;
      break;
    case UV_EINVAL:
    case UV_E2BIG:
      error.code = ErrorCode::kInvalidArgument;
      break;
    default:
      error.code = ErrorCode::kInternal;
  }
  return error;
}

CloseReason close_reason_of(int status) {
  switch (status) {
    case UV_EOF:
      return CloseReason::kPeerClosed;
    case UV_ECONNRESET:
    case UV_EPIPE:
      return CloseReason::kPeerReset;
    // When the kernel gives a connection up after silence it reports the last
    // ICMP or ARP failure instead of ETIMEDOUT if there was one: a machine that
    // hangs in the same network ends as "no route to host".
    case UV_ETIMEDOUT:
    case UV_EHOSTUNREACH:
    case UV_EHOSTDOWN:
    case UV_ENETUNREACH:
    case UV_ENETDOWN:
      return CloseReason::kTimedOut;
    default:
      return CloseReason::kIoError;
  }
}

base::Error close_error(CloseReason reason, int status,
                        const base::Endpoint& peer) {
  using base::ErrorCode;
  const std::string who = "connection with " + peer.to_string();
  switch (reason) {
    case CloseReason::kLocal:
      return {ErrorCode::kCancelled, who + " was closed by this side", {}};
    case CloseReason::kPeerClosed:
      return {ErrorCode::kUnavailable, who + " was closed by the peer", {}};
    case CloseReason::kPeerReset:
      return {ErrorCode::kUnavailable, who + " was reset by the peer", {}};
    case CloseReason::kTimedOut:
      return {ErrorCode::kTimedOut,
              who + " was given up: the peer does not answer (" +
                  uv_error_text(status) + ")",
              {}};
    case CloseReason::kSlowReader:
      return {ErrorCode::kBusy,
              who + " was closed: the peer does not read what it is sent",
              {}};
    case CloseReason::kInputTooLarge:
      return {ErrorCode::kTooLarge,
              who + " was closed: it holds more unfinished input than allowed",
              "raise the limits for input if such messages are meant"};
    case CloseReason::kIoError:
      break;
  }
  return {ErrorCode::kInternal, who + " failed: " + uv_error_text(status), {}};
}

}  // namespace waypost::transport
