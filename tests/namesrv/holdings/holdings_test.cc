#include "namesrv/holdings/holdings.h"

#include <string>
#include <variant>

#include <doctest/doctest.h>

namespace waypost::holdings {
namespace {

using namespace std::chrono_literals;

constexpr base::Instant kStart{1000h};
const model::PeerName kP("p"), kQ("q");

model::BrokerKey key(const std::string& name) {
  return {model::BrokerName(name), model::kMasterId};
}

model::Holding holding(const std::string& name, std::uint64_t epoch,
                       std::uint64_t content) {
  model::Holding made;
  made.broker = key(name);
  made.epoch = model::Epoch(epoch);
  made.content = {content, 0};
  return made;
}

model::Holding tombstone(const std::string& name, std::uint64_t epoch) {
  model::Holding made = holding(name, epoch, 0);
  made.unregistered = true;
  return made;
}

// The first effect of this kind; fails when there is none.
template <typename T>
T first(const Effects& effects) {
  for (const Effect& each : effects) {
    if (const T* found = std::get_if<T>(&each)) return *found;
  }
  FAIL("no such effect");
  return {};
}

template <typename T>
bool has(const Effects& effects) {
  for (const Effect& each : effects) {
    if (std::holds_alternative<T>(each)) return true;
  }
  return false;
}

// A peer that holds these, as its heartbeats and pages tell.
struct Other {
  HoldingList list;
  Effects beat(Holdings& ours, const model::PeerName& name,
               base::Instant now = kStart) const {
    return ours.on_digest(name, list.digest(), now);
  }
};

// Lets `ours` take all of the list from the peer, contents too.
void take_all(Holdings& ours, const model::PeerName& name, const Other& other) {
  Holdings theirs{HoldingsSettings{}};
  for (std::size_t i = 0; i < model::kHoldingBuckets; ++i) {
    for (const auto& [broker, held] : other.list.bucket(i)) {
      theirs.on_held(held, kStart);
    }
  }
  const auto ask = first<AskHoldings>(other.beat(ours, name));
  for (const auto& page : theirs.answer(ask.query, 10)) {
    const Effects effects = ours.on_page(name, page, kStart);
    if (!has<AskContent>(effects)) continue;
    for (const auto& broker : first<AskContent>(effects).brokers) {
      ours.on_content(name, broker, other.list.find(broker)->content, true,
                      kStart);
    }
  }
}

// A stock broker: no epoch, a stamp by its author's clock.
model::Holding stock(const std::string& name, base::Duration stamp,
                     bool unregistered) {
  model::Holding made = holding(name, 0, 5);
  made.unregistered = unregistered;
  made.stamp_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(stamp).count();
  return made;
}

TEST_CASE("stamps are read by the clock of whoever made them") {
  for (const base::Duration ahead : {-600s, 0s, 600s}) {
    CAPTURE(ahead.count());
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(ahead);
    // What p says of a broker that we have heard ourselves since 1000 s.
    const auto buried = [&](base::Duration ended) {
      Holdings ours{HoldingsSettings{}};
      Other p;
      p.beat(ours, kP);
      // The way takes up to half a second.
      for (const int delay : {500, 20, 300}) {
        ours.on_clock(kP, ms.count() - delay);
      }
      ours.on_held(stock("a", 1000s, false), kStart);
      model::HoldingsChange change;
      change.changed = {stock("a", ended + ahead, true)};
      return has<Bury>(ours.on_change(kP, change, kStart));
    };
    CHECK_FALSE(buried(999s));
    CHECK(buried(1001s));
    // q hears it since 1000 s; p says that it ended.
    const auto taken = [&](base::Duration ended) {
      Holdings ours{HoldingsSettings{}};
      Other p;
      Other q;
      p.beat(ours, kP);
      q.beat(ours, kQ);
      ours.on_clock(kP, ms.count());
      ours.on_clock(kQ, 3'000);
      model::HoldingsChange end;
      end.changed = {stock("a", ended + ahead, true)};
      ours.on_change(kP, end, kStart);
      model::HoldingsChange held;
      held.changed = {stock("a", 1003s, false)};
      return has<AskContent>(ours.on_change(kQ, held, kStart));
    };
    CHECK(taken(999s));
    CHECK_FALSE(taken(1001s));
  }
}

TEST_CASE("the digests of a list are those of its set, however it came to be") {
  HoldingList one;
  HoldingList other;
  for (int i = 0; i < 3000; ++i) {
    one.set(holding("b" + std::to_string(i), 1, 7));
  }
  for (int i = 2999; i >= 0; --i) {
    other.set(holding("b" + std::to_string(i), 1, 8));
    other.set(holding("b" + std::to_string(i), 1, 7));
  }
  CHECK(one.digest() == other.digest());
  CHECK(one.differing(other.bucket_digests()).empty());
  other.set(holding("b17", 2, 7));
  CHECK(one.digest() != other.digest());
  CHECK(one.differing(other.bucket_digests()).size() == 1);
  other.drop(key("b17"));
  one.drop(key("b17"));
  CHECK(one.digest() == other.digest());
  CHECK(one.size() == 2999);
  HoldingList empty;
  CHECK(empty.digest().empty());
}

TEST_CASE("equal digests cost nothing, others one question at a time") {
  Holdings ours{HoldingsSettings{}};
  Other p;
  CHECK(p.beat(ours, kP).empty());
  CHECK(ours.complete(kP));
  p.list.set(holding("a", 1, 5));
  CHECK(first<AskHoldings>(p.beat(ours, kP)).query.buckets.empty());
  CHECK_FALSE(ours.complete(kP));
  CHECK(p.beat(ours, kP, kStart + 1s).empty());
  // No answer came.
  CHECK(has<AskHoldings>(p.beat(ours, kP, kStart + 3s)));
}

TEST_CASE("a question that got lost is asked again with the next heartbeat") {
  Holdings ours{HoldingsSettings{}};
  Other p;
  p.list.set(holding("a", 1, 5));
  first<AskHoldings>(p.beat(ours, kP));
  CHECK_FALSE(has<AskHoldings>(p.beat(ours, kP, kStart + 1s)));
  ours.on_query_failed(kP);
  CHECK(has<AskHoldings>(p.beat(ours, kP, kStart + 2s)));
  ours.on_query_failed(kQ);  // nobody: nothing happens
}

TEST_CASE("a broker that only a peer hears is asked for and vouched for") {
  Holdings ours{HoldingsSettings{}};
  Other p;
  p.list.set(holding("a", 1, 5));
  take_all(ours, kP, p);
  CHECK(ours.vouched_by(key("a")) == model::PeerNames{kP});
  CHECK(ours.complete(kP));
  // Not ours to tell of.
  CHECK(ours.own().size() == 0);
  // The peer lets it go: so do we.
  model::HoldingsChange change;
  change.dropped = {key("a")};
  const auto vouch = first<Vouch>(ours.on_change(kP, change, kStart));
  CHECK_FALSE(vouch.vouched);
  CHECK(vouch.released);
}

TEST_CASE("what we hear ourselves is not asked for, but for a newer process") {
  Holdings ours{HoldingsSettings{}};
  ours.on_held(holding("a", 2, 5), kStart);
  Other p;
  p.beat(ours, kP);
  model::HoldingsChange same;
  same.changed = {holding("a", 2, 6)};
  CHECK_FALSE(has<AskContent>(ours.on_change(kP, same, kStart)));
  CHECK(ours.vouched_by(key("a")) == model::PeerNames{kP});
  model::HoldingsChange newer;
  newer.changed = {holding("a", 3, 7)};
  CHECK(first<AskContent>(ours.on_change(kP, newer, kStart)).brokers ==
        std::vector{key("a")});
}

TEST_CASE("who loses sight of a broker keeps it as the others have it") {
  Holdings ours{HoldingsSettings{}};
  ours.on_held(holding("a", 2, 5), kStart);
  Other p;
  p.list.set(holding("a", 2, 5));
  take_all(ours, kP, p);
  const Effects effects = ours.on_released(key("a"), kStart);
  CHECK(first<PushChange>(effects).change.dropped == std::vector{key("a")});
  // The same content: nothing to ask for.
  CHECK_FALSE(has<AskContent>(effects));
}

TEST_CASE("a peer out of reach vouches for nobody, until it is back") {
  Holdings ours{HoldingsSettings{}};
  Other p;
  p.list.set(holding("a", 1, 5));
  take_all(ours, kP, p);
  const auto lost = first<Vouch>(ours.on_lost(kP, kStart));
  CHECK_FALSE(lost.vouched);
  CHECK_FALSE(lost.released);
  CHECK_FALSE(ours.complete(kP));
  const Effects back = p.beat(ours, kP, kStart + 60s);
  CHECK(first<Vouch>(back).vouched);
  // Known still, unless it has changed.
  CHECK_FALSE(has<AskHoldings>(back));
}

TEST_CASE("two vouchers are one voucher until both are gone") {
  Holdings ours{HoldingsSettings{}};
  Other p;
  p.list.set(holding("a", 1, 5));
  take_all(ours, kP, p);
  take_all(ours, kQ, p);
  CHECK(ours.vouched_by(key("a")).size() == 2);
  model::HoldingsChange change;
  change.dropped = {key("a")};
  CHECK_FALSE(has<Vouch>(ours.on_change(kP, change, kStart)));
  CHECK(first<Vouch>(ours.on_change(kQ, change, kStart)).released);
}

TEST_CASE("an unregistration is told, buries older holdings and lapses") {
  Holdings ours{HoldingsSettings{}};
  ours.on_held(holding("a", 2, 5), kStart);
  const auto push =
      first<PushChange>(ours.on_unregistered(tombstone("a", 2), kStart));
  CHECK(push.change.changed[0].unregistered);

  Holdings theirs{HoldingsSettings{}};
  theirs.on_digest(kP, {}, kStart);
  const auto bury = first<Bury>(theirs.on_change(kP, push.change, kStart));
  CHECK(bury.tombstone.epoch == model::Epoch(2));
  // Somebody who has not heard of it yet brings nothing back.
  model::HoldingsChange late;
  late.changed = {holding("a", 2, 5)};
  theirs.on_digest(kQ, {}, kStart);
  CHECK_FALSE(has<AskContent>(theirs.on_change(kQ, late, kStart)));
  // A newer process of it is another matter.
  model::HoldingsChange newer;
  newer.changed = {holding("a", 3, 5)};
  CHECK(has<AskContent>(theirs.on_change(kQ, newer, kStart)));

  CHECK(ours.on_tick(kStart + 119s).empty());
  CHECK(first<PushChange>(ours.on_tick(kStart + 120s)).change.dropped.size() ==
        1);
  CHECK(ours.own().size() == 0);
}

TEST_CASE("a broker that we hear anew ends its tombstone") {
  Holdings ours{HoldingsSettings{}};
  ours.on_unregistered(tombstone("a", 2), kStart);
  ours.on_held(holding("a", 3, 5), kStart + 1s);
  CHECK(ours.on_tick(kStart + 200s).empty());
  CHECK(ours.own().size() == 1);
  // Told of an older unregistration, nothing happens to it.
  ours.on_digest(kP, {}, kStart);
  model::HoldingsChange old;
  old.changed = {tombstone("a", 2)};
  CHECK_FALSE(has<Bury>(ours.on_change(kP, old, kStart)));
}

TEST_CASE("contents are asked for in batches, again when no answer comes") {
  HoldingsSettings settings;
  settings.content_batch = 10;
  Holdings ours(settings);
  ours.on_digest(kP, {}, kStart);
  model::HoldingsChange change;
  for (int i = 0; i < 25; ++i) {
    change.changed.push_back(holding("b" + std::to_string(i), 1, 5));
  }
  Holdings theirs{HoldingsSettings{}};
  for (const auto& each : change.changed) theirs.on_held(each, kStart);
  change.after = theirs.own().digest();
  const auto ask = first<AskContent>(ours.on_change(kP, change, kStart));
  CHECK(ask.brokers.size() == 10);
  CHECK_FALSE(has<AskContent>(ours.on_digest(kP, change.after, kStart + 1s)));
  CHECK(has<AskContent>(ours.on_digest(kP, change.after, kStart + 3s)));
  ours.on_content_failed(kP, ask.brokers, kStart + 3s);
  CHECK(has<AskContent>(ours.on_digest(kP, change.after, kStart + 4s)));
  std::size_t asked = 0;
  Effects effects = ours.on_digest(kP, change.after, kStart + 8s);
  while (has<AskContent>(effects)) {
    const auto batch = first<AskContent>(effects);
    asked += batch.brokers.size();
    effects.clear();
    for (const auto& broker : batch.brokers) {
      effects = ours.on_content(kP, broker, {5, 0}, true, kStart + 8s);
    }
  }
  CHECK(asked == 25);
  CHECK(ours.complete(kP));
}

TEST_CASE("an answer comes in pages of whole buckets") {
  Holdings ours{HoldingsSettings{}};
  for (int i = 0; i < 500; ++i) {
    ours.on_held(holding("b" + std::to_string(i), 1, 5), kStart);
  }
  const auto pages = ours.answer({}, 100);
  CHECK(pages.size() >= 5);
  std::size_t told = 0;
  for (const auto& page : pages) {
    told += page.holdings.size();
    CHECK(page.holdings.size() <= 110);
    CHECK(page.last == (&page == &pages.back()));
  }
  CHECK(told == 500);
  // Nothing differs: one empty page, the last.
  const auto none = ours.answer({ours.own().bucket_digests()}, 100);
  REQUIRE(none.size() == 1);
  CHECK(none[0].last);
  CHECK(none[0].buckets.empty());
}

}  // namespace
}  // namespace waypost::holdings
