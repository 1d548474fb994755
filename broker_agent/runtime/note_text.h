#ifndef WAYPOST_BROKER_AGENT_RUNTIME_NOTE_TEXT_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_NOTE_TEXT_H_

#include <string>
#include <string_view>

#include "base/log.h"
#include "broker_agent/core/events.h"

namespace waypost::agent {

// What a note means to people: how loud, and in which words.
struct NoteText {
  base::LogLevel level = base::LogLevel::kInfo;
  std::string_view message;
};
NoteText describe(Note::What what);

// Writes the note as one line; `nameserver` is empty where it has none.
void log_note(const base::Logger& logger, const Note& note,
              const std::string& nameserver);

// The same as a sentence: "registered with 10.0.0.1:9876: 3 topics (2ms)".
std::string note_sentence(const Note& note, const std::string& nameserver);

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_NOTE_TEXT_H_
