// Versions, errors, options.

#include <array>
#include <cstdlib>

#include "client_sdk/c_api/handles.h"

namespace waypost::c_api {

waypost_code refuse(const Error& failure, waypost_error** error) noexcept {
  if (error != nullptr) {
    try {
      *error = new waypost_error{failure.code, failure.to_string()};
    } catch (...) {
      *error = nullptr;
    }
  }
  return static_cast<waypost_code>(failure.code);
}

char* copy_text(const std::string& text) {
  auto* const copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

}  // namespace waypost::c_api

using namespace waypost;         // NOLINT: all of it is a face of that
using namespace waypost::c_api;  // NOLINT

const char* waypost_version(void) { return WAYPOST_VERSION; }

const char* waypost_code_name(waypost_code code) {
  constexpr std::array<const char*, 15> kNames = {
      "ok",          "internal",    "invalid-argument",
      "not-found",   "not-ready",   "timed-out",
      "unavailable", "cancelled",   "malformed",
      "too-large",   "busy",        "conflict",
      "stale",       "unsupported", "denied"};
  const auto index = static_cast<std::size_t>(code);
  return code >= 0 && index < kNames.size() ? kNames[index] : "unknown";
}

const char* waypost_error_text(const waypost_error* error) {
  return error == nullptr ? "" : error->text.c_str();
}

waypost_code waypost_error_code(const waypost_error* error) {
  return error == nullptr ? WAYPOST_OK : static_cast<waypost_code>(error->code);
}

void waypost_error_free(waypost_error* error) { delete error; }

waypost_options* waypost_options_new(void) {
  try {
    return new waypost_options;
  } catch (...) {
    return nullptr;
  }
}

void waypost_options_free(waypost_options* options) { delete options; }

waypost_code waypost_options_set(waypost_options* options, const char* key,
                                 const char* value, waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (options == nullptr || key == nullptr || value == nullptr) {
      return invalid("waypost_options_set: a parameter is NULL");
    }
    return options->options.set(key, value);
  });
}

waypost_code waypost_options_get(const waypost_options* options,
                                 const char* key, char** out,
                                 waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (options == nullptr || key == nullptr || out == nullptr) {
      return invalid("waypost_options_get: a parameter is NULL");
    }
    *out = nullptr;
    const auto value = options->options.get(key);
    if (!value) return value.error();
    *out = copy_text(*value);
    return {};
  });
}

waypost_code waypost_options_set_from_environment(waypost_options* options,
                                                  waypost_error** error) {
  return guarded(error, [&]() -> Status {
    if (options == nullptr) return invalid("options is NULL");
    return options->options.set_from_environment();
  });
}

void waypost_text_free(char* text) { std::free(text); }
