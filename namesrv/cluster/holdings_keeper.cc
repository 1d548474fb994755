#include "namesrv/cluster/holdings_keeper.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>
#include <variant>

namespace waypost::cluster {
namespace {

constexpr std::size_t kPageHoldings = 1000;

// Two of the agents' register intervals: by then what was missed has been
// said again.
constexpr base::Duration kDivergenceAlarm = std::chrono::seconds(60);

holdings::HoldingsSettings settings() {
  holdings::HoldingsSettings made;
  // Registrations of ten thousand topics are 400 kB each, and an answer waits
  // in memory.
  made.content_batch = 16;
  made.answer_timeout = std::chrono::seconds(30);
  return made;
}

}  // namespace

HoldingsKeeper::HoldingsKeeper(base::Executor& executor, PeerCalls& calls,
                               TableControl& table,
                               std::function<void()> on_progress,
                               base::Logger logger)
    : executor_(executor),
      calls_(calls),
      table_(table),
      on_progress_(std::move(on_progress)),
      logger_(std::move(logger)),
      holdings_(settings()) {
  table_.set_listener(
      [this](TableControl::Change change, const model::BrokerKey& broker,
             model::Epoch epoch) { on_table_change(change, broker, epoch); });
  for (const model::BrokerKey& broker : table_.held_brokers()) {
    on_table_change(TableControl::Change::kHeld, broker, model::Epoch());
  }
}

HoldingsKeeper::~HoldingsKeeper() {
  *alive_ = false;
  table_.set_listener(nullptr);
}

std::int64_t HoldingsKeeper::civil_ms() const {
  return std::chrono::floor<std::chrono::milliseconds>(
             executor_.wall_now().time_since_epoch())
      .count();
}

// Civil time, but later than what was said of the broker before.
std::int64_t HoldingsKeeper::stamp_after(const model::BrokerKey& broker) const {
  const std::int64_t ms = civil_ms();
  const model::Holding* before = holdings_.own().find(broker);
  return before == nullptr ? ms : std::max(ms, before->stamp_ms + 1);
}

void HoldingsKeeper::on_table_change(TableControl::Change change,
                                     const model::BrokerKey& broker,
                                     model::Epoch epoch) {
  const model::Holding* before = holdings_.own().find(broker);
  switch (change) {
    case TableControl::Change::kHeld: {
      auto holding = table_.holding(broker);
      if (!holding) return;
      // Brokers with epochs need no stamps.
      if (holding->epoch == model::Epoch()) {
        const bool goes_on = before != nullptr && !before->unregistered;
        holding->stamp_ms = goes_on ? before->stamp_ms : stamp_after(broker);
      }
      return perform(holdings_.on_held(*holding, now()));
    }
    case TableControl::Change::kReleased:
      return perform(holdings_.on_released(broker, now()));
    case TableControl::Change::kUnregistered: {
      model::Holding tombstone;
      tombstone.broker = broker;
      tombstone.unregistered = true;
      tombstone.epoch = epoch;
      if (epoch == model::Epoch()) tombstone.stamp_ms = stamp_after(broker);
      return perform(holdings_.on_unregistered(tombstone, now()));
    }
  }
}

std::vector<model::HoldingsPage> HoldingsKeeper::answer(
    const model::HoldingsQuery& query) const {
  return holdings_.answer(query, kPageHoldings);
}

void HoldingsKeeper::on_heartbeat(const model::PeerName& peer,
                                  const model::SetDigest& digest,
                                  std::int64_t sent_at_ms) {
  reachable_.insert(peer);
  if (sent_at_ms != 0) holdings_.on_clock(peer, sent_at_ms - civil_ms());
  perform(holdings_.on_digest(peer, digest, now()));
}

void HoldingsKeeper::on_change(const model::PeerName& peer,
                               const model::HoldingsChange& change) {
  if (!reachable_.contains(peer)) return;
  perform(holdings_.on_change(peer, change, now()));
}

void HoldingsKeeper::on_lost(const model::PeerName& peer) {
  if (reachable_.erase(peer) == 0) return;
  divergences_.erase(peer);
  perform(holdings_.on_lost(peer, now()));
}

void HoldingsKeeper::on_gone(const model::PeerName& peer) {
  reachable_.erase(peer);
  divergences_.erase(peer);
  perform(holdings_.on_gone(peer, now()));
}

void HoldingsKeeper::on_tick() {
  perform(holdings_.on_tick(now()));
  for (const model::PeerName& peer : reachable_) {
    if (holdings_.complete(peer)) {
      divergences_.erase(peer);
      continue;
    }
    Divergence& divergence =
        divergences_.try_emplace(peer, Divergence{now()}).first->second;
    if (now() - divergence.since < kDivergenceAlarm) continue;
    if (std::exchange(divergence.told, true)) continue;
    logger_.warn("what a peer holds and what is known of it here differ",
                 {{"peer", peer.value()},
                  {"for_ms", base::to_ms(now() - divergence.since)}});
  }
}

std::optional<base::Duration> HoldingsKeeper::diverges_for(
    const model::PeerName& peer) const {
  const auto found = divergences_.find(peer);
  if (found == divergences_.end()) return std::nullopt;
  return now() - found->second.since;
}

void HoldingsKeeper::perform(holdings::Effects effects) {
  using namespace holdings;
  for (Effect& effect : effects) {
    if (auto* list = std::get_if<AskHoldings>(&effect)) {
      ask(std::move(*list));
    } else if (auto* content = std::get_if<AskContent>(&effect)) {
      ask(std::move(*content));
    } else if (const auto* push = std::get_if<PushChange>(&effect)) {
      changes_.add(push->change);
      push_what_is_due();
    } else if (const auto* vouch = std::get_if<Vouch>(&effect)) {
      table_.vouch(vouch->broker, vouch->vouched, vouch->released);
    } else if (const auto* bury = std::get_if<Bury>(&effect)) {
      table_.bury(bury->tombstone.broker, bury->tombstone.epoch);
    }
  }
}

void HoldingsKeeper::push_what_is_due() {
  const auto due = changes_.due();
  if (!due) return;
  if (*due > now()) {
    if (push_timer_ != nullptr) return;
    push_timer_ = executor_.run_after(*due - now(), [this] {
      push_timer_.reset();
      push_what_is_due();
    });
    return;
  }
  const model::HoldingsChange change = changes_.take(now());
  for (const model::PeerName& peer : reachable_) {
    calls_.push_holdings(peer, change);
  }
}

void HoldingsKeeper::ask(holdings::AskHoldings ask) {
  calls_.ask_holdings(ask.peer, ask.query,
                      [this, alive = alive_, peer = ask.peer](
                          const base::Result<model::HoldingsPage>& page) {
                        if (!*alive) return;
                        if (!page) return holdings_.on_query_failed(peer);
                        perform(holdings_.on_page(peer, *page, now()));
                        on_progress_();
                      });
}

void HoldingsKeeper::ask(holdings::AskContent ask) {
  auto missing = std::make_shared<std::set<model::BrokerKey>>(
      ask.brokers.begin(), ask.brokers.end());
  calls_.ask_registrations(
      ask.peer, {ask.brokers},
      [this, alive = alive_, peer = ask.peer,
       missing](base::Result<PeerCalls::RegistrationPart> part) {
        if (!*alive) return;
        if (part && *part) {
          const model::BrokerKey broker = (*part)->request.broker;
          const model::Digest content = (*part)->content;
          if (missing->erase(broker) == 0) return;  // not what was asked for
          const bool taken = table_.adopt(std::move(**part));
          perform(holdings_.on_content(peer, broker, content, taken, now()));
        } else {
          perform(holdings_.on_content_failed(
              peer, {missing->begin(), missing->end()}, now()));
        }
        on_progress_();
      });
}

}  // namespace waypost::cluster
