#include "namesrv/partition/downing_resolver.h"

#include <string>
#include <variant>

#include <doctest/doctest.h>

namespace waypost::partition {
namespace {

using namespace std::chrono_literals;
using Kind = DecisionKind;

constexpr base::Instant kStart{1000h};
base::Instant at(base::Duration since_start) { return kStart + since_start; }

Member member(const std::string& name, std::int64_t up_number = 1,
              MemberStatus status = MemberStatus::kUp) {
  Member made;
  made.name = model::PeerName(name);
  made.status = status;
  made.up_number = up_number;
  return made;
}

model::PeerName peer(const std::string& name) { return model::PeerName(name); }

ResolverSettings settings(Mode mode) {
  ResolverSettings made;
  made.strategy.mode = mode;
  return made;
}

// `size` members a, b, ...; a leads and is the one that decides.
DowningResolver group(const ResolverSettings& settings, int size) {
  DowningResolver resolver(settings, peer("a"), "", kStart);
  for (int i = 0; i < size; ++i) {
    resolver.step(MemberChanged{member(std::string(1, char('a' + i)), i + 1)},
                  kStart);
  }
  resolver.step(LeaderChanged{peer("a")}, kStart);
  return resolver;
}

// The only effect, which must be of this kind.
template <typename T>
T only(const ResolverEffects& effects) {
  REQUIRE(effects.size() == 1);
  REQUIRE(std::holds_alternative<T>(effects[0]));
  return std::get<T>(effects[0]);
}

TEST_CASE("a decision waits for stable-after since the last change, strictly") {
  DowningResolver resolver = group(settings(Mode::kKeepMajority), 3);
  resolver.step(MemberUnreachable{peer("c")}, at(1s));
  CHECK(resolver.stable_at() == at(21s));
  CHECK(resolver.step(ResolverTick{}, at(20s)).empty());
  // Said again: nothing new.
  resolver.step(MemberUnreachable{peer("c")}, at(20s));
  CHECK(resolver.step(ResolverTick{}, at(21s)).empty());
  const auto down = only<SetDown>(resolver.step(ResolverTick{}, at(22s)));
  CHECK(down.decision == Kind::kDownUnreachable);
  CHECK(down.names == std::vector{peer("c")});
  CHECK_FALSE(down.unstable);
}

TEST_CASE("whom the side sets to down: others first, itself last") {
  DowningResolver resolver = group(settings(Mode::kKeepMajority), 5);
  for (const char* lost : {"c", "d", "e"}) {
    resolver.step(MemberUnreachable{peer(lost)}, at(0s));
  }
  const auto down = only<SetDown>(resolver.step(ResolverTick{}, at(21s)));
  CHECK(down.decision == Kind::kDownReachable);
  CHECK(down.names == std::vector{peer("b"), peer("a")});
}

TEST_CASE("only a leader that has been up decides") {
  DowningResolver resolver = group(settings(Mode::kKeepMajority), 3);
  resolver.step(LeaderChanged{peer("b")}, at(0s));
  resolver.step(MemberUnreachable{peer("c")}, at(0s));
  CHECK_FALSE(resolver.is_responsible());
  CHECK(resolver.step(ResolverTick{}, at(30s)).empty());
  resolver.step(LeaderChanged{peer("a")}, at(30s));
  CHECK(resolver.step(ResolverTick{}, at(31s)).size() == 1);

  DowningResolver joining(settings(Mode::kKeepMajority), peer("a"), "", kStart);
  joining.step(MemberChanged{member("a", kNeverUp, MemberStatus::kJoining)},
               kStart);
  joining.step(MemberChanged{member("b")}, kStart);
  joining.step(LeaderChanged{peer("a")}, kStart);
  joining.step(MemberUnreachable{peer("b")}, kStart);
  CHECK(joining.step(ResolverTick{}, at(30s)).empty());
}

TEST_CASE("a view that never comes to rest downs everybody, on every member") {
  DowningResolver resolver = group(settings(Mode::kKeepMajority), 3);
  resolver.step(LeaderChanged{peer("b")}, at(0s));
  resolver.step(MemberUnreachable{peer("c")}, at(0s));
  for (int second = 2; second <= 34; second += 4) {
    resolver.step(MemberUnreachable{peer("b")}, at(second * 1s));
    resolver.step(MemberReachable{peer("b")}, at((second + 2) * 1s));
  }
  // 20 s and three quarters of it.
  CHECK(resolver.step(ResolverTick{}, at(35s)).empty());
  const auto down = only<SetDown>(resolver.step(ResolverTick{}, at(36s)));
  CHECK(down.decision == Kind::kDownAll);
  CHECK(down.unstable);
  CHECK(down.names.back() == peer("a"));
}

TEST_CASE("a view that healed in between is not unstable") {
  DowningResolver resolver = group(settings(Mode::kKeepMajority), 3);
  for (int second = 0; second < 60; second += 4) {
    resolver.step(MemberUnreachable{peer("c")}, at(second * 1s));
    resolver.step(MemberReachable{peer("c")}, at((second + 2) * 1s));
    CHECK(resolver.step(ResolverTick{}, at((second + 3) * 1s)).empty());
  }
}

TEST_CASE("down-all-when-unstable switched off waits for ever") {
  ResolverSettings never = settings(Mode::kKeepMajority);
  never.down_all_when_unstable = 0s;
  DowningResolver resolver = group(never, 4);
  resolver.step(MemberUnreachable{peer("d")}, at(0s));
  for (int second = 0; second < 600; second += 10) {
    resolver.step(MemberUnreachable{peer("c")}, at(second * 1s));
    resolver.step(MemberReachable{peer("c")}, at((second + 5) * 1s));
    CHECK(resolver.step(ResolverTick{}, at((second + 9) * 1s)).empty());
  }
}

TEST_CASE("a lease: tried once, kept until the downed are gone, given back") {
  DowningResolver resolver = group(settings(Mode::kLeaseMajority), 3);
  resolver.step(MemberUnreachable{peer("b")}, at(0s));
  resolver.step(MemberUnreachable{peer("c")}, at(0s));
  // One of three: the larger side goes first.
  const auto acquire =
      only<AcquireLease>(resolver.step(ResolverTick{}, at(21s)));
  CHECK(acquire.after == 2s);
  CHECK(resolver.waits_for_lease());
  CHECK(resolver.step(ResolverTick{}, at(22s)).empty());
  // What happens meanwhile is dealt with after the answer.
  CHECK(resolver.step(MemberReachable{peer("b")}, at(22s)).empty());
  const auto down = only<SetDown>(resolver.step(LeaseAnswered{true}, at(23s)));
  CHECK(down.decision == Kind::kAcquireLeaseAndDownUnreachable);
  CHECK(down.names == std::vector{peer("b"), peer("c")});
  CHECK_FALSE(resolver.view().unreachable.contains(peer("b")));

  resolver.step(MemberRemoved{peer("b")}, at(30s));
  resolver.step(MemberRemoved{peer("c")}, at(31s));
  CHECK(resolver.step(ResolverTick{true}, at(71s)).empty());
  only<ReleaseLease>(resolver.step(ResolverTick{true}, at(72s)));
  // Not confirmed: asked for again.
  resolver.step(LeaseReleased{false}, at(72s));
  only<ReleaseLease>(resolver.step(ResolverTick{true}, at(73s)));
  resolver.step(LeaseReleased{true}, at(73s));
  CHECK(resolver.step(ResolverTick{}, at(74s)).empty());
}

TEST_CASE("a lease that is refused turns the decision round") {
  DowningResolver resolver = group(settings(Mode::kLeaseMajority), 3);
  resolver.step(MemberUnreachable{peer("c")}, at(0s));
  CHECK(only<AcquireLease>(resolver.step(ResolverTick{}, at(21s))).after == 0s);
  const auto down = only<SetDown>(resolver.step(LeaseAnswered{false}, at(21s)));
  CHECK(down.decision == Kind::kDownReachable);
  CHECK(down.names == std::vector{peer("b"), peer("a")});
}

TEST_CASE("a lease that another one of this side has leaves it to that one") {
  DowningResolver resolver = group(settings(Mode::kLeaseMajority), 3);
  resolver.step(MemberUnreachable{peer("c")}, at(0s));
  only<AcquireLease>(resolver.step(ResolverTick{}, at(21s)));
  CHECK(resolver.step(LeaseAnswered{false, peer("b")}, at(21s)).empty());
  // It has decided.
  DowningResolver followed = resolver;
  followed.step(MemberRemoved{peer("c")}, at(22s));
  CHECK(followed.step(ResolverTick{}, at(22s)).empty());
  // It has not: asked again, and now the other side has it.
  only<AcquireLease>(resolver.step(ResolverTick{}, at(22s)));
  const auto down =
      only<SetDown>(resolver.step(LeaseAnswered{false, peer("c")}, at(22s)));
  CHECK(down.decision == Kind::kDownReachable);
}

TEST_CASE("a holder of the lease is followed only if it can decide for us") {
  const auto refused_by = [](const char* holder, const ResolverEvent& event) {
    DowningResolver resolver = group(settings(Mode::kLeaseMajority), 4);
    resolver.step(MemberUnreachable{peer("d")}, at(0s));
    resolver.step(event, at(0s));
    only<AcquireLease>(resolver.step(ResolverTick{}, at(21s)));
    return resolver.step(LeaseAnswered{false, peer(holder)}, at(21s)).size();
  };
  const auto nothing = SeenChanged{};
  CHECK(refused_by("b", nothing) == 0);
  CHECK(refused_by("d", nothing) == 1);  // the other side
  CHECK(refused_by("x", nothing) == 1);  // nobody that we know
  CHECK(refused_by("a", nothing) == 1);  // we ourselves, in an earlier life
  // Set to down, and admitted by nobody yet.
  CHECK(refused_by("b",
                   MemberChanged{member("b", 2, MemberStatus::kJoining)}) == 1);
}

TEST_CASE("a lease that is held already is not asked for") {
  DowningResolver resolver = group(settings(Mode::kLeaseMajority), 3);
  resolver.step(MemberUnreachable{peer("c")}, at(0s));
  const auto down = only<SetDown>(resolver.step(ResolverTick{true}, at(21s)));
  CHECK(down.names == std::vector{peer("c")});
}

TEST_CASE("an answer that nobody waits for does nothing") {
  DowningResolver resolver = group(settings(Mode::kLeaseMajority), 3);
  resolver.step(MemberUnreachable{peer("c")}, at(0s));
  CHECK(resolver.step(LeaseAnswered{true}, at(1s)).empty());
}

TEST_CASE("a member set to down by hand keeps the resolver deciding") {
  ResolverSettings quorum = settings(Mode::kStaticQuorum);
  quorum.strategy.quorum_size = 3;
  DowningResolver resolver = group(quorum, 3);
  resolver.step(MemberChanged{member("c", 3, MemberStatus::kDown)}, at(0s));
  const auto down = only<SetDown>(resolver.step(ResolverTick{}, at(21s)));
  CHECK(down.decision == Kind::kDownReachable);
  CHECK(down.names == std::vector{peer("b"), peer("a")});
}

TEST_CASE("a member that has removed us ends us at once; a stranger does not") {
  DowningResolver resolver = group(settings(Mode::kKeepMajority), 3);
  CHECK(resolver.step(QuarantinedBy{peer("x")}, at(1s)).empty());
  const auto down =
      only<SetDown>(resolver.step(QuarantinedBy{peer("b")}, at(1s)));
  CHECK(down.decision == Kind::kDownSelfQuarantinedByRemote);
  CHECK(down.names == std::vector{peer("a")});
}

TEST_CASE("more members than a static quorum is meant for are reported") {
  ResolverSettings quorum = settings(Mode::kStaticQuorum);
  quorum.strategy.quorum_size = 2;
  DowningResolver resolver = group(quorum, 3);
  const auto exceeded = only<QuorumExceeded>(
      resolver.step(MemberChanged{member("d", 4)}, at(1s)));
  CHECK(exceeded.members == 4);
  CHECK(exceeded.most == 3);
}

TEST_CASE("contradictory indirect connections down everybody and say so") {
  DowningResolver resolver = group(settings(Mode::kKeepMajority), 7);
  for (const char* lost : {"d", "e", "f", "g"}) {
    resolver.step(MemberUnreachable{peer(lost)}, at(0s));
  }
  const auto saw = [](const char* observer, const char* subject) {
    return Observation{model::PeerName(observer), model::PeerName(subject)};
  };
  resolver.step(
      ObservationsChanged{{saw("d", "e"), saw("g", "f"), saw("a", "d"),
                           saw("a", "e"), saw("a", "f"), saw("a", "g")}},
      at(0s));
  const auto down = only<SetDown>(resolver.step(ResolverTick{}, at(21s)));
  CHECK(down.second_look_conflict);
  CHECK(down.names.size() == 7);
}

}  // namespace
}  // namespace waypost::partition
