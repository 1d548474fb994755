#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/core/budget.h"
#include "client_sdk/core/eligibility.h"
#include "client_sdk/core/retry_choice.h"
#include "client_sdk/core/turn_order.h"

namespace waypost::client {
namespace {

using base::Instant;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kNow{seconds(1000)};

// "0.0 1.0 0.1 ...": candidate.queue of the next turns.
std::string transcript(const TurnOrder& order, TurnCursor cursor, int turns) {
  std::string text;
  for (int i = 0; i < turns; ++i) {
    const Turn turn = order.next(cursor);
    if (!text.empty()) text += " ";
    text += std::to_string(turn.candidate) + "." + std::to_string(turn.queue);
  }
  return text;
}

CandidateState healthy() { return {}; }
CandidateState suspect() { return {1, {}}; }
CandidateState avoided(base::Duration latency, base::Duration left) {
  return {0, {kNow + left, latency}};
}

std::string mask(const Eligibility& eligibility) {
  std::string text;
  for (const auto each : eligibility.allowed) text += each != 0 ? "1" : "0";
  return text;
}

TEST_CASE("equal brokers are interleaved and go through their queues") {
  const std::vector<std::uint32_t> queues = {2, 2, 2};
  const TurnOrder order(queues);
  CHECK(order.size() == 3);
  CHECK(transcript(order, {}, 7) == "0.0 1.0 2.0 0.1 1.1 2.1 0.0");
}

TEST_CASE("a broker with more queues has more turns, spread out") {
  const std::vector<std::uint32_t> queues = {4, 2};
  const TurnOrder order(queues);
  CHECK(transcript(order, {}, 6) == "0.0 1.0 0.1 0.2 1.1 0.3");
}

TEST_CASE("numbers of queues without a common divisor cost no broker a queue") {
  const std::vector<std::uint32_t> queues = {3, 5, 1};
  const TurnOrder order(queues);
  CHECK(order.size() == 9);
  TurnCursor cursor;
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> seen;
  for (int i = 0; i < 9; ++i) {
    const Turn turn = order.next(cursor);
    ++seen[{turn.candidate, turn.queue}];
  }
  CHECK(seen.size() == 9);
}

TEST_CASE("a cursor from another order goes on anywhere in this one") {
  const std::vector<std::uint32_t> queues = {1, 1};
  const TurnOrder order(queues);
  TurnCursor cursor{4'000'000'000U, 0xffffffffU};
  for (int i = 0; i < 10; ++i) CHECK(order.next(cursor).queue == 0);
}

TEST_CASE("an absurd route costs little and still starves no queue") {
  const std::vector<std::uint32_t> queues = {65536, 65535, 7};
  const TurnOrder order(queues);
  CHECK(order.size() == 3);
  TurnCursor cursor;
  std::map<std::uint32_t, int> of_last;
  for (int i = 0; i < 3 * 7; ++i) {
    const Turn turn = order.next(cursor);
    CHECK(turn.queue < queues[turn.candidate]);
    if (turn.candidate == 2) ++of_last[turn.queue];
  }
  CHECK(of_last.size() == 7);
}

TEST_CASE("without doubts all take turns") {
  const std::vector<CandidateState> states = {healthy(), healthy()};
  const Eligibility result = decide_eligibility(states, 50, kNow);
  CHECK(result.all);
  CHECK(result.valid_until == Instant::max());
}

TEST_CASE("suspects take turns only when there is nobody else") {
  const std::vector<CandidateState> some = {suspect(), healthy(), {2, {}}};
  CHECK(mask(decide_eligibility(some, 50, kNow)) == "010");
  const std::vector<CandidateState> only = {suspect(), {2, {}}, suspect()};
  CHECK(mask(decide_eligibility(only, 50, kNow)) == "101");
}

TEST_CASE("an avoided broker is left out until its time is over") {
  const std::vector<CandidateState> states = {
      healthy(), avoided(seconds(30), seconds(7)), healthy()};
  const Eligibility result = decide_eligibility(states, 50, kNow);
  CHECK(mask(result) == "101");
  CHECK(result.valid_until == kNow + seconds(7));
  CHECK(mask(decide_eligibility(states, 50, kNow + seconds(7))) == "111");
}

TEST_CASE("at most half are avoided, the worst, and never the last one") {
  const auto bad = avoided(seconds(30), seconds(600));
  const auto slow = avoided(milliseconds(600), seconds(30));
  const auto slower = avoided(milliseconds(1200), seconds(60));
  const auto decide = [](const std::vector<CandidateState>& states) {
    return mask(decide_eligibility(states, 50, kNow));
  };
  CHECK(decide({bad}) == "1");
  CHECK(decide({bad, bad}) == "01");
  CHECK(decide({slow, bad}) == "10");
  CHECK(decide({slow, bad, slower}) == "101");
  CHECK(decide({slow, bad, slower, healthy()}) == "1001");
  CHECK(decide({slow, bad, slower, bad, bad, slow}) == "101001");
}

TEST_CASE("the share of avoided brokers is the operator's") {
  CHECK(avoided_max(10, 0) == 0);
  CHECK(avoided_max(10, 50) == 5);
  CHECK(avoided_max(10, 99) == 9);
  CHECK(avoided_max(3, 50) == 1);
  CHECK(avoided_max(1, 99) == 0);
  CHECK(avoided_max(0, 50) == 0);
  // Never all, whatever the share.
  CHECK(avoided_max(10, 100) == 9);
}

TEST_CASE("the share counts only brokers of the best health") {
  const auto bad = avoided(seconds(30), seconds(600));
  const std::vector<CandidateState> states = {bad, suspect(), suspect(),
                                              suspect()};
  CHECK(mask(decide_eligibility(states, 50, kNow)) == "1000");
}

struct Retry {
  std::vector<CandidateState> states;
  std::vector<std::uint8_t> excluded;
  TurnCursor cursor;

  std::uint32_t next() {
    const std::vector<std::uint32_t> queues(states.size(), 4);
    const TurnOrder order(queues);
    const Eligibility eligibility = decide_eligibility(states, 50, kNow);
    return choose_for_retry(order, cursor, states, eligibility.allowed,
                            excluded, kNow)
        .candidate;
  }
};

TEST_CASE("a retry takes another broker, in turn") {
  Retry retry{{healthy(), healthy(), healthy()}, {0, 1, 0}, {}};
  CHECK(retry.next() == 0);
  CHECK(retry.next() == 2);
  CHECK(retry.next() == 0);
}

TEST_CASE("a retry prefers an avoided or suspect broker to the failed one") {
  Retry suspects{{healthy(), suspect()}, {1, 0}, {}};
  CHECK(suspects.next() == 1);
  Retry slow{{healthy(), avoided(milliseconds(600), seconds(30)),
              avoided(seconds(30), seconds(600))},
             {1, 0, 0},
             {}};
  CHECK(slow.next() == 1);
  CHECK(slow.next() == 1);
}

TEST_CASE("a retry without any other broker takes the same again") {
  Retry retry{{healthy()}, {1}, {}};
  CHECK(retry.next() == 0);
}

TEST_CASE("a budget is shared by the attempts that may follow") {
  CHECK(share_of_budget(seconds(3), 2) == milliseconds(1500));
  CHECK(share_of_budget(seconds(3), 1) == seconds(3));
  CHECK(share_of_budget(seconds(3), 0) == seconds(3));
  CHECK(share_of_budget(base::Duration(0), 4) == milliseconds(1));
}

}  // namespace
}  // namespace waypost::client
