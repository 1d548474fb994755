#include <doctest/doctest.h>

#include "tests/broker_agent/core/transcript.h"

namespace waypost::agent {
namespace {

using testing::topic;
using testing::topic_list;

TEST_CASE("a topic list is sorted, and its digest ignores the given order") {
  const auto one = topic_list({topic("b"), topic("a")});
  const auto two = topic_list({topic("a"), topic("b")});
  CHECK(one->topics().front().name.value() == "a");
  CHECK(one->digest() == two->digest());
  CHECK(one->digest() != topic_list({topic("a"), topic("b", 8)})->digest());
}

TEST_CASE("a topic named twice or with a bad name is refused by name") {
  const auto twice = TopicList::make({topic("a"), topic("b"), topic("a")});
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().message.find("topic a ") != std::string::npos);
  CHECK_FALSE(TopicList::make({topic("with blank")}).has_value());
  CHECK_FALSE(TopicList::make({topic("a", 70000)}).has_value());
}

TEST_CASE("a diff holds what was added, changed and removed") {
  const auto before = topic_list({topic("a"), topic("b"), topic("c")});
  const auto after =
      topic_list({topic("aa"), topic("b", 8), topic("c"), topic("d")});
  const TopicDiff diff = diff_topics(*before, *after);
  REQUIRE(diff.set.size() == 3);
  CHECK(diff.set[0].name.value() == "aa");
  CHECK(diff.set[1].name.value() == "b");
  CHECK(diff.set[1].queues.read_queues == 8);
  CHECK(diff.set[2].name.value() == "d");
  REQUIRE(diff.removed.size() == 1);
  CHECK(diff.removed[0].value() == "a");
  CHECK(diff.to_string() == "2 added, 1 changed, 1 removed");
  CHECK(diff_topics(*before, *before).size() == 0);
}

}  // namespace
}  // namespace waypost::agent
