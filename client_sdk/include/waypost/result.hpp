#ifndef WAYPOST_RESULT_HPP_
#define WAYPOST_RESULT_HPP_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

namespace waypost {

// What kind of failure it is, for code that must decide what to do next. The
// numbers are those of the native protocol's error frame; a nameserver newer
// than this library may send others.
enum class ErrorCode : std::uint16_t {
  kInternal = 1,         // a bug of this library or an unexpected system error
  kInvalidArgument = 2,  // the caller's value is wrong; retrying is useless
  kNotFound = 3,         // no such topic, option, ...
  kNotReady = 4,         // not known yet, or the nameservers are starting
  kTimedOut = 5,         // the deadline passed; the outcome is unknown
  kUnavailable = 6,      // nobody could be reached, or nobody serves it
  kCancelled = 7,        // the client is closed or closing
  kMalformed = 8,        // a peer sent bytes that are not our protocol
  kTooLarge = 9,         // a length, a count or a budget is exceeded
  kBusy = 10,            // a bounded queue or budget is full; retry later
  kConflict = 11,        // refused: contradicts what is registered
  kStale = 12,           // refused: older epoch, binding or version
  kUnsupported = 13,     // a kind or version that the peer does not speak
  kDenied = 14,          // not permitted
};

// "not-ready", "timed-out", ...; "error-<n>" for a number without a name.
std::string error_code_name(ErrorCode code);

// A failure as a value. `message` says what failed, on what and why; `advice`,
// where there is one, says what to do.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string advice;

  // "timed-out: no nameserver answered ... (check that ...)".
  std::string to_string() const;
};

// A value or an Error. Nothing in this library throws; what can fail returns
// one of these. REQUIRES for value(), * and ->: has_value(). REQUIRES for
// error(): !has_value(). A violation ends the process; one for a value that is
// not there says on stderr what the error is.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Both implicit, so that functions can return either.
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *checked(); }
  const T& value() const& { return *checked(); }
  T&& value() && { return std::move(*checked()); }
  T& operator*() & { return *checked(); }
  const T& operator*() const& { return *checked(); }
  T&& operator*() && { return std::move(*checked()); }
  T* operator->() { return checked(); }
  const T* operator->() const { return checked(); }

  const Error& error() const {
    const Error* error = std::get_if<1>(&content_);
    if (error == nullptr) std::abort();
    return *error;
  }

 private:
  T* checked() {
    T* value = std::get_if<0>(&content_);
    if (value == nullptr) die();
    return value;
  }
  const T* checked() const {
    const T* value = std::get_if<0>(&content_);
    if (value == nullptr) die();
    return value;
  }
  [[noreturn]] void die() const {
    std::fprintf(stderr, "waypost: there is no value, but an error: %s\n",
                 error().message.c_str());
    std::abort();
  }

  std::variant<T, Error> content_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  const Error& error() const {
    const Error* error = std::get_if<1>(&content_);
    if (error == nullptr) std::abort();
    return *error;
  }

 private:
  std::variant<std::monostate, Error> content_;
};
using Status = Result<void>;

}  // namespace waypost

#endif  // WAYPOST_RESULT_HPP_
