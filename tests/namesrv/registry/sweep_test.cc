// Large brokers that leave are out of the routes at once and are swept out of
// the table later: nobody sees the difference.

#include <string>

#include <doctest/doctest.h>

#include "namesrv/registry/remoting_lists.h"
#include "tests/namesrv/registry/remoting_script.h"

namespace waypost::registry {
namespace {

RegistrySettings sweeping() {
  RegistrySettings settings;
  settings.swept_above = 1;
  return settings;
}

// Sweeps up to `topics_max`; true when something is left.
bool sweep(RemotingScript& s, std::size_t topics_max) {
  CHECK(s.step(Sweep{topics_max}) == "-");
  CHECK_FALSE(s.last.table_changed);
  return s.last.sweep_wanted;
}

TEST_CASE("a broker with many topics is gone from all answers at once") {
  RemotingScript s(sweeping());
  const RouteTable& table = s.registry.table();
  s.Script::enter({.broker = "a/0", .binding = 1, .topics = {"t", "u", "v"}});
  s.enter({.broker = "b/0", .binding = 2, .topics = {"t"}});
  CHECK(s.close(1) == "-; connection-closed a/0");
  CHECK(s.last.table_changed);
  CHECK(s.last.sweep_wanted);
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  CHECK(s.route("u") == "-");
  CHECK(s.shown("u") == "-");
  CHECK(s.topics() == "t");
  CHECK(s.brokers() == "b/0");
  CHECK(s.cluster_text() == "b(c)[0=b0:1]; c:b");
  CHECK(all_topics(table) == NameList{"t"});
  CHECK(topics_of_cluster(table, "c") == NameList{"t"});
  CHECK(s.drop_topic("u") == "0 groups");
  const auto listing = s.registry.list_topics({}).topics;
  REQUIRE(listing.size() == 1);
  CHECK(listing[0].group_count == 1);
  CHECK(listing[0].write_queues == 4);

  const auto stamp = s.stamp("t");
  CHECK(sweep(s, 1));
  CHECK(sweep(s, 1));
  CHECK_FALSE(sweep(s, 1));
  CHECK(table.topic_count() == 1);
  // The encoded route of before is still good.
  CHECK(s.stamp("t") == stamp);
  CHECK_FALSE(sweep(s, 1));
}

TEST_CASE("few topics need no sweeping") {
  RemotingScript s(sweeping());
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t"}});
  s.close(1);
  CHECK_FALSE(s.last.sweep_wanted);
  CHECK(s.registry.table().topic_count() == 0);
}

TEST_CASE("a broker that comes back while it is swept out is another one") {
  RemotingScript s(sweeping());
  const std::vector<std::string> topics = {"t", "u", "v"};
  s.enter({.broker = "a/0", .binding = 1, .topics = topics});
  s.enter({.broker = "b/0", .binding = 9, .topics = {"t"}});
  for (std::uint64_t life = 2; life < 5; ++life) {
    s.close(life - 1);
    CHECK(s.enter({.broker = "a/0", .binding = life, .topics = topics}) ==
          "changed; registered a/0");
    CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p6 b(c)[0=b0:1]4/4p6");
    CHECK(s.shown("u") == "a(c)[0=a0:1]4/4p6");
    sweep(s, 2);
  }
  s.wipe("a");
  while (sweep(s, 1)) {
  }
  CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p4 b(c)[0=b0:1]4/4p6");
  CHECK(s.shown("v") == "a(c)[0=a0:1]4/4p4");
  CHECK(s.registry.table().topic_count() == 3);
  s.close(4);
  while (sweep(s, 100)) {
  }
  CHECK(s.registry.table().topic_count() == 1);
}

TEST_CASE("what is being swept out still counts against the limit") {
  RegistrySettings settings = sweeping();
  settings.topics_max = 3;
  RemotingScript s(settings);
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t", "u", "v"}});
  s.close(1);
  CHECK(s.enter({.broker = "b/0", .binding = 2, .topics = {"t"}}) ==
        "too-large");
  sweep(s, 1);
  CHECK(s.enter({.broker = "b/0", .binding = 2, .topics = {"t"}}) ==
        "changed; registered b/0");
}

TEST_CASE("a slave keeps the topics of a large master from being swept") {
  RemotingScript s(sweeping());
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t", "u", "v"}});
  s.enter({.broker = "a/1", .binding = 2});
  s.close(1);
  CHECK_FALSE(s.last.sweep_wanted);
  CHECK(s.shown("u") == "a(c)[1=a1:1]4/4p6");
  s.close(2);
  CHECK(s.last.sweep_wanted);
}

TEST_CASE("a published version is kept whole while the next one is swept") {
  RemotingScript s(sweeping());
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t", "u", "v"}});
  const RouteTable before = s.registry.table();
  s.close(1);
  const RouteTable during = s.registry.table();
  while (sweep(s, 1)) {
  }
  CHECK(all_topics(before).size() == 3);
  CHECK(all_topics(during).empty());
  CHECK(during.topic_count() == 3);
}

}  // namespace
}  // namespace waypost::registry
