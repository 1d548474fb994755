#include "client_sdk/core/nameserver_choice.h"

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/core/push_budget.h"

namespace waypost::client {
namespace {

using base::Instant;
using base::Random;
using std::chrono::seconds;

constexpr Instant kNow{seconds(1000)};

std::vector<Nameserver> servers(const std::string& names) {
  std::vector<Nameserver> list;
  for (const char name : names) {
    list.push_back({{std::string(1, name), 9876}, std::string(1, name)});
  }
  return list;
}

// A choice whose servers the test knows by one letter.
class Choice {
 public:
  explicit Choice(const std::string& names, const std::string& pinned = "",
                  std::uint64_t seed = 1)
      : choice(servers(names), pinned, Random(seed)), names_(names) {}

  ServerId id(char name) const {
    for (ServerId id = 1; id < 100; ++id) {
      const Nameserver* found = choice.find(id);
      if (found != nullptr && found->name[0] == name) return id;
    }
    FAIL("no such server");
    return 0;
  }
  std::string name(std::optional<ServerId> id) const {
    return id ? choice.find(*id)->name : "-";
  }
  std::string current() const { return name(choice.current()); }
  std::string best(const std::string& tried = "", Instant now = kNow) const {
    ServerIds ids;
    for (const char each : tried) ids.insert(id(each));
    return name(choice.best_untried(ids, now));
  }
  std::string other() const { return name(choice.best_other(kNow)); }

  NameserverChoice choice;

 private:
  std::string names_;
};

TEST_CASE("clients start at random servers, a pinned one where it is told") {
  std::set<std::string> starts;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    starts.insert(Choice("abc", "", seed).current());
  }
  CHECK(starts.size() == 3);
  CHECK(Choice("abc", "c").current() == "c");
  CHECK(Choice("abc", "b:9876").current() == "b");
  CHECK_FALSE(Choice("abc", "x").current() == "-");
}

TEST_CASE("a client stays where it is as long as that one does not fail") {
  Choice it("abc", "b");
  CHECK(it.best() == "b");
  CHECK(it.best("", kNow + seconds(3600)) == "b");
  it.choice.on_failure(it.id('b'), kNow);
  CHECK(it.best() != "b");
}

TEST_CASE("those that leave one server together go to different ones") {
  std::set<std::string> next;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    Choice it("abcd", "a", seed);
    it.choice.on_failure(it.id('a'), kNow);
    next.insert(it.other());
  }
  CHECK(next == std::set<std::string>{"b", "c", "d"});
}

TEST_CASE("when all fail, the one whose failure is longest ago is next") {
  Choice it("abc", "a");
  int second = 0;
  for (const char name : {'c', 'a', 'b'}) {
    it.choice.on_failure(it.id(name), kNow + seconds(second++));
    it.choice.move_to(it.id(name));
  }
  CHECK(it.best("", kNow + seconds(9)) == "c");
}

TEST_CASE("after a failure the others are tried, each once") {
  Choice it("abc", "b");
  std::string tried;
  for (std::string next = it.best(); next != "-"; next = it.best(tried)) {
    tried += next;
    it.choice.on_failure(it.id(next[0]), kNow);
    it.choice.move_to(it.id(next[0]));
  }
  CHECK(tried.size() == 3);
  CHECK(tried[0] == 'b');
  CHECK(std::set<char>(tried.begin(), tried.end()).size() == 3);
}

TEST_CASE("a server that failed lately is tried after one that did not") {
  Choice it("abc", "a");
  it.choice.on_failure(it.id('b'), kNow);
  it.choice.on_failure(it.id('a'), kNow);
  CHECK(it.other() == "c");
  CHECK(it.best("a") == "c");
  CHECK(it.choice.untried({it.id('a')}) == 2);
}

TEST_CASE("a penalty halves with time, is forgotten, and ends with success") {
  Choice it("ab", "a");
  const ServerId b = it.id('b');
  const auto half_life = NameserverChoice::kPenaltyHalfLife;
  it.choice.on_failure(b, kNow);
  it.choice.on_failure(b, kNow);
  CHECK(it.choice.penalty(b, kNow) == doctest::Approx(2.0));
  CHECK(it.choice.penalty(b, kNow + half_life) == doctest::Approx(1.0));
  CHECK(it.choice.penalty(b, kNow + 10 * half_life) == 0);
  it.choice.on_success(b);
  CHECK(it.choice.penalty(b, kNow) == 0);
}

TEST_CASE("nothing draws a client back to where it came from") {
  Choice it("ab", "a");
  it.choice.on_failure(it.id('a'), kNow);
  it.choice.move_to(it.id('b'));
  CHECK(it.best("", kNow + seconds(3600)) == "b");
}

TEST_CASE("with one server there is no other, with none there is none") {
  Choice one("a");
  CHECK(one.current() == "a");
  CHECK(one.other() == "-");
  CHECK(one.best("a") == "-");
  Choice none("");
  CHECK(none.current() == "-");
  CHECK(none.best() == "-");
  CHECK(none.other() == "-");
  none.choice.update(servers("b"), kNow);
  CHECK(none.current() == "b");
}

TEST_CASE("who stays in the list keeps its id, its penalty and its client") {
  Choice it("abc", "b");
  const ServerId a = it.id('a');
  const ServerId c = it.id('c');
  it.choice.on_failure(a, kNow);
  it.choice.update(servers("dba"), kNow);
  CHECK(it.current() == "b");
  CHECK(it.id('a') == a);
  CHECK(it.choice.penalty(a, kNow) == 1);
  CHECK(it.choice.find(c) == nullptr);
  CHECK(it.choice.count() == 3);
  // Who comes back is a new one.
  it.choice.update(servers("dbac"), kNow);
  CHECK(it.id('c') != c);
}

TEST_CASE("when the current one goes the best of the others is current") {
  Choice it("abc", "b");
  it.choice.on_failure(it.id('c'), kNow);
  it.choice.update(servers("ac"), kNow);
  CHECK(it.current() == "a");
  it.choice.update({}, kNow);
  CHECK(it.current() == "-");
  // What is told about those that are gone is of no interest.
  it.choice.on_failure(1, kNow);
  it.choice.on_success(1);
  CHECK(it.choice.penalty(1, kNow) == 0);
}

TEST_CASE("one server may have several names, a name several servers") {
  NameserverChoice choice({{{"10.0.0.1", 1}, "ns"}, {{"10.0.0.2", 1}, "ns"}},
                          "ns", Random(1));
  CHECK(choice.count() == 2);
  REQUIRE(choice.current());
  CHECK(choice.find(*choice.current())->name == "ns");
}

TEST_CASE("who broke off is asked once more; the silent and the unknown not") {
  using base::ErrorCode;
  SecondChance chance;
  CHECK_FALSE(chance.take());
  chance.on_failure(1, true, ErrorCode::kTimedOut);
  chance.on_failure(2, false, ErrorCode::kUnavailable);
  chance.on_failure(3, true, ErrorCode::kMalformed);
  CHECK_FALSE(chance.take());
  chance.on_failure(4, true, ErrorCode::kUnavailable);
  chance.on_failure(5, true, ErrorCode::kUnavailable);
  CHECK(chance.take() == ServerId{4});
  CHECK_FALSE(chance.take());
  chance.on_failure(4, true, ErrorCode::kUnavailable);
  CHECK_FALSE(chance.take());
}

TEST_CASE("a push budget takes bursts, and no flood") {
  PushBudget budget;
  base::Instant now{std::chrono::hours(5)};
  CHECK(budget.take(PushBudget::kBurstBytes, now));
  CHECK_FALSE(budget.take(1024 * 1024, now));
  now += std::chrono::seconds(2);
  CHECK(budget.take(PushBudget::kBytesPerSecond, now));
  now += std::chrono::hours(1);
  CHECK(budget.take(PushBudget::kBurstBytes, now));
  CHECK_FALSE(budget.take(1, now - std::chrono::hours(1)));
}

}  // namespace
}  // namespace waypost::client
