#ifndef WAYPOST_TESTS_SIM_TRANSCRIPT_H_
#define WAYPOST_TESTS_SIM_TRANSCRIPT_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::sim {

// What the programs of a simulated world logged, with the virtual time: shown
// when a scenario fails, so that it reads as a story.
class Transcript {
 public:
  explicit Transcript(SimWorld& world);
  ~Transcript();

  // A logger whose lines carry `who`. Lives as long as the transcript.
  base::Logger logger(const std::string& who);

  // The test's own remark.
  void note(std::string_view text) { add("----", text); }

  bool contains(std::string_view text) const {
    return text_.find(text) != std::string::npos;
  }
  const std::string& text() const { return text_; }

 private:
  class Sink;

  void add(std::string_view who, std::string_view line);

  SimWorld& world_;
  base::LogLevels levels_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::string text_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_TRANSCRIPT_H_
