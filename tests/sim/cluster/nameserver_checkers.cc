// What is promised of nameservers.

#include <algorithm>
#include <map>
#include <set>

#include "base/units.h"
#include "tests/sim/cluster/checkers.h"
#include "tests/sim/cluster/timers.h"

namespace waypost::sim {
namespace {

std::string text_of(const Names& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ",") + name;
  return text.empty() ? "nobody" : text;
}

std::string ms_text(base::Duration duration) {
  return std::to_string(base::to_ms(duration)) + " ms";
}

class Convergence : public Checker {
 public:
  explicit Convergence(base::Duration bound) : bound_(bound) {}
  std::string_view name() const override { return "all-agree-after-healing"; }

  std::optional<std::string> look(const Observation& seen) override {
    if (!seen.healed_at || seen.at - *seen.healed_at <= bound_) return {};
    Names all;
    for (const BrokerView& broker : seen.brokers) all.insert(broker.name);
    const std::string when =
        ", " + ms_text(seen.at - *seen.healed_at) + " after everything healed";
    for (const NameserverView& nameserver : seen.nameservers) {
      if (!nameserver.serves()) {
        return nameserver.name + " is " +
               std::string(server_state_name(nameserver.state)) + when;
      }
      if (nameserver.brokers != all) {
        return nameserver.name + " has " + text_of(nameserver.brokers) +
               " instead of " + text_of(all) + when;
      }
    }
    for (const ClientView& client : seen.clients) {
      if (client.brokers != all) {
        return client.name + " has " + text_of(client.brokers) +
               " instead of " + text_of(all) + when;
      }
    }
    return {};
  }

 private:
  const base::Duration bound_;
};

class Pause : public Checker {
 public:
  explicit Pause(base::Duration bound) : bound_(bound) {}
  std::string_view name() const override { return "paused-serves-nobody"; }

  std::optional<std::string> look(const Observation& seen) override {
    std::optional<std::string> wrong;
    for (std::size_t n = 0; n < seen.nameservers.size(); ++n) {
      const NameserverView& nameserver = seen.nameservers[n];
      const base::Duration held = paused_.tell(
          {n, nameserver.port_closes},
          nameserver.up() && nameserver.state == model::ServerState::kPaused,
          seen.at);
      if (held <= bound_) continue;
      if (nameserver.answers_routes) {
        wrong = nameserver.name + " has been paused for " + ms_text(held) +
                " and answers route queries";
      }
      if (nameserver.service_connections > 0 && !nameserver.restarting) {
        wrong = nameserver.name + " has been paused for " + ms_text(held) +
                " and has " + std::to_string(nameserver.service_connections) +
                " connections at its service port";
      }
    }
    return wrong;
  }

 private:
  const base::Duration bound_;
  // A pause that ends and begins again between two looks is another one.
  HeldFor<std::pair<std::size_t, std::uint64_t>> paused_;
};

// Which nameservers are connected, over others if need be: each with the
// smallest number of its part.
std::vector<std::size_t> parts_of(const Observation& seen) {
  const std::size_t count = seen.nameservers.size();
  std::vector<std::size_t> part(count);
  for (std::size_t n = 0; n < count; ++n) part[n] = n;
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      if (part[a] == part[b] || !seen.peers_linked(a, b)) continue;
      const std::size_t low = std::min(part[a], part[b]);
      const std::size_t high = std::max(part[a], part[b]);
      for (std::size_t& each : part) {
        if (each == high) each = low;
      }
    }
  }
  return part;
}

class OneSide : public Checker {
 public:
  OneSide(base::Duration bound, base::Duration meets)
      : bound_(bound), meets_(meets) {}
  std::string_view name() const override { return "one-side-serves"; }

  std::optional<std::string> look(const Observation& seen) override {
    const std::vector<std::size_t> part = parts_of(seen);
    std::optional<std::string> wrong;
    for (std::size_t a = 0; a < part.size(); ++a) {
      const NameserverView& one = seen.nameservers[a];
      for (std::size_t b = 0; b < a; ++b) {
        const NameserverView& other = seen.nameservers[b];
        const bool apart = part[a] != part[b];
        const std::pair lives(one.life, other.life);
        const bool together =
            one.serves() && other.serves() && seen.peers_linked(a, b);
        if (together_.tell({a, b}, together, seen.at) > meets_) {
          met_[{a, b}] = lives;
        }
        const bool met = met_[{a, b}] == lives;
        const base::Duration held = both_.tell(
            {a, b}, apart && met && one.serves() && other.serves(), seen.at);
        if (held > bound_) {
          wrong = other.name + " and " + one.name +
                  " do not reach each other and have both served for " +
                  ms_text(held);
        }
      }
    }
    return wrong;
  }

 private:
  const base::Duration bound_;
  const base::Duration meets_;
  PairHeldFor both_;
  PairHeldFor together_;
  // With which lives two have met.
  std::map<std::pair<std::size_t, std::size_t>,
           std::pair<std::uint64_t, std::uint64_t>>
      met_;
};

class Join : public Checker {
 public:
  Join(base::Duration bound, bool may_pause)
      : bound_(bound), may_pause_(may_pause) {}
  std::string_view name() const override { return "the-dead-block-nobody"; }

  std::optional<std::string> look(const Observation& seen) override {
    std::set<std::pair<std::size_t, std::uint64_t>> up;  // number, life
    bool all_linked = true;
    std::optional<std::string> serving;
    std::optional<std::string> waiting;
    for (std::size_t a = 0; a < seen.nameservers.size(); ++a) {
      const NameserverView& nameserver = seen.nameservers[a];
      if (!nameserver.up()) continue;
      // One that is about to stop does not join.
      if (nameserver.state == model::ServerState::kDraining) {
        all_linked = false;
      }
      for (const auto& [b, life] : up) {
        all_linked = all_linked && seen.peers_linked(a, b);
      }
      up.insert({a, nameserver.life});
      const bool pauses =
          may_pause_ && nameserver.state == model::ServerState::kPaused;
      if (!pauses) {
        (nameserver.serves() ? serving : waiting) = nameserver.name;
      }
    }
    // Somebody else: a new beginning.
    const bool same = up == up_;
    up_ = up;
    const base::Duration held =
        holds_.tell(0, same && all_linked && serving, seen.at);
    if (held <= bound_ || !waiting) return {};
    return *waiting + " has reached everybody who is alive for " +
           ms_text(held) + ", " + *serving + " serves and it does not";
  }

 private:
  const base::Duration bound_;
  const bool may_pause_;
  std::set<std::pair<std::size_t, std::uint64_t>> up_;
  HeldFor<int> holds_;
};

}  // namespace

std::unique_ptr<Checker> make_convergence_checker(const Bounds& bounds) {
  return std::make_unique<Convergence>(bounds.converges);
}

std::unique_ptr<Checker> make_pause_checker(const Bounds& bounds) {
  return std::make_unique<Pause>(bounds.pause_closes);
}

std::unique_ptr<Checker> make_one_side_checker(const Bounds& bounds) {
  return std::make_unique<OneSide>(bounds.one_side, bounds.meets);
}

std::unique_ptr<Checker> make_join_checker(const Bounds& bounds,
                                           partition::Mode mode) {
  return std::make_unique<Join>(
      bounds.joins, partition::family_of(mode) == partition::Family::kPause);
}

bool promises_one_side(partition::Mode mode) {
  return mode != partition::Mode::kIgnore && mode != partition::Mode::kAutoheal;
}

std::vector<std::unique_ptr<Checker>> make_checkers(partition::Mode mode,
                                                    const Bounds& bounds) {
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(make_client_finds_checker(bounds));
  checkers.push_back(make_live_broker_checker(bounds));
  checkers.push_back(make_told_broker_checker(bounds));
  checkers.push_back(make_dead_broker_checker(bounds));
  checkers.push_back(make_convergence_checker(bounds));
  checkers.push_back(make_pause_checker(bounds));
  if (promises_one_side(mode)) {
    checkers.push_back(make_one_side_checker(bounds));
  }
  checkers.push_back(make_join_checker(bounds, mode));
  return checkers;
}

}  // namespace waypost::sim
