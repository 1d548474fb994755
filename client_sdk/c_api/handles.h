#ifndef WAYPOST_CLIENT_SDK_C_API_HANDLES_H_
#define WAYPOST_CLIENT_SDK_C_API_HANDLES_H_

// What the C functions have in common: the handles, errors as values, structs
// that say their size.

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "waypost/client.h"
#include "waypost/waypost.hpp"

struct waypost_error {
  waypost::ErrorCode code;
  std::string text;
};

struct waypost_options {
  waypost::ClientOptions options;
};

struct waypost_client {
  waypost::Client client;
};

struct waypost_topic {
  waypost::Topic topic;
};

struct waypost_route {
  waypost::Route route;
  std::string text;
};

struct waypost_cancel {
  waypost::CancelToken token;
};

struct waypost_check {
  waypost::ProbeReply reply;
};

struct waypost_pending {
  waypost::PendingAttempt attempt;
};

namespace waypost::c_api {

inline CancelToken token_of(const waypost_cancel* cancel) {
  return cancel == nullptr ? CancelToken() : cancel->token;
}

// What a handler is told of a failure; lives for its call.
inline waypost_error as_error(const Error& failure) {
  return {failure.code, failure.to_string()};
}

// In the form that C has it, its health left 0.
waypost_broker to_c(const Broker& broker);

// Stores a copy of `failure` where `error` is not null. A lack of memory shows
// in the code alone.
waypost_code refuse(const Error& failure, waypost_error** error) noexcept;

inline Error invalid(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message), ""};
}

// Runs `body`, which returns a Status, and turns what it says or throws into a
// code and an error.
template <typename Body>
waypost_code guarded(waypost_error** error, Body&& body) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    const Status status = std::forward<Body>(body)();
    return status ? WAYPOST_OK : refuse(status.error(), error);
  } catch (const std::exception& thrown) {
    try {
      return refuse({ErrorCode::kInternal, thrown.what(), ""}, error);
    } catch (...) {
      return WAYPOST_INTERNAL;
    }
  } catch (...) {
    return WAYPOST_INTERNAL;
  }
}

inline constexpr std::size_t kStructMaxBytes = 4096;

// A struct that the caller filled in, in the version that we know: what the
// caller's version has not is zero. Refused: no size, or more than we know and
// more is set.
template <typename Struct>
Status read_sized(const Struct* given, Struct& full) {
  full = Struct{};
  full.struct_size = sizeof(Struct);
  if (given == nullptr) return {};
  const std::size_t size = given->struct_size;
  // More than any will ever have is what happened to be there.
  if (size < sizeof(std::size_t) || size > kStructMaxBytes) {
    return invalid("struct_size is not set");
  }
  const auto* const bytes = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof(Struct); i < size; ++i) {
    if (bytes[i] != 0) {
      return Error{ErrorCode::kInvalidArgument,
                   "a struct has members that this library does not know",
                   "use the library that the header is from, or a newer one"};
    }
  }
  std::memcpy(&full, given, std::min(size, sizeof(Struct)));
  full.struct_size = sizeof(Struct);
  return {};
}

// As much of `full` as the caller's version has room for; zeros beyond what we
// know. The caller's struct_size stays.
template <typename Struct>
Status write_sized(Struct full, Struct* out) {
  if (out == nullptr) return invalid("there is nowhere to write to");
  const std::size_t size = out->struct_size;
  if (size < sizeof(std::size_t) || size > kStructMaxBytes) {
    return invalid("struct_size is not set");
  }
  full.struct_size = size;
  std::memcpy(out, &full, std::min(size, sizeof(Struct)));
  if (size > sizeof(Struct)) {
    std::memset(reinterpret_cast<unsigned char*>(out) + sizeof(Struct), 0,
                size - sizeof(Struct));
  }
  return {};
}

// Calls `handler` with `event`, which lives for the call.
void tell(const Event& event,
          void (*handler)(void* context, const waypost_event* event),
          void* context);

// A copy to be freed with waypost_text_free.
char* copy_text(const std::string& text);

}  // namespace waypost::c_api

#endif  // WAYPOST_CLIENT_SDK_C_API_HANDLES_H_
