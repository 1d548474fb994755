#include "broker_agent/runtime/note_text.h"

#include "broker_agent/core/text.h"

namespace waypost::agent {

NoteText describe(Note::What what) {
  using base::LogLevel;
  switch (what) {
    case Note::What::kEpochChosen:
      return {LogLevel::kDebug, "takes its epoch"};
    case Note::What::kCannotReach:
      return {LogLevel::kWarn, "cannot reach nameserver, keeps trying"};
    case Note::What::kRegistered:
      return {LogLevel::kInfo, "registered with nameserver"};
    case Note::What::kRefreshed:
      return {LogLevel::kDebug, "registered again, as each interval"};
    case Note::What::kVerdictSent:
      return {LogLevel::kInfo, "nameserver knows the verdict"};
    case Note::What::kForgotten:
      return {LogLevel::kWarn,
              "nameserver does not have this broker, registers again"};
    case Note::What::kRestarted:
      return {LogLevel::kInfo, "nameserver was restarted"};
    case Note::What::kRefused:
      return {LogLevel::kError, "nameserver refuses the registration"};
    case Note::What::kSuperseded:
      return {LogLevel::kError,
              "another process registered this broker after us: this agent "
              "stands back and looks again each minute"};
    case Note::What::kContested:
      return {LogLevel::kError,
              "another process seems to register this broker at the same time: "
              "two agents must not have the same broker name and id"};
    case Note::What::kNameserverHung:
      return {LogLevel::kWarn,
              "nameserver hangs: it is left, and tried on a new connection"};
    case Note::What::kNameserverLost:
      return {LogLevel::kWarn, "lost nameserver, connects again"};
    case Note::What::kNameserverStepsBack:
      return {LogLevel::kInfo, "nameserver is about to stop"};
    case Note::What::kSharesHost:
      return {LogLevel::kWarn,
              "this nameserver runs on the broker's machine: the machine's "
              "death takes both, and leaves clients asking a dead nameserver "
              "for the way around a dead broker; run nameservers on machines "
              "of their own"};
    case Note::What::kLookupFailed:
      return {LogLevel::kWarn,
              "a nameserver's name cannot be looked up; the addresses that it "
              "stood for, if any, stay in use"};
    case Note::What::kObserves:
      return {LogLevel::kInfo, "nameserver has the observed broker"};
    case Note::What::kNobodyThere:
      return {LogLevel::kWarn,
              "nameserver has no broker at the observed address: the broker "
              "has not registered yet, or registers another address (see "
              "'waypostctl broker list')"};
    case Note::What::kVerdictRefused:
      return {LogLevel::kError, "nameserver refuses the verdict"};
    case Note::What::kHealthy:
      return {LogLevel::kInfo, "broker is healthy"};
    case Note::What::kUnhealthy:
      return {LogLevel::kWarn, "broker is UNHEALTHY"};
    case Note::What::kTopicsChanged:
      return {LogLevel::kInfo, "topics changed"};
    case Note::What::kUnregistered:
      return {LogLevel::kInfo, "unregistered from nameserver"};
    case Note::What::kHandedOver:
      return {LogLevel::kInfo, "announced a handover to nameserver"};
    case Note::What::kLeftWithoutGoodbye:
      return {LogLevel::kWarn, "nameserver did not answer the goodbye in time"};
    case Note::What::kStopped:
      return {LogLevel::kInfo, "agent has stopped"};
  }
  return {LogLevel::kInfo, "something happened"};
}

void log_note(const base::Logger& logger, const Note& note,
              const std::string& nameserver) {
  const NoteText text = describe(note.what);
  if (!logger.enabled(text.level)) return;
  const std::string took = format_elapsed(note.elapsed);
  // Fields that say nothing are left out.
  using base::LogField;
  const LogField where("nameserver", nameserver);
  const LogField how_long("after", took);
  const LogField what("detail", note.detail);
  const bool timed = note.elapsed > base::Duration{0};
  if (nameserver.empty()) {
    if (note.detail.empty()) return logger.write(text.level, text.message, {});
    return logger.write(text.level, text.message, {what});
  }
  if (note.detail.empty()) {
    if (!timed) return logger.write(text.level, text.message, {where});
    return logger.write(text.level, text.message, {where, how_long});
  }
  if (!timed) return logger.write(text.level, text.message, {where, what});
  logger.write(text.level, text.message, {where, how_long, what});
}

std::string note_sentence(const Note& note, const std::string& nameserver) {
  std::string text(describe(note.what).message);
  if (!nameserver.empty()) text += " [" + nameserver + "]";
  if (!note.detail.empty()) text += ": " + note.detail;
  if (note.elapsed > base::Duration{0}) {
    text += " (" + format_elapsed(note.elapsed) + ")";
  }
  return text;
}

}  // namespace waypost::agent
