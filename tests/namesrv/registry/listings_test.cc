#include <doctest/doctest.h>

#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {
namespace {

std::string topic_pages(const Script& s, std::string prefix,
                        std::uint32_t limit) {
  std::string text;
  model::PageRequest request{std::move(prefix), "", limit};
  for (;;) {
    const auto page = s.registry.list_topics(request);
    for (const auto& topic : page.topics) text += topic.topic.value() + " ";
    if (page.next.empty()) return text;
    text += "| ";
    request.after = page.next;
  }
}

std::string broker_pages(const Script& s, std::string prefix,
                         std::uint32_t limit) {
  std::string text;
  model::PageRequest request{std::move(prefix), "", limit};
  for (;;) {
    const auto page = s.registry.list_brokers(request, s.now);
    for (const auto& broker : page.brokers) {
      text += broker.broker.to_string() + " ";
    }
    if (page.next.empty()) return text;
    text += "| ";
    request.after = page.next;
  }
}

TEST_CASE("topics are listed in order, by pages and prefix") {
  Script s;
  s.enter({.topics = {"b", "a", "ab", "abc", "ac", "z"}});
  CHECK(topic_pages(s, "", 0) == "a ab abc ac b z ");
  CHECK(topic_pages(s, "", 2) == "a ab | abc ac | b z ");
  CHECK(topic_pages(s, "", 4) == "a ab abc ac | b z ");
  CHECK(topic_pages(s, "ab", 1) == "ab | abc ");
  CHECK(topic_pages(s, "x", 1) == "");
}

TEST_CASE("a topic's listing adds up its groups") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t:4"}});
  s.enter({.broker = "b/0", .binding = 2, .topics = {"t:8"}});
  const auto page = s.registry.list_topics({});
  REQUIRE(page.topics.size() == 1);
  CHECK(page.topics[0].group_count == 2);
  CHECK(page.topics[0].read_queues == 12);
  CHECK(page.topics[0].write_queues == 12);
}

TEST_CASE("brokers are listed by name and number, by pages and prefix") {
  Script s;
  std::uint64_t binding = 1;
  for (const char* broker : {"b/0", "a/10", "a/2", "ab/0", "a/0"}) {
    s.enter({.broker = broker, .binding = binding++});
  }
  CHECK(broker_pages(s, "", 0) == "a/0 a/2 a/10 ab/0 b/0 ");
  CHECK(broker_pages(s, "", 1) == "a/0 | a/2 | a/10 | ab/0 | b/0 ");
  CHECK(broker_pages(s, "a", 3) == "a/0 a/2 a/10 | ab/0 ");
  CHECK(broker_pages(s, "c", 3) == "");
}

TEST_CASE("a page goes on where it was although its last element has gone") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t", "u", "v"}});
  s.enter({.broker = "a/1", .binding = 2, .topics = {}});
  s.enter({.broker = "a/2", .binding = 3, .topics = {}});
  const auto topics = s.registry.list_topics({"", "", 2});
  CHECK(topics.next == "u");
  const auto brokers = s.registry.list_brokers({"", "", 2}, s.now);
  CHECK(brokers.next == "a/1");
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t", "v"}});
  s.leave("a/1", 2);
  CHECK(s.registry.list_topics({"", "u", 2}).topics[0].topic.value() == "v");
  CHECK(s.registry.list_brokers({"", "a/1", 2}, s.now)
            .brokers[0]
            .broker.to_string() == "a/2");
}

TEST_CASE("made-up tokens and greedy limits give a page") {
  Script s({.page_default = 2, .page_max = 3});
  s.enter({.topics = {"a", "b", "c", "d"}});
  CHECK(s.registry.list_topics({}).topics.size() == 2);
  CHECK(s.registry.list_topics({"", "", 1000}).topics.size() == 3);
  CHECK(s.registry.list_topics({"b", "a", 0}).topics.size() == 1);
  CHECK(s.registry.list_topics({"b", "zzz", 0}).topics.empty());
  for (const char* token :
       {"/", "a", "a/", "a/x", "a/99999999999999999999", "zz/1", "\xff"}) {
    CAPTURE(token);
    CHECK(s.registry.list_brokers({"", token, 0}, s.now).next.empty());
  }
  CHECK(s.registry.list_brokers({"", "A", 0}, s.now).brokers.size() == 1);
}

}  // namespace
}  // namespace waypost::registry
