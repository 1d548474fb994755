#include "namesrv/membership/membership.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/namesrv/membership/peer_group.h"

namespace waypost::membership {
namespace {

using namespace std::chrono_literals;

model::PeerNames names(const std::string& letters) {
  model::PeerNames made;
  for (const char each : letters) made.insert(model::PeerName({each}));
  return made;
}

const std::vector<std::string> kAll = {"1", "2", "3"};

// a, b, c at 1, 2, 3, each configured with all.
void start_three(PeerGroup& group) {
  group.start("a", "1", kAll);
  group.start("b", "2", kAll);
  group.start("c", "3", kAll);
  group.run(5s);
  group.take_transcript();
}

TEST_CASE("three that are configured with each other come up at once") {
  PeerGroup group;
  group.start("a", "1", kAll);
  group.start("b", "2", kAll);
  group.start("c", "3", kAll);
  group.run(1s);
  for (const char* name : {"a", "b", "c"}) {
    CHECK(group.at(name).self().status == model::PeerStatus::kUp);
  }
  group.run(2s);
  for (const char* name : {"a", "b", "c"}) {
    CAPTURE(name);
    CHECK(group.at(name).members(true) == names("abc"));
    CHECK(group.at(name).reachable() == names("abc"));
    CHECK(group.at(name).seen_by() == names("abc"));
    CHECK(group.at(name).self().status == model::PeerStatus::kUp);
    CHECK(group.at(name).leader() == model::PeerName("a"));
  }
}

TEST_CASE("what was set to down before a restart waits as it would have") {
  MembershipSettings settings;
  settings.down_before = model::PeerNames{model::PeerName("c")};
  PeerGroup group(settings);
  group.start("a", "1", kAll);
  group.start("b", "2", kAll);
  group.run(60s);
  // More than half, but c was not set to down as far as they know.
  CHECK(group.at("a").was_down());
  CHECK(group.at("a").self().status == model::PeerStatus::kJoining);
  group.start("c", "3", kAll);
  group.run(5s);
  for (const char* name : {"a", "b", "c"}) {
    CHECK(group.at(name).self().status == model::PeerStatus::kUp);
    CHECK_FALSE(group.at(name).was_down());
  }
}

TEST_CASE("who was left behind and will never come back can be forgotten") {
  MembershipSettings settings;
  settings.down_before = model::PeerNames{model::PeerName("c")};
  PeerGroup group(settings);
  group.start("a", "1", {"1", "3"});
  group.run(60s);
  CHECK(group.at("a").was_down());
  // Nothing of it is known but the name, and that there is an address at which
  // nobody answers.
  group.step("a", Forget{model::PeerName("c"), true});
  group.run(2s);
  CHECK(group.at("a").self().status == model::PeerStatus::kUp);
}

TEST_CASE("an address at which nobody was heard counts, whoever is forgotten") {
  MembershipSettings settings;
  settings.down_before = model::PeerNames{model::PeerName("c")};
  PeerGroup group(settings);
  group.start("a", "1", kAll);
  group.step("a", Forget{model::PeerName("c"), true});
  group.run(60s);
  CHECK(group.at("a").was_down());
  group.start("b", "2", kAll);
  group.run(5s);
  CHECK(group.at("a").self().status == model::PeerStatus::kUp);
}

TEST_CASE("one alone comes up when nobody answers, or at once without peers") {
  PeerGroup group;
  group.start("a", "1", {});
  group.run(1s);
  CHECK(group.at("a").self().up_number == 1);

  PeerGroup alone;
  alone.start("a", "1", kAll);
  alone.run(1s);
  // Both others are known not to listen.
  CHECK(alone.at("a").self().status == model::PeerStatus::kUp);
  CHECK(alone.at("a").members(true).size() == 3);
  CHECK(alone.at("a").members(false) == names("a"));
}

TEST_CASE("joining through any one makes a peer known to all") {
  PeerGroup group;
  start_three(group);
  group.start("d", "4", {"2"});
  group.run(3s);
  for (const char* name : {"a", "b", "c", "d"}) {
    CHECK(group.at(name).members(true) == names("abcd"));
    CHECK(group.at(name).reachable() == names("abcd"));
  }
  // It came up after the others.
  CHECK(group.at("d").self().up_number > group.at("a").self().up_number);
}

TEST_CASE("a dead peer keeps nobody from joining or coming up") {
  PeerGroup group;
  start_three(group);
  group.kill("c");
  group.run(30s);
  CHECK(group.at("a").reachable() == names("ab"));
  group.take_transcript();
  group.start("d", "4", {"1"});
  group.run(2s);
  CHECK(group.at("d").self().status == model::PeerStatus::kUp);
  CHECK(group.at("b").reachable() == names("abd"));
  // The dead one is a member still, until it is forgotten.
  CHECK(group.at("d").members(true) == names("abcd"));
}

TEST_CASE("silence is noticed after the timeout, a closed connection at once") {
  PeerGroup group;
  start_three(group);
  group.kill("c");
  group.run(5s);
  CHECK(group.take_transcript().empty());
  group.run(1s);
  CHECK(group.take_transcript() == "a: lost c\nb: lost c\n");
  group.die("b");
  CHECK(group.take_transcript() == "a: lost b closed\n");
  CHECK(group.at("a").reachable() == names("a"));
}

TEST_CASE("a peer that comes back elsewhere is the same peer") {
  PeerGroup group;
  start_three(group);
  group.die("c");
  group.run(10s);
  group.take_transcript();
  group.start("c", "30", {"1"});
  group.run(3s);
  const std::string transcript = group.take_transcript();
  CHECK(transcript.find("a: c restarted\na: c moved to 30\na: c back\n") !=
        std::string::npos);
  CHECK(transcript.find("same life") == std::string::npos);
  CHECK(group.at("a").members(true) == names("abc"));
  CHECK(group.at("b").reachable() == names("abc"));
}

TEST_CASE("nobody waits at an address that a peer has left") {
  PeerGroup group;
  start_three(group);
  group.die("c");
  group.run(10s);
  // Heard of c and its address by word alone.
  group.start("d", "4", {"1", "2", "3"});
  group.run(3s);
  CHECK(group.at("d").members(true) == names("abcd"));
  group.start("c", "30", {"1", "2"});
  group.run(3s);
  for (const std::string each : {"a", "b", "c", "d"}) {
    CAPTURE(each);
    CHECK(group.at(each).members(true) == names("abcd"));
  }
}

TEST_CASE("a configured address counts once, whoever answers there") {
  PeerGroup group;
  group.start("a", "1", {"1", "2", "3"});
  group.start("b", "2", {"1"});
  group.run(3s);
  // a itself at 1, b at 2, nobody yet at 3.
  CHECK(group.at("a").members(true).size() == 3);
  group.start("c", "33", {"1"});
  group.run(3s);
  CHECK(group.at("a").members(true).size() == 4);
  group.start("c", "3", {"1"});
  group.run(3s);
  CHECK(group.at("a").members(true) == names("abc"));
}

TEST_CASE(
    "a cut between two of three: the third tells both that it is a link") {
  PeerGroup group;
  start_three(group);
  group.cut("a", "b");
  group.run(12s);
  CHECK(group.take_transcript() ==
        "a: lost b\nb: lost a\na: c reaches b\nb: c reaches a\n");
  CHECK(group.at("a").reached_by(model::PeerName("b")) == names("c"));
  // c sees both ends complain of each other.
  CHECK(group.at("c").observations().size() == 2);
  group.heal();
  group.run(3s);
  const std::string transcript = group.take_transcript();
  CHECK(transcript.find("a: b back in the same life\n") != std::string::npos);
  CHECK(group.at("c").observations().empty());
}

TEST_CASE("a second question about a bad link that is lost is put again") {
  PeerGroup group;
  start_three(group);
  group.cut("a", "b");
  group.run(9s);
  CHECK(group.take_transcript() == "a: lost b\nb: lost a\n");
  // Nothing passes between a and c when a asks again, for less time than a loss
  // takes to be noticed.
  group.cut("a", "c");
  group.run(4s);
  group.heal();
  group.cut("a", "b");
  group.run(1s);
  CHECK(group.take_transcript() == "b: c reaches a\n");
  group.run(6s);
  CHECK(group.take_transcript() == "a: c reaches b\n");
  // Told once.
  group.run(30s);
  CHECK(group.take_transcript().empty());
}

TEST_CASE("a cut that heals at one end before the other is no bad link") {
  PeerGroup group;
  start_three(group);
  group.cut("a", "b");
  group.cut("a", "c");
  group.run(7s);
  CHECK(group.take_transcript() ==
        "a: lost b\na: lost c\nb: lost a\nc: lost a\n");
  // c's connections come back. b's old one does so, too, says what was queued
  // in it, and is closed, for a had given it up.
  group.heal();
  group.cut("a", "b");
  group.run(1s);
  group.step("b", Heard{group.at("a").heartbeat(), std::nullopt});
  group.step("b", LinkClosed{model::PeerName("a")});
  group.run(1s);
  group.heal();
  group.run(10s);
  const std::string transcript = group.take_transcript();
  CAPTURE(transcript);
  CHECK(transcript.find("b: lost a closed\n") != std::string::npos);
  CHECK(transcript.find(" reaches ") == std::string::npos);
  CHECK(group.at("b").reachable() == names("abc"));
}

TEST_CASE("of a dead peer nobody says that it is reached") {
  PeerGroup group;
  start_three(group);
  group.kill("b");
  group.run(10s);
  CHECK(group.take_transcript() == "a: lost b\nc: lost b\n");
  CHECK(group.at("a").reached_by(model::PeerName("b")).empty());
}

TEST_CASE("a sleeper learns from the others that they wrote it off") {
  PeerGroup group;
  start_three(group);
  group.sleep("c");
  group.run(20s);
  CHECK(group.take_transcript() == "a: lost c\nb: lost c\n");
  group.wake("c", 20s);
  CHECK(group.at("c").reachable() == names("abc"));
  group.run(2s);
  const std::string transcript = group.take_transcript();
  CHECK(transcript.find("c: written off by a\n") != std::string::npos);
  CHECK(transcript.find("a: c back in the same life\n") != std::string::npos);
  CHECK(group.at("a").reachable() == names("abc"));
}

TEST_CASE("one-way silence is known to both ends") {
  PeerGroup group;
  start_three(group);
  // b's messages do not arrive at a, neither calls nor answers.
  group.cut_one_way("b", "a");
  group.run(10s);
  const std::string transcript = group.take_transcript();
  CHECK(transcript.find("a: lost b\n") != std::string::npos);
  // b hears a say so, in a's own calls.
  CHECK(transcript.find("b: written off by a\n") != std::string::npos);
  CHECK(group.at("b").reachable() == names("abc"));
}

TEST_CASE("a forgotten peer stays out, everywhere, until it is welcome again") {
  PeerGroup group;
  start_three(group);
  group.kill("c");
  group.run(10s);
  group.step("a", Forget{model::PeerName("c")});
  group.run(2s);
  CHECK(group.at("b").members(true) == names("ab"));
  group.take_transcript();
  // With a new life and from another place; it learns why nobody wants it.
  group.start("c", "30", {"1", "2"});
  group.run(5s);
  CHECK(group.at("a").members(true) == names("ab"));
  CHECK(group.at("c").forgotten());
  CHECK(group.at("c").self().status == model::PeerStatus::kJoining);
  CHECK(group.take_transcript().find("c: forgotten itself") !=
        std::string::npos);
  // Also by one who joins later.
  group.start("d", "4", {"2"});
  group.run(5s);
  CHECK(group.at("d").members(true) == names("abd"));

  group.step("b", Forget{model::PeerName("c"), false});
  group.run(5s);
  CHECK(group.at("a").reachable() == names("abcd"));
  CHECK(group.at("c").self().status == model::PeerStatus::kUp);
}

TEST_CASE("one set to down goes on as a new life and is admitted by a server") {
  PeerGroup group;
  start_three(group);
  group.cut("c", "a");
  group.cut("c", "b");
  group.run(10s);
  group.step("a", SetDown{names("c")});
  group.run(2s);
  CHECK(group.at("b").members(false) == names("ab"));
  // c knows nothing of it.
  CHECK(group.at("c").self().status == model::PeerStatus::kUp);
  group.take_transcript();
  group.set_state("a", model::ServerState::kPaused);
  group.set_state("b", model::ServerState::kPaused);
  group.heal();
  group.run(5s);
  CHECK(group.take_transcript().find("c: down itself\n") != std::string::npos);
  // Nobody who serves has answered it yet.
  CHECK(group.at("c").was_down());
  CHECK(group.at("c").self().status == model::PeerStatus::kJoining);
  group.set_state("b", model::ServerState::kServing);
  group.run(3s);
  CHECK(group.at("c").self().status == model::PeerStatus::kUp);
  CHECK_FALSE(group.at("c").was_down());
  CHECK(group.at("a").members(false) == names("abc"));
  CHECK(group.at("c").self().up_number > group.at("b").self().up_number);
}

TEST_CASE("one that is heard by nobody is not admitted, whoever it hears") {
  PeerGroup group;
  start_three(group);
  group.cut_one_way("c", "a");
  group.cut_one_way("c", "b");
  group.run(10s);
  group.step("a", SetDown{names("c")});
  group.run(10s);
  CHECK(group.at("c").was_down());
  CHECK(group.at("c").self().status == model::PeerStatus::kJoining);
  group.heal();
  group.run(3s);
  CHECK(group.at("c").self().status == model::PeerStatus::kUp);
}

TEST_CASE("one that sets itself to down takes nobody with it who stayed") {
  PeerGroup group;
  start_three(group);
  group.cut("c", "a");
  group.cut("c", "b");
  group.run(10s);
  // Alone, c takes all for lost; the others go on without it.
  group.step("c", SetDown{names("abc")});
  group.step("a", SetDown{names("c")});
  group.run(2s);
  CHECK(group.at("c").was_down());
  CHECK(group.at("c").members(false) == names("c"));
  group.take_transcript();
  // It meets b, while a is out of reach of both: b must not learn from it that
  // a has gone.
  group.cut("a", "b");
  group.run(5s);
  group.heal();
  group.cut("a", "b");
  group.cut("a", "c");
  group.run(5s);
  const std::string heard = group.take_transcript();
  CHECK(heard.find("b: down") == std::string::npos);
  CHECK(group.at("b").members(false) == names("abc"));
  CHECK(group.at("c").self().status == model::PeerStatus::kUp);
  CHECK(group.at("c").members(false) == names("abc"));
  group.heal();
  group.run(5s);
  CHECK(group.take_transcript().find("down itself") == std::string::npos);
  CHECK(group.at("a").reachable() == names("abc"));
  CHECK(group.at("c").reachable() == names("abc"));
}

TEST_CASE("who is reached by its side goes with one that sets all to down") {
  PeerGroup group;
  start_three(group);
  group.cut("c", "a");
  group.cut("c", "b");
  group.run(10s);
  group.step("a", SetDown{names("abc")});
  group.run(2s);
  CHECK(group.at("b").self().up_number > 1);
  CHECK_FALSE(group.at("a").was_down());  // two of three came back
  CHECK(group.at("b").members(false) == names("ab"));
}

TEST_CASE("after all were set to down more than half come back by themselves") {
  PeerGroup group;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    group.start(name, name, {"a", "b", "c", "d", "e"});
  }
  group.run(5s);
  for (const char* inside : {"a", "b"}) {
    for (const char* outside : {"c", "d", "e"}) group.cut(inside, outside);
  }
  group.run(10s);
  // Each side downs all that it knows, itself included.
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    group.step(name, SetDown{names("abcde")});
  }
  group.run(10s);
  // Three of five reach each other, two do not.
  CHECK(group.at("d").self().status == model::PeerStatus::kUp);
  CHECK(group.at("a").self().status == model::PeerStatus::kJoining);
  CHECK(group.at("b").was_down());
  group.heal();
  group.run(10s);
  CHECK(group.at("a").self().status == model::PeerStatus::kUp);
  CHECK(group.at("e").members(false) == names("abcde"));
}

TEST_CASE("a restart whose clock was set back is taken for the new life") {
  PeerGroup group;
  start_three(group);
  group.at("c");
  // Make the others remember a life of c far in the future.
  model::PeerHeartbeat future = group.at("c").heartbeat();
  future.sender.generation = 1'000'000;
  future.sender.incarnation = model::Incarnation(77);
  group.kill("c");
  group.step("a", Heard{future, {}});
  group.run(10s);
  group.start("c", "3", kAll);
  group.run(5s);
  CHECK(group.at("c").self().generation > 1'000'000);
  CHECK(group.at("a").reachable() == names("abc"));
  CHECK(group.at("b").reachable() == names("abc"));
}

TEST_CASE("two processes of one name are told apart") {
  PeerGroup group;
  start_three(group);
  model::PeerHeartbeat other = group.at("a").heartbeat();
  other.sender.incarnation = model::Incarnation(5);
  group.step("a", Heard{other, {}});
  CHECK(group.take_transcript() == "a: name conflict\n");
  // It goes on, with each heartbeat, and is told now and then.
  for (int second = 0; second < 125; ++second) {
    group.run(1s);
    group.step("a", Heard{other, {}});
  }
  CHECK(group.take_transcript() == "a: name conflict\na: name conflict\n");
}

TEST_CASE("an orderly end is announced") {
  PeerGroup group;
  start_three(group);
  group.step("c", Leave{});
  group.run(2s);
  group.take_transcript();
  group.die("c");
  CHECK(group.take_transcript() ==
        "a: lost c closed orderly\nb: lost c closed orderly\n");
}

TEST_CASE("peers that handle partitions differently notice it, once") {
  PeerGroup group;
  start_three(group);
  model::PeerHeartbeat other = group.at("b").heartbeat();
  other.sender.partition_handling = "keep-oldest";
  ++other.sender.version;
  group.step("a", Heard{other, {}});
  CHECK(group.take_transcript() == "a: b handles by keep-oldest\n");
  group.step("a", Heard{other, {}});
  CHECK(group.take_transcript().empty());
}

TEST_CASE("a probe about another life is not answered") {
  PeerGroup group;
  start_three(group);
  const Membership& c = group.at("c");
  const model::PeerProbe good{model::PeerName("b"),
                              group.at("b").self().generation,
                              c.self().generation};
  CHECK(c.reaches(good, group.now()));
  model::PeerProbe earlier = good;
  --earlier.suspect_generation;
  CHECK_FALSE(c.reaches(earlier, group.now()));
  model::PeerProbe stale = good;
  --stale.asked_generation;
  CHECK_FALSE(c.reaches(stale, group.now()));
}

}  // namespace
}  // namespace waypost::membership
