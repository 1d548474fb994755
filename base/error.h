#ifndef WAYPOST_BASE_ERROR_H_
#define WAYPOST_BASE_ERROR_H_

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace waypost::base {

// What kind of failure it is, for code that must decide what to do next. The
// values travel in the native protocol's error frame: never renumber, only add.
enum class ErrorCode : std::uint16_t {
  kInternal = 1,         // our own bug or an unexpected system error
  kInvalidArgument = 2,  // the caller's value is wrong; retrying is useless
  kNotFound = 3,         // no such topic, broker, file, ...
  kNotReady = 4,         // the server is starting, paused or recovering
  kTimedOut = 5,         // the deadline passed; the outcome is unknown
  kUnavailable = 6,      // could not connect, or the connection closed
  kCancelled = 7,        // the caller cancelled, or the object is closing
  kMalformed = 8,        // the peer sent bytes that are not our protocol
  kTooLarge = 9,         // a length, an element count or a budget is exceeded
  kBusy = 10,            // a bounded queue or budget is full; retry later
  kConflict = 11,        // refused: contradicts what is registered
  kStale = 12,           // refused: older epoch, binding or version
  kUnsupported = 13,     // a kind or version that we do not speak
  kDenied = 14,          // not permitted
};

// "not-ready", "timed-out", ...; "error-<n>" for a number we do not know.
std::string error_code_name(ErrorCode code);

// A failure as a value. `message` says what failed, on what and why; `advice`,
// where there is one, says what to do. Neither ends in a full stop.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string advice;

  // "timed-out: register with 10.0.0.1:9876 ... (check that ...)".
  std::string to_string() const;

  // The same error with "context: " before the message.
  Error with_context(std::string_view context) const;

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

// `return fail(ErrorCode::kNotFound, "...")` from a function of any Result.
tl::unexpected<Error> fail(ErrorCode code, std::string message,
                           std::string advice = {});

}  // namespace waypost::base

#endif  // WAYPOST_BASE_ERROR_H_
