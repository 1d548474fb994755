// What keeps a remoting broker, and what takes it away. Numbers in names are
// those of the Java server's recordings.

#include <string>

#include <doctest/doctest.h>

#include "tests/namesrv/registry/remoting_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;

TEST_CASE("061: a close removes its brokers at once, a stranger's nobody") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1});
  CHECK(s.close(9) == "-");
  CHECK(s.close(1) == "-; connection-closed a/0");
  CHECK(s.cluster_text() == ";");
}

TEST_CASE("a close removes all brokers of the connection") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 1});
  s.enter({.broker = "a/1", .binding = 1});
  s.enter({.broker = "c/0", .binding = 2});
  CHECK(s.close(1) ==
        "-; connection-closed a/0; connection-closed a/1; "
        "connection-closed b/0");
  CHECK(s.cluster_text() == "c(c)[0=c0:1]; c:c");
}

TEST_CASE("063: the late close of an older connection removes nothing newer") {
  RemotingScript s;
  s.enter({.binding = 1});
  CHECK(s.enter({.binding = 2}) == "unchanged");
  CHECK(s.close(1) == "-");
  CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p6");
  CHECK(s.close(2) == "-; connection-closed a/0");
}

TEST_CASE("067: who counts as alive over two minutes") {
  RemotingScript s;
  s.at(0s);
  s.enter({.broker = "A/0", .binding = 1});
  s.enter({.broker = "C/0", .binding = 3});
  s.enter({.broker = "D/0", .binding = 4});
  s.enter({.broker = "E/0", .binding = 5});
  s.enter({.broker = "F/0", .binding = 6});
  for (const auto t : {30s, 60s, 90s, 115s}) {
    s.at(t);
    CHECK(s.query("C0:1", 1) == "same v1");
    CHECK(s.enter({.broker = "D/0", .binding = 4}) == "unchanged");
    CHECK(s.beat("E0:1") == "known");
    CHECK(s.query("F0:1", 9) == "other v1");
  }
  CHECK(s.at(120s).scan() == "-");
  CHECK(s.at(121s).scan() == "-; expired A/0; expired F/0");
  CHECK(
      s.last.expired_bindings ==
      std::vector<model::BindingId>{model::BindingId(1), model::BindingId(6)});
  CHECK(s.brokers() == "C/0 D/0 E/0");
  CHECK(s.beat("A0:1") == "unknown");
}

TEST_CASE("067: a silent connection takes its broker before the next scan") {
  RemotingScript s;
  s.at(0s).enter({.broker = "A/0", .binding = 1});
  s.at(100s).enter({.broker = "B/0", .binding = 2});
  CHECK(s.at(120s).idle(1) == "-");  // not yet
  CHECK(s.last.expired_bindings.empty());
  CHECK(s.at(120010ms).idle(1) == "-; expired A/0");
  CHECK(s.last.expired_bindings.size() == 1);
  CHECK(s.idle(2) == "-");
  CHECK(s.last.expired_bindings.empty());
  // Nobody is there any more: it may be closed.
  CHECK(s.idle(1) == "-");
  CHECK(s.last.expired_bindings.size() == 1);
}

TEST_CASE("one of two brokers on a silent connection keeps it open") {
  RemotingScript s;
  s.at(0s).enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 1});
  s.at(60s).beat("b0:1");
  CHECK(s.at(121s).idle(1) == "-; expired a/0");
  CHECK(s.last.expired_bindings.empty());
}

TEST_CASE("silence of many at once is left to the brake, however they end") {
  RemotingScript s;
  for (std::uint64_t i = 0; i < 10; ++i) {
    s.at(1s * i).enter(
        {.broker = "b" + std::to_string(i) + "/0", .binding = 100 + i});
  }
  // Cut off from all of us: the connections become idle one after the other.
  for (std::uint64_t i = 0; i < 10; ++i) {
    CHECK(s.at(120010ms + 1s * i).idle(100 + i) == "-");
  }
  CHECK(s.at(130s).scan() == "-; brake-engaged");
  CHECK(s.idle(100) == "-");
}

TEST_CASE("a connection is silent when its last broker is") {
  RemotingScript s;
  s.at(0s).enter({.broker = "a/0", .binding = 1});
  s.at(60s).enter({.broker = "b/0", .binding = 1});
  CHECK(s.at(121s).scan() == "-; expired a/0");
  CHECK(s.last.expired_bindings.empty());
  CHECK(s.at(181s).scan() == "-; expired b/0");
  CHECK(s.last.expired_bindings.size() == 1);
  // One that has closed before needs no closing.
  s.at(200s).enter({.broker = "a/0", .binding = 2});
  s.close(2, BindingClosed::Cause::kSilence);
  CHECK(s.at(321s).scan() == "-; expired a/0");
  CHECK(s.last.expired_bindings.empty());
}

TEST_CASE("a native broker's connection is its agent's to close") {
  RemotingScript s;
  s.at(0s).Script::enter({.broker = "n/0", .binding = 1});
  CHECK(s.at(121s).scan() == "-; expired n/0");
  CHECK(s.last.expired_bindings.empty());
}

TEST_CASE("a remoting broker is never suspect") {
  RemotingScript s;
  s.at(0s).enter({});
  CHECK(s.at(100s).scan() == "-");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw");
}

TEST_CASE("047: the version is asked by address alone") {
  RemotingScript s;
  CHECK(s.query("a0:1", 1) == "other");
  s.enter({.version = 1});
  CHECK(s.query("a0:1", 1) == "same v1");
  CHECK(s.query("a0:1", 2) == "other v1");
  CHECK(s.query("a0:1", std::nullopt) == "other v1");
  CHECK(s.query("a0:2", 1) == "other");
  CHECK(s.query("", 1) == "other");
  // As it was written, not as it is reached.
  CHECK(s.query("a0:01", 1) == "other");
  // Another address: the old one is forgotten.
  s.enter({.version = 1, .address = "x:1"});
  CHECK(s.query("a0:1", 1) == "other");
  CHECK(s.query("x:1", 1) == "same v1");
}

TEST_CASE("031: unregistering acts if name, id and address are all right") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "a/1", .binding = 2});
  CHECK(s.leave("a/7", "a0:1") == "kept");
  CHECK(s.leave("a/0", "a1:1") == "kept");
  CHECK(s.leave("nobody/0", "a0:1") == "kept");
  CHECK(s.cluster_text() == "a(c)[0=a0:1,1=a1:1]; c:a");
  CHECK(s.leave("a/1", "a1:1") == "removed; unregistered a/1");
  CHECK(s.leave("a/0", "a0:1") == "removed; unregistered a/0");
  CHECK(s.leave("a/0", "a0:1") == "kept");
  CHECK(s.cluster_text() == ";");
  // Its connection has nobody any more.
  CHECK(s.close(1) == "-");
}

TEST_CASE("nobody unregisters a native broker over remoting") {
  RemotingScript s;
  s.Script::enter({.broker = "a/0"});
  CHECK(s.leave("a/0", "a0:1") == "kept");
  CHECK(s.beat("a0:1") == "unknown");
}

TEST_CASE(
    "an equal body is a sign of life, binds, and gets the answer of now") {
  RemotingScript s;
  s.at(0s);
  s.enter({.broker = "a/0", .binding = 1, .ha = "h", .body = "m"});
  s.enter({.broker = "a/1", .binding = 2, .body = "s"});
  s.at(100s);
  CHECK(s.unchanged("a/0", 3, "m") == "known unchanged");
  CHECK(s.unchanged("a/1", 4, "s") == "known unchanged master a0:1 ha h");
  CHECK(s.unchanged("a/1", 4, "other") == "unknown");
  CHECK(s.unchanged("a/1", 4, "s", "x:1") == "unknown");
  CHECK(s.unchanged("a/2", 4, "s") == "unknown");
  CHECK(s.unchanged("a/1", 4, "") == "unknown");
  CHECK(s.at(150s).scan() == "-");
  CHECK(s.close(1) == "-");
  CHECK(s.close(2) == "-");
  CHECK(s.close(3) == "-; connection-closed a/0");
}

TEST_CASE("a body is forgotten when what it led to may be another") {
  RemotingScript s;
  const Told master{.broker = "a/0", .binding = 1, .body = "m"};
  const Told slave{.broker = "a/1", .binding = 2, .body = "s"};
  const auto enter_both = [&] {
    s.enter(master);
    s.enter(slave);
    REQUIRE(s.unchanged("a/0", 1, "m").starts_with("known"));
    REQUIRE(s.unchanged("a/1", 2, "s").starts_with("known"));
  };
  SUBCASE("its broker went") {
    enter_both();
    s.leave("a/1", "a1:1");
    CHECK(s.unchanged("a/1", 2, "s") == "unknown");
  }
  SUBCASE("the master went") {
    enter_both();
    s.close(1);
    CHECK(s.unchanged("a/1", 2, "s") == "unknown");
  }
  SUBCASE("the master came, or moved") {
    s.enter(slave);
    s.enter(master);
    CHECK(s.unchanged("a/1", 2, "s") == "unknown");
    CHECK(s.unchanged("a/0", 1, "m").starts_with("known"));
    enter_both();
    s.enter({.broker = "a/0", .binding = 1, .address = "x:1", .body = "m2"});
    CHECK(s.unchanged("a/1", 2, "s") == "unknown");
    CHECK(s.unchanged("a/0", 1, "m2", "x:1").starts_with("known"));
  }
  SUBCASE("a setting that changes registrations changed") {
    enter_both();
    s.retune(false);
    REQUIRE(s.unchanged("a/0", 1, "m").starts_with("known"));
    s.retune(true);
    CHECK(s.unchanged("a/0", 1, "m") == "unknown");
    CHECK(s.unchanged("a/1", 2, "s") == "unknown");
  }
  SUBCASE("somebody registered a topic for the group") {
    enter_both();
    s.bring_topic("u", {"a"});
    CHECK(s.unchanged("a/0", 1, "m") == "unknown");
  }
  SUBCASE("another one came") {
    enter_both();
    s.enter({.broker = "a/0", .binding = 1, .body = "m3"});
    CHECK(s.unchanged("a/0", 1, "m") == "unknown");
    CHECK(s.unchanged("a/0", 1, "m3") == "known unchanged");
  }
}

TEST_CASE("an observer's verdict hides a hung remoting broker from everybody") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2});
  CHECK(s.observe_at("a0:1", "no answer", 3s, 9) ==
        "observed a/0; unhealthy a/0");
  CHECK(s.shown("t") == "b(c)[0=b0:1]4/4p6");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  // As it is registered it is still shown.
  CHECK(s.cluster_text() == "a(c)[0=a0:1] b(c)[0=b0:1]; c:a,b");
  // If that leaves nobody, a bad broker is better than none.
  s.observe_at("b0:1", "no answer", 3s, 9);
  CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p6 b(c)[0=b0:1]4/4p6");
}

TEST_CASE("one key, two protocols: the latest registration says what it is") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"r"}});
  CHECK(s.Script::enter({.broker = "a/0", .binding = 2, .topics = {"n"}}) ==
        "changed; registered a/0; topics-changed a/0");
  // Nobody of the group is remoting any more.
  CHECK(s.topics() == "n");
  CHECK(s.enter({.broker = "a/0", .binding = 3, .topics = {"r"}}) ==
        "changed; registered a/0; topics-changed a/0");
  CHECK(s.topics() == "r");
  CHECK(s.close(2) == "-");
  CHECK(s.close(3) == "-; connection-closed a/0");
}

TEST_CASE("in a mixed group the smallest replica with topics says which") {
  RemotingScript s;
  s.Script::enter({.broker = "a/1", .binding = 1, .topics = {"n"}});
  s.enter({.broker = "a/0", .binding = 2, .topics = {"r"}});
  CHECK(s.topics() == "r");
  CHECK(s.shown("r") == "a(c)[0=a0:1,1=a1:1]4/4p6");
  s.close(2);
  CHECK(s.topics() == "n");
}

}  // namespace
}  // namespace waypost::registry
