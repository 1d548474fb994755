// What comes late, or from somebody whose place is taken, never touches a newer
// registration.

#include <doctest/doctest.h>

#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;
using Cause = BindingClosed::Cause;

std::string message(const Script& s) {
  return std::get<base::Error>(s.last.reply).to_string();
}

TEST_CASE("the close of an older connection leaves the newer registration") {
  Script s;
  s.enter({.binding = 1});
  CHECK(s.at(1s).enter({.binding = 2}) == "unchanged");
  CHECK(s.at(2s).close(1) == "-");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw");
  CHECK(s.at(3s).close(2) == "-; connection-closed a/0");
  CHECK(s.route("t") == "-");
}

TEST_CASE("a close that comes twice, or of nobody, does nothing") {
  Script s;
  CHECK(s.close(7) == "-");
  s.enter({.binding = 1});
  s.close(1);
  CHECK(s.close(1) == "-");
}

TEST_CASE("all brokers of a closed connection go, and only these, at once") {
  Script s;
  s.enter({.broker = "b/0", .binding = 1});
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "c/0", .binding = 2});
  const auto version = s.registry.table().version();
  CHECK(s.close(1) == "-; connection-closed a/0; connection-closed b/0");
  CHECK(s.registry.table().version() == version + 1);
  CHECK(s.last.roster_changed);
  CHECK(s.brokers() == "c/0");
}

TEST_CASE("only a close by the broker's side removes its broker") {
  for (const Cause cause : {Cause::kSilence, Cause::kOurs}) {
    Script s;
    s.enter({.binding = 1});
    CHECK(s.at(10s).close(1, cause) == "-");
    CHECK_FALSE(s.last.table_changed);
    CHECK(s.at(120s).scan() == "-");
    CHECK(s.at(121s).scan() == "-; expired a/0");
  }
}

TEST_CASE("after a silent close any connection of the epoch may come back") {
  Script s;
  s.enter({.binding = 5});
  s.close(5, Cause::kSilence);
  CHECK(s.enter({.binding = 3}) == "unchanged");
  CHECK(s.beat("a/0", 3) == "known");
  CHECK(s.close(3) == "-; connection-closed a/0");
}

TEST_CASE("an older epoch is refused and told both epochs") {
  Script s;
  s.enter({.binding = 1, .epoch = 5});
  CHECK(
      s.enter({.binding = 2, .epoch = 3, .topics = {"x"}, .address = "x:1"}) ==
      "stale");
  CHECK(message(s) ==
        "stale: a/0 is registered with epoch 5, this registration has the "
        "older epoch 3 (a newer process has taken its place; stop this one, or "
        "restart it for a newer epoch)");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw");
  CHECK(s.route("x") == "-");
  CHECK(s.beat("a/0", 1, 5) == "known");
}

TEST_CASE("a newer epoch takes over, and nothing of the older acts any more") {
  Script s;
  s.enter({.binding = 1, .epoch = 1});
  CHECK(s.enter({.binding = 2, .epoch = 2, .address = "new:1"}) ==
        "changed; registered a/0; address-changed a/0");
  CHECK(s.last.changes[0].detail == "epoch 2 after 1");
  CHECK_FALSE(s.last.roster_changed);
  CHECK(s.beat("a/0", 1, 1) == "unknown");
  CHECK(s.judge("a/0", 1, "bad", 1) == "unknown");
  CHECK(s.leave("a/0", 1, 1) == "kept");
  CHECK(s.hand_over("a/0", 1, 30s, 1) == "unknown");
  CHECK(s.close(1) == "-");
  CHECK(s.enter({.binding = 1, .epoch = 1}) == "stale");
  CHECK(s.route("t") == "a[0@new:1]4/4rw");
}

TEST_CASE("nothing of another binding acts, even with the right epoch") {
  Script s;
  s.enter({.binding = 2});
  for (const std::uint64_t binding : {1U, 3U}) {
    CAPTURE(binding);
    CHECK(s.beat("a/0", binding) == "unknown");
    CHECK(s.judge("a/0", binding, "bad") == "unknown");
    CHECK(s.leave("a/0", binding) == "kept");
    CHECK(s.hand_over("a/0", binding, 30s) == "unknown");
  }
  CHECK(s.route("t") == "a[0@a0:1]4/4rw");
}

TEST_CASE("nothing of another epoch acts, even over the right binding") {
  Script s;
  s.enter({.binding = 1, .epoch = 2});
  for (const std::uint64_t epoch : {1U, 3U}) {
    CAPTURE(epoch);
    CHECK(s.beat("a/0", 1, epoch) == "unknown");
    CHECK(s.judge("a/0", 1, "bad", epoch) == "unknown");
    CHECK(s.leave("a/0", 1, epoch) == "kept");
    CHECK(s.hand_over("a/0", 1, 30s, epoch) == "unknown");
  }
}

TEST_CASE("what does not act is no sign of life either") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.at(100s).beat("a/0", 2);
  s.judge("a/0", 1, "bad", 9);
  s.observe("a/0", "", 10s);
  CHECK(s.at(121s).scan() == "-; expired a/0");
}

TEST_CASE("a late registration over an older connection is refused") {
  Script s;
  s.enter({.binding = 2, .topics = {"t"}});
  CHECK(s.enter({.binding = 1, .topics = {"late"}}) == "stale");
  CHECK(message(s) ==
        "stale: a/0 has registered over a newer connection with the same "
        "epoch 1 (close this connection)");
  CHECK(s.topics() == "t");
  // A newer epoch may use any connection.
  CHECK(s.enter({.binding = 1, .epoch = 2, .topics = {"u"}}) ==
        "changed; registered a/0; topics-changed a/0");
}

TEST_CASE("a remoting registration has no epoch and the latest counts") {
  Script s;
  s.enter({.binding = 2, .epoch = 0, .origin = Origin::kRemoting});
  CHECK(s.enter({.binding = 1,
                 .epoch = 0,
                 .topics = {"u"},
                 .origin = Origin::kRemoting}) ==
        "changed; topics-changed a/0");
}

TEST_CASE("a name held by another cluster is refused and told both clusters") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .cluster = "c1"});
  CHECK(s.enter({.broker = "a/1", .binding = 2, .cluster = "c2"}) ==
        "conflict");
  CHECK(message(s) ==
        "conflict: broker name a belongs to cluster c1 here, this registration "
        "says cluster c2 (choose another broker name, or unregister the "
        "brokers of that name first)");
  CHECK(s.enter({.broker = "a/0", .binding = 1, .epoch = 9, .cluster = "c2"}) ==
        "conflict");
  CHECK(s.brokers() == "a/0");
  s.leave("a/0", 1);
  CHECK(s.enter({.broker = "a/0", .binding = 1, .cluster = "c2"}) ==
        "changed; registered a/0");
}

TEST_CASE("a first registration applies whatever its epoch") {
  Script s;
  s.enter({.binding = 1, .epoch = 5});
  s.close(1);
  CHECK(s.enter({.binding = 2, .epoch = 3}) == "changed; registered a/0");
  // But the next process starts above all that were seen.
  CHECK(s.registry.largest_epoch(broker_key("a/0")) == model::Epoch(5));
}

TEST_CASE("the largest epoch is remembered after the broker has gone") {
  Script s;
  CHECK(s.registry.largest_epoch(broker_key("a/0")) == model::Epoch(0));
  s.enter({.binding = 1, .epoch = 4});
  CHECK(s.registry.largest_epoch(broker_key("a/0")) == model::Epoch(4));
  s.leave("a/0", 1, 4);
  CHECK(s.registry.largest_epoch(broker_key("a/0")) == model::Epoch(4));
}

TEST_CASE("epochs of brokers that are gone are remembered up to a number") {
  Script s({.epochs_remembered = 2});
  for (const char* broker : {"a/0", "b/0", "c/0", "a/0"}) {
    s.enter({.broker = broker, .binding = 1, .epoch = 7});
    s.close(1);
  }
  // b went the longest time ago: a came back in between.
  CHECK(s.registry.largest_epoch(broker_key("a/0")) == model::Epoch(7));
  CHECK(s.registry.largest_epoch(broker_key("b/0")) == model::Epoch(0));
  CHECK(s.registry.largest_epoch(broker_key("c/0")) == model::Epoch(7));
}

TEST_CASE("a heartbeat with other topics lives but has to register in full") {
  Script s;
  s.enter({.topics = {"t"}});
  CHECK(s.at(100s).beat("a/0", 1, 1, {"t", "u"}) == "unknown");
  CHECK(s.at(200s).scan() == "-");
  CHECK(s.enter({.topics = {"t", "u"}}) == "changed; topics-changed a/0");
  CHECK(s.beat("a/0", 1, 1, {"t", "u"}) == "known");
  // An incremental registration says what the whole is afterwards.
  auto more = register_event({.topics = {"v"}, .incremental = true});
  more.request.topics_digest = stated_digest({"t", "u", "v"});
  s.step(more);
  CHECK(s.beat("a/0", 1, 1, {"t", "u", "v"}) == "known");
  CHECK(s.beat("a/0", 1, 1, {"t", "u"}) == "unknown");
}

}  // namespace
}  // namespace waypost::registry
