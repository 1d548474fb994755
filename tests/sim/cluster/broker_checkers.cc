// What is promised of brokers and to clients.

#include <algorithm>

#include "base/units.h"
#include "tests/sim/cluster/checkers.h"
#include "tests/sim/cluster/timers.h"

namespace waypost::sim {
namespace {

std::string for_text(base::Duration duration) {
  return " for " + std::to_string(base::to_ms(duration)) + " ms";
}

class ClientFinds : public Checker {
 public:
  explicit ClientFinds(base::Duration bound) : bound_(bound) {}
  std::string_view name() const override { return "client-finds-nameserver"; }

  std::optional<std::string> look(const Observation& seen) override {
    std::optional<std::string> wrong;
    for (std::size_t c = 0; c < seen.clients.size(); ++c) {
      for (std::size_t n = 0; n < seen.nameservers.size(); ++n) {
        const NameserverView& nameserver = seen.nameservers[n];
        const base::Duration held =
            could_.tell({n, c},
                        nameserver.serves() && nameserver.answers_routes &&
                            seen.client_linked(n, c),
                        seen.at);
        if (held <= bound_) continue;
        const ClientView& client = seen.clients[c];
        if (client.answered_at && seen.at - *client.answered_at <= bound_) {
          continue;
        }
        wrong = client.name + " has reached " + nameserver.name +
                for_text(held) +
                ", which serves, and got no answer from anybody meanwhile";
      }
    }
    return wrong;
  }

 private:
  const base::Duration bound_;
  PairHeldFor could_;
};

class LiveBroker : public Checker {
 public:
  explicit LiveBroker(base::Duration bound) : bound_(bound) {}
  std::string_view name() const override { return "live-broker-stays"; }

  std::optional<std::string> look(const Observation& seen) override {
    std::optional<std::string> wrong;
    for (std::size_t b = 0; b < seen.brokers.size(); ++b) {
      for (std::size_t n = 0; n < seen.nameservers.size(); ++n) {
        const NameserverView& nameserver = seen.nameservers[n];
        const base::Duration held = linked_.tell(
            {n, b},
            nameserver.serves() && nameserver.takes_registrations &&
                seen.broker_linked(n, b),
            seen.at);
        const std::string& broker = seen.brokers[b].name;
        if (held > bound_ && !nameserver.brokers.contains(broker)) {
          wrong = nameserver.name + " has served and reached " + broker +
                  for_text(held) + " and lacks it";
        }
      }
    }
    return wrong;
  }

 private:
  const base::Duration bound_;
  PairHeldFor linked_;
};

class ToldBroker : public Checker {
 public:
  explicit ToldBroker(base::Duration bound) : bound_(bound) {}
  std::string_view name() const override { return "peers-tell-of-brokers"; }

  std::optional<std::string> look(const Observation& seen) override {
    std::optional<std::string> wrong;
    for (std::size_t b = 0; b < seen.brokers.size(); ++b) {
      for (std::size_t n = 0; n < seen.nameservers.size(); ++n) {
        for (std::size_t via = 0; via < seen.nameservers.size(); ++via) {
          if (via != n) look_at(seen, b, n, via, wrong);
        }
      }
    }
    return wrong;
  }

 private:
  void look_at(const Observation& seen, std::size_t b, std::size_t n,
               std::size_t via, std::optional<std::string>& wrong) {
    const NameserverView& asked = seen.nameservers[n];
    const NameserverView& hears = seen.nameservers[via];
    const bool could = asked.serves() && hears.serves() &&
                       hears.takes_registrations && seen.peers_linked(n, via) &&
                       seen.broker_linked(via, b);
    const base::Duration held = could_.tell({{n, via}, b}, could, seen.at);
    const std::string& broker = seen.brokers[b].name;
    if (held <= bound_ || asked.brokers.contains(broker)) return;
    wrong = hears.name + " has reached " + broker + " and " + asked.name +
            for_text(held) + ", all serve, and " + asked.name + " lacks it";
  }

  const base::Duration bound_;
  HeldFor<std::pair<std::pair<std::size_t, std::size_t>, std::size_t>> could_;
};

class DeadBroker : public Checker {
 public:
  DeadBroker(base::Duration in_tables, base::Duration in_routes)
      : in_tables_(in_tables), in_routes_(in_routes) {}
  std::string_view name() const override { return "dead-broker-goes"; }

  std::optional<std::string> look(const Observation& seen) override {
    std::optional<std::string> wrong;
    for (std::size_t b = 0; b < seen.brokers.size(); ++b) {
      const BrokerView& broker = seen.brokers[b];
      for (std::size_t n = 0; n < seen.nameservers.size(); ++n) {
        const NameserverView& nameserver = seen.nameservers[n];
        const base::Duration held = tables_.tell(
            {n, b}, !broker.running && nameserver.serves(), seen.at);
        if (held > in_tables_ && nameserver.brokers.contains(broker.name)) {
          wrong = broker.name + " is dead and " + nameserver.name +
                  " has served" + for_text(held) + " and still has it";
        }
      }
      for (std::size_t c = 0; c < seen.clients.size(); ++c) {
        const ClientView& client = seen.clients[c];
        const base::Duration held = routes_.tell(
            {b, c}, !broker.running && is_served(seen, c), seen.at);
        if (held > in_tables_ + in_routes_ &&
            client.brokers.contains(broker.name)) {
          wrong = broker.name + " is dead, " + client.name +
                  " has been at a serving nameserver" + for_text(held) +
                  " and still has it in its route";
        }
      }
    }
    return wrong;
  }

 private:
  static bool is_served(const Observation& seen, std::size_t client) {
    for (std::size_t n = 0; n < seen.nameservers.size(); ++n) {
      const NameserverView& nameserver = seen.nameservers[n];
      if (nameserver.name == seen.clients[client].nameserver) {
        return nameserver.serves() && nameserver.answers_routes &&
               seen.client_linked(n, client);
      }
    }
    return false;
  }

  const base::Duration in_tables_;
  const base::Duration in_routes_;
  PairHeldFor tables_;
  PairHeldFor routes_;
};

}  // namespace

std::unique_ptr<Checker> make_client_finds_checker(const Bounds& bounds) {
  return std::make_unique<ClientFinds>(bounds.client_finds);
}

std::unique_ptr<Checker> make_live_broker_checker(const Bounds& bounds) {
  return std::make_unique<LiveBroker>(bounds.broker_found);
}

std::unique_ptr<Checker> make_told_broker_checker(const Bounds& bounds) {
  return std::make_unique<ToldBroker>(bounds.broker_told);
}

std::unique_ptr<Checker> make_dead_broker_checker(const Bounds& bounds) {
  return std::make_unique<DeadBroker>(bounds.broker_forgotten,
                                      bounds.client_finds);
}

}  // namespace waypost::sim
