#include "client_sdk/core/nameserver_choice.h"

#include <set>
#include <vector>

#include <doctest/doctest.h>

namespace waypost::client {
namespace {

using base::Instant;
using base::Random;
using std::chrono::seconds;

constexpr Instant kNow{seconds(1000)};

TEST_CASE("clients start at random servers, a pinned one where it is told") {
  std::set<std::size_t> starts;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    Random random(seed);
    starts.insert(NameserverChoice(3, std::nullopt, random).current());
  }
  CHECK(starts.size() == 3);
  Random random(1);
  CHECK(NameserverChoice(3, 2, random).current() == 2);
}

TEST_CASE("a client stays where it is as long as that one does not fail") {
  Random random(1);
  NameserverChoice choice(3, 1, random);
  const std::vector<bool> none(3, false);
  CHECK(choice.best_untried(none, kNow) == 1);
  CHECK(choice.best_untried(none, kNow + seconds(3600)) == 1);
  choice.on_failure(1, kNow);
  CHECK(choice.best_untried(none, kNow) == 2);
}

TEST_CASE("when all fail, the one whose failure is longest ago is next") {
  Random random(1);
  NameserverChoice choice(3, 0, random);
  for (const std::size_t server : {2U, 0U, 1U}) {
    choice.on_failure(server, kNow + seconds(server == 2 ? 0 : 1 + server));
    choice.move_to(server);
  }
  CHECK(choice.best_untried({false, false, false}, kNow + seconds(9)) == 2);
}

TEST_CASE("after a failure the others are tried in ring order, each once") {
  Random random(1);
  NameserverChoice choice(3, 1, random);
  std::vector<bool> tried(3, false);
  std::vector<std::size_t> order;
  while (const auto next = choice.best_untried(tried, kNow)) {
    order.push_back(*next);
    tried[*next] = true;
    choice.on_failure(*next, kNow);
    choice.move_to(*next);
  }
  CHECK(order == std::vector<std::size_t>{1, 2, 0});
}

TEST_CASE("a server that failed lately is tried after one that did not") {
  Random random(1);
  NameserverChoice choice(3, 0, random);
  choice.on_failure(1, kNow);
  choice.on_failure(0, kNow);
  CHECK(choice.best_other(kNow) == 2);
  CHECK(choice.best_untried({true, false, false}, kNow) == 2);
}

TEST_CASE("a penalty halves with time, is forgotten, and ends with success") {
  Random random(1);
  NameserverChoice choice(2, 0, random);
  choice.on_failure(1, kNow);
  choice.on_failure(1, kNow);
  CHECK(choice.penalty(1, kNow) == doctest::Approx(2.0));
  CHECK(choice.penalty(1, kNow + NameserverChoice::kPenaltyHalfLife) ==
        doctest::Approx(1.0));
  CHECK(choice.penalty(1, kNow + 10 * NameserverChoice::kPenaltyHalfLife) == 0);
  choice.on_success(1);
  CHECK(choice.penalty(1, kNow) == 0);
}

TEST_CASE("nothing draws a client back to where it came from") {
  Random random(1);
  NameserverChoice choice(2, 0, random);
  choice.on_failure(0, kNow);
  choice.move_to(*choice.best_other(kNow));
  CHECK(choice.best_untried({false, false}, kNow + seconds(3600)) == 1);
}

TEST_CASE("with one server there is no other") {
  Random random(1);
  NameserverChoice choice(1, std::nullopt, random);
  CHECK(choice.current() == 0);
  CHECK_FALSE(choice.best_other(kNow).has_value());
  CHECK_FALSE(choice.best_untried({true}, kNow).has_value());
}

}  // namespace
}  // namespace waypost::client
