#include "namesrv/partition/settled_members.h"

#include <string>

#include <doctest/doctest.h>

namespace waypost::partition {
namespace {

const model::PeerName kA("a"), kB("b"), kC("c");

std::string counting(const SettledMembers& members) {
  std::string letters;
  for (const auto& name : {kA, kB, kC}) {
    if (members.counts(name)) letters += name.value();
  }
  return letters;
}

TEST_CASE("at the beginning all that come up together count") {
  SettledMembers members;
  members.look(kB, {{kA, {1, 1}}, {kB, {1, 1}}, {kC, {1, 1}}}, false);
  CHECK(counting(members) == "abc");
}

TEST_CASE("who comes up while somebody is out of reach counts once all agree") {
  SettledMembers members;
  const SettledMembers::UpMembers two = {{kA, {1, 1}}, {kB, {1, 1}}};
  members.look(kB, two, true);
  auto three = two;
  three[kC] = {4, 2};
  members.look(kB, three, false);
  CHECK(counting(members) == "ab");
  // So does the newcomer see it, and for as long.
  SettledMembers newcomer;
  newcomer.look(kC, three, false);
  CHECK(counting(newcomer) == "ab");
  newcomer.look(kC, three, true);
  members.look(kB, three, true);
  CHECK(counting(members) == "abc");
  CHECK(counting(newcomer) == "abc");
  // From then on a cut changes nothing.
  members.look(kB, three, false);
  CHECK(counting(members) == "abc");
}

TEST_CASE("a new life of a member is another member") {
  SettledMembers members;
  members.look(kA, {{kA, {1, 1}}, {kB, {1, 1}}, {kC, {1, 1}}}, true);
  members.look(kA, {{kA, {1, 1}}, {kB, {1, 1}}}, false);
  CHECK(counting(members) == "ab");
  members.look(kA, {{kA, {1, 1}}, {kB, {1, 1}}, {kC, {2, 2}}}, false);
  CHECK(counting(members) == "ab");
}

TEST_CASE("one that is not up yet itself counts nobody before all agree") {
  SettledMembers members;
  members.look(kC, {{kA, {1, 1}}, {kB, {1, 1}}}, false);
  CHECK(counting(members).empty());
  members.look(kC, {{kA, {1, 1}}, {kB, {1, 1}}}, true);
  CHECK(counting(members) == "ab");
}

}  // namespace
}  // namespace waypost::partition
