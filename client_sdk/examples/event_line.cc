#include "client_sdk/examples/event_line.h"

#include <array>
#include <cstdio>

namespace waypost::examples {
namespace {

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x",
                    static_cast<unsigned>(c));
      json += escape.data();
    } else {
      json += c;
    }
  }
  return json + "\"";
}

std::string decimal(double number, const char* format) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), format, number);
  return text.data();
}

}  // namespace

EventField::EventField(std::string_view field, std::string_view text)
    : name(field), json(quoted(text)) {}

EventField::EventField(std::string_view field, double number)
    : name(field), json(decimal(number, "%.3f")) {}

void print_event(std::string_view event,
                 std::initializer_list<EventField> fields,
                 std::chrono::system_clock::time_point when) {
  const double seconds =
      std::chrono::duration<double>(when.time_since_epoch()).count();
  std::string line =
      "{\"time\":" + decimal(seconds, "%.6f") + ",\"event\":" + quoted(event);
  for (const EventField& field : fields) {
    line += "," + quoted(field.name) + ":" + field.json;
  }
  line += "}\n";
  // One call under the stream's own lock keeps the line whole.
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

}  // namespace waypost::examples
