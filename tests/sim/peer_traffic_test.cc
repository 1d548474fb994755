// What nameservers say to each other, counted to the byte: it depends on what
// changes, not on what is there.

#include <cstdint>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "tests/sim/peer_group.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using partition::Mode;

constexpr std::size_t kFew = 3;
constexpr std::size_t kMany = 40;

// A group that has come to rest.
std::unique_ptr<PeerGroup> group_of(std::size_t brokers) {
  auto group = std::make_unique<PeerGroup>(Mode::kIgnore, 3, 1, brokers);
  REQUIRE(group->system.settle());
  group->run(30s);
  return group;
}

std::uint64_t bytes(PeerGroup& group) {
  return group.system.world.bytes_between("ns-0", "ns-1");
}

std::uint64_t bytes_in(PeerGroup& group, base::Duration duration) {
  const std::uint64_t before = bytes(group);
  group.run(duration);
  return bytes(group) - before;
}

TEST_CASE("what peers say while nothing changes does not depend on the table") {
  const auto few = group_of(kFew);
  const auto many = group_of(kMany);
  constexpr auto kSeconds = 30;
  const std::uint64_t said = bytes_in(*few, kSeconds * 1s);
  CHECK(said == bytes_in(*many, kSeconds * 1s));
  CHECK(said > 0);
  CHECK(said < kSeconds * 20'000UL);
}

TEST_CASE("one broker that goes costs peers the same in any table") {
  const auto cost = [](std::size_t brokers) {
    const auto group = group_of(brokers);
    const std::uint64_t silence = bytes_in(*group, 10s);
    group->system.agents[0]->kill();
    const std::uint64_t with_change = bytes_in(*group, 10s);
    REQUIRE(with_change > silence);
    return with_change - silence;
  };
  const std::uint64_t among_few = cost(kFew);
  CHECK(among_few == cost(kMany));
  // A push and its answer each way.
  CHECK(among_few < 1000);
}

TEST_CASE("brokers that all go at once are told in batches") {
  const auto group = group_of(kMany);
  const std::uint64_t silence = bytes_in(*group, 5s);
  for (auto& agent : group->system.agents) agent->kill();
  const std::uint64_t with_changes = bytes_in(*group, 5s);
  REQUIRE(with_changes > silence);
  // A broker's name in each direction, and few frames around them.
  CHECK(with_changes - silence < kMany * 100UL);
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

TEST_CASE("a wrong cluster.secret is told once a minute for each peer") {
  Deployment system({.nameservers = 2,
                     .brokers = 0,
                     .clients = 0,
                     .profile = "fast",
                     .peers = true,
                     .adjust = [](SimNameserver& nameserver) {
                       nameserver.settings.cluster.secret =
                           "a secret of " + nameserver.settings.name;
                     }});
  system.settle();  // as far as they can
  system.world.run_for(std::chrono::minutes(5) + std::chrono::seconds(30));
  const std::string& text = system.transcript.text();
  CAPTURE(text);
  // Two nameservers, each as who calls and as who is called: six times each.
  const std::size_t called =
      count_of(text, "caller on the cluster port is not");
  const std::size_t calls = count_of(text, "a peer is not believed");
  CHECK(called + calls >= 12);
  CHECK(called + calls <= 24);
  CHECK(count_of(text, "again=0") > 0);
  CHECK(count_of(text, "again=0") < called + calls);
}

}  // namespace
}  // namespace waypost::sim
