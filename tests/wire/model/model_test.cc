#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "wire/model/operations.h"
#include "wire/model/route.h"

namespace waypost::model {
namespace {

Route sample_route() {
  Route route;
  route.topic = TopicName("orders");
  route.groups.push_back({ClusterName("c"),
                          BrokerName("a"),
                          {4, 4, {}, 0},
                          {{kMasterId, {"10.0.0.1", 1883}, {}, "z1"}}});
  route.groups.push_back({ClusterName("c"),
                          BrokerName("b"),
                          {4, 4, {}, 0},
                          {{kMasterId, {"10.0.0.2", 1883}, {}, "z2"}}});
  return route;
}

TEST_CASE("equal routes have equal digests, any difference another one") {
  const Digest digest = digest_route(sample_route());
  CHECK_FALSE(digest.is_none());
  CHECK(digest_route(sample_route()) == digest);
  const std::function<void(Route&)> changes[] = {
      [](Route& r) { r.topic = TopicName("order"); },
      [](Route& r) { r.groups.pop_back(); },
      [](Route& r) { r.groups[0].cluster = ClusterName("d"); },
      [](Route& r) { r.groups[0].broker_name = BrokerName("aa"); },
      [](Route& r) { r.groups[0].queues.read_queues = 5; },
      [](Route& r) { r.groups[0].queues.write_queues = 5; },
      [](Route& r) { r.groups[0].queues.permission = Permission{4}; },
      [](Route& r) { r.groups[0].queues.system_flag = 1; },
      [](Route& r) { r.groups[0].replicas[0].id = BrokerId(1); },
      [](Route& r) { r.groups[0].replicas[0].address.host = "10.0.0.3"; },
      [](Route& r) { r.groups[0].replicas[0].address.port = 1884; },
      [](Route& r) { r.groups[0].replicas[0].health = BrokerHealth::kSuspect; },
      [](Route& r) { r.groups[0].replicas[0].zone = "z"; },
  };
  for (const auto& change : changes) {
    Route changed = sample_route();
    change(changed);
    CHECK_FALSE(digest_route(changed) == digest);
  }
}

TEST_CASE("text may not move between neighbouring fields of a digest") {
  Route one = sample_route();
  one.groups[0].cluster = ClusterName("ab");
  one.groups[0].broker_name = BrokerName("c");
  Route two = sample_route();
  two.groups[0].cluster = ClusterName("a");
  two.groups[0].broker_name = BrokerName("bc");
  CHECK_FALSE(digest_route(one) == digest_route(two));
}

TEST_CASE("a topic digest is that of the documented text") {
  const std::vector<TopicConfig> topics = {
      {TopicName("orders"), {4, 8, Permission{6}, 0}},
      {TopicName("payments"), {1, 1, Permission{4}, 2}}};
  CHECK(digest_topics(topics) ==
        digest_bytes("orders 4 8 6 0\npayments 1 1 4 2\n"));
  CHECK_FALSE(digest_topics({}).is_none());
}

TEST_CASE("permissions are written and read, others are refused") {
  for (const char* text : {"rw", "r", "w", "-", "rwi"}) {
    CHECK(parse_permission(text)->to_string() == text);
  }
  CHECK_FALSE(parse_permission("").has_value());
  CHECK_FALSE(parse_permission("rx").has_value());
  CHECK_FALSE(parse_permission("x").has_value());
}

TEST_CASE("names are printable, bounded and free of blanks and slashes") {
  CHECK(check_name("topic name", "%RETRY%group-1.a_b|c"));
  CHECK(check_name("topic name", std::string(255, 'x')));
  const std::string bad_names[] = {
      "",    std::string(256, 'x'),  "a b",  "a/b",
      "a\n", std::string("a\0b", 3), "\x7f", "caf\xc3\xa9"};
  for (const std::string& bad : bad_names) {
    CAPTURE(bad);
    const auto checked = check_name("topic name", bad);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().message.starts_with("topic name"));
  }
}

TEST_CASE("a digest is written as 32 hexadecimal digits, high half first") {
  CHECK(Digest{0xab, 1}.to_string() == "000000000000000100000000000000ab");
}

}  // namespace
}  // namespace waypost::model
