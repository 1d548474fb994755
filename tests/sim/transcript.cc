#include "tests/sim/transcript.h"

#include <cstdio>

namespace waypost::sim {

class Transcript::Sink : public base::LogSink {
 public:
  Sink(Transcript& transcript, std::string who)
      : transcript_(transcript), who_(std::move(who)) {}

  void write(base::LogLevel level, base::LogComponent /*component*/,
             std::string_view message, base::LogFields fields) override {
    std::string line = std::string(base::log_level_name(level)) + " ";
    line += message;
    for (const base::LogField& field : fields) {
      line += " " + std::string(field.key) + "=" + field.value;
    }
    transcript_.add(who_, line);
  }

 private:
  Transcript& transcript_;
  const std::string who_;
};

Transcript::Transcript(SimWorld& world) : world_(world) {}
Transcript::~Transcript() = default;

base::Logger Transcript::logger(const std::string& who) {
  sinks_.push_back(std::make_unique<Sink>(*this, who));
  return {sinks_.back().get(), &levels_, base::LogComponent::kMain};
}

void Transcript::add(std::string_view who, std::string_view line) {
  char time[32];
  std::snprintf(time, sizeof time, "%10.3f ",
                static_cast<double>(base::to_ms(world_.elapsed())) / 1000);
  text_ += time;
  text_ += who;
  text_ += ": ";
  text_ += line;
  text_ += '\n';
}

}  // namespace waypost::sim
