#ifndef WAYPOST_TESTS_SIM_INCIDENTS_STORY_H_
#define WAYPOST_TESTS_SIM_INCIDENTS_STORY_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace waypost::sim {

// What the play of an incident leaves: blocks of text for people, which
// docs/incidents shows, and the promises that were not kept.
class Story {
 public:
  explicit Story(std::uint64_t seed = 1) : seed_(seed) {}

  std::uint64_t seed() const { return seed_; }

  // A promise of the incident's page. True: it was kept.
  bool promise(bool kept, const std::string& what) {
    if (!kept) violations_.push_back(what);
    return kept;
  }

  struct Block {
    std::string name;  // within the incident, "transcript"
    std::string text;  // whole lines
  };
  void add(std::string name, std::string text) {
    blocks_.push_back({std::move(name), std::move(text)});
  }

  const std::vector<Block>& blocks() const { return blocks_; }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  const std::uint64_t seed_;
  std::vector<Block> blocks_;
  std::vector<std::string> violations_;
};

// Columns as wide as their widest text, the first row underlined.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_INCIDENTS_STORY_H_
