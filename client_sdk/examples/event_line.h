#ifndef WAYPOST_CLIENT_SDK_EXAMPLES_EVENT_LINE_H_
#define WAYPOST_CLIENT_SDK_EXAMPLES_EVENT_LINE_H_

#include <chrono>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace waypost::examples {

// A named value of an event line.
struct EventField {
  std::string_view name;
  std::string json;  // the value as JSON

  EventField(std::string_view field, std::string_view text);
  EventField(std::string_view field, const char* text)
      : EventField(field, std::string_view(text)) {}
  EventField(std::string_view field, const std::string& text)
      : EventField(field, std::string_view(text)) {}
  EventField(std::string_view field, bool flag)
      : name(field), json(flag ? "true" : "false") {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) EventField(std::string_view field, T number)
      : name(field), json(std::to_string(number)) {}
  EventField(std::string_view field, double number);
};

// Prints {"time":<seconds since 1970>,"event":"...",fields...} as one line to
// standard output, at once. Any thread; lines stay whole.
void print_event(std::string_view event,
                 std::initializer_list<EventField> fields,
                 std::chrono::system_clock::time_point when =
                     std::chrono::system_clock::now());

// Milliseconds with fraction, as event fields have them.
inline double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace waypost::examples

#endif  // WAYPOST_CLIENT_SDK_EXAMPLES_EVENT_LINE_H_
