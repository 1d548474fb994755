// The incidents keep their promises, and docs/incidents shows what the
// simulation prints. WAYPOST_REWRITE_INCIDENTS=1 rewrites the pages instead:
// scripts/rewrite_incidents.

#include "tests/sim/incidents/incidents.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

namespace waypost::sim {
namespace {

constexpr const char* kFence = "```";

std::string marker(const std::string& block) {
  return "<!-- played: " + block + " -->";
}

std::string read_page(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  REQUIRE_MESSAGE(file.good(), "cannot read ", path);
  return text.str();
}

// The page with the text of each block in its place: the fenced lines after its
// marker.
std::string with_blocks(std::string page,
                        const std::vector<Story::Block>& blocks) {
  for (const Story::Block& block : blocks) {
    const std::size_t mark = page.find(marker(block.name));
    REQUIRE_MESSAGE(mark != std::string::npos, "the page has no ",
                    marker(block.name));
    const std::size_t open = page.find(kFence, mark);
    REQUIRE(open != std::string::npos);
    const std::size_t begin = page.find('\n', open) + 1;
    const std::size_t end = page.find(kFence, begin);
    REQUIRE(end != std::string::npos);
    page.replace(begin, end - begin, block.text);
  }
  return page;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// The first line in which two texts differ.
std::string first_difference(const std::string& one, const std::string& other) {
  std::istringstream left(one);
  std::istringstream right(other);
  std::string a;
  std::string b;
  while (true) {
    const bool more_left = static_cast<bool>(std::getline(left, a));
    const bool more_right = static_cast<bool>(std::getline(right, b));
    if (!more_left && !more_right) return "";
    if (more_left != more_right || a != b) {
      return "page:   " + a + "\nplayed: " + b;
    }
  }
}

void check_incident(std::size_t number) {
  const Incident& incident = incidents().at(number - 1);
  Story story(1);
  incident.play(story);
  for (const std::string& violation : story.violations()) {
    FAIL_CHECK("not kept: ", violation);
  }
  const std::string path = std::string(WAYPOST_SOURCE_DIR) +
                           "/docs/incidents/" + std::string(incident.page);
  const std::string page = read_page(path);
  const std::string played = with_blocks(page, story.blocks());
  if (std::getenv("WAYPOST_REWRITE_INCIDENTS") != nullptr) {
    std::ofstream(path) << played;
    return;
  }
  CHECK_MESSAGE(count_of(page, "<!-- played: ") == story.blocks().size(),
                "the page has a block that is not played any more");
  CHECK_MESSAGE(page == played, incident.page,
                " is not what the simulation prints: if that is as it should "
                "be, run scripts/rewrite_incidents\n",
                first_difference(page, played));
}

TEST_CASE("incident-1 is told as it plays") { check_incident(1); }
TEST_CASE("incident-2 is told as it plays") { check_incident(2); }
TEST_CASE("incident-3 is told as it plays") { check_incident(3); }
TEST_CASE("incident-4 is told as it plays") { check_incident(4); }
TEST_CASE("incident-5 is told as it plays") { check_incident(5); }

// What happens in between depends on the seed, the promises do not.
TEST_CASE("the promises are kept for other seeds, too") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::uint64_t kLast = 2;
#else
  constexpr std::uint64_t kLast = 4;
#endif
  for (const Incident& incident : incidents()) {
    for (std::uint64_t seed = 2; seed <= kLast; ++seed) {
      Story story(seed);
      incident.play(story);
      for (const std::string& violation : story.violations()) {
        FAIL_CHECK(incident.name, ", seed ", seed, ": ", violation);
      }
    }
  }
}

TEST_CASE("waypost-sim finds all of them by name, and draws none") {
  const auto list = incident_scenarios();
  REQUIRE(list.size() == 5);
  for (const Scenario& each : list) {
    CHECK_FALSE(each.drawn);
  }
  CHECK(list[3].name == "incident-4");
  const Outcome outcome = list[3].run(Plan{});
  CHECK(outcome.violations.empty());
  CHECK(outcome.transcript.find("--- incident-4: transcript") == 0);
}

}  // namespace
}  // namespace waypost::sim
