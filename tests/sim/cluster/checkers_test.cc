// Each checker is shown what it forbids, and what comes close and is allowed.

#include "tests/sim/cluster/checkers.h"

#include <functional>
#include <string>

#include <doctest/doctest.h>

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using State = model::ServerState;

Bounds bounds() {
  Bounds bounds;
  bounds.client_finds = 3s;
  bounds.broker_found = 5s;
  bounds.broker_told = 7s;
  bounds.broker_forgotten = 6s;
  bounds.converges = 30s;
  bounds.pause_closes = 1s;
  bounds.meets = 2s;
  bounds.one_side = 4s;
  bounds.joins = 10s;
  return bounds;
}

// Three nameservers, two brokers, a client; all is well.
Observation well() {
  Observation seen;
  for (const char* name : {"ns-0", "ns-1", "ns-2"}) {
    NameserverView view;
    view.name = name;
    view.running = view.awake = true;
    view.life = 1;
    view.state = State::kServing;
    view.answers_routes = view.takes_registrations = true;
    view.brokers = {"broker-0", "broker-1"};
    seen.nameservers.push_back(view);
  }
  seen.brokers = {{"broker-0", true, true, false},
                  {"broker-1", true, true, false}};
  ClientView client;
  client.name = "app-0";
  client.awake = true;
  client.nameserver = "ns-0";
  client.brokers = {"broker-0", "broker-1"};
  seen.clients = {client};
  seen.passes.assign(6, 63);
  return seen;
}

void cut(Observation& seen, std::size_t a, std::size_t b) {
  seen.passes[a] &= ~(std::uint64_t{1} << b);
  seen.passes[b] &= ~(std::uint64_t{1} << a);
}

// Ten looks a second at what `scene` makes of a cluster in which all is well.
// The first complaint, with the tenth of a second at which it came.
struct Complaint {
  base::Duration at{0};
  std::string text;
};
std::optional<Complaint> watch(
    Checker& checker, base::Duration length,
    const std::function<void(Observation&, base::Duration)>& scene) {
  for (base::Duration at{0}; at <= length; at += 100ms) {
    Observation seen = well();
    seen.at = at;
    seen.clients[0].answered_at = at;
    scene(seen, at);
    if (const auto wrong = checker.look(seen)) return Complaint{at, *wrong};
  }
  return std::nullopt;
}

TEST_CASE("nobody complains while all is well") {
  for (auto& checker :
       make_checkers(partition::Mode::kPauseMinority, bounds())) {
    CAPTURE(checker->name());
    CHECK_FALSE(watch(*checker, 60s, [](Observation& seen, base::Duration at) {
      if (at > 20s) seen.healed_at = 20s;
    }));
  }
}

TEST_CASE("a client that is not answered though it could be") {
  const auto silent = [](Observation& seen, base::Duration at) {
    if (at > 10s) seen.clients[0].answered_at = 10s;
  };
  auto checker = make_client_finds_checker(bounds());
  const auto complaint = watch(*checker, 20s, silent);
  REQUIRE(complaint);
  CHECK(complaint->at == 13100ms);
  CHECK(complaint->text.find("app-0 has reached ns-2") != std::string::npos);

  // It reaches only one, and that one does not answer.
  for (const auto& excuse : std::vector<std::function<void(NameserverView&)>>{
           [](auto& ns) { ns.state = State::kPaused; },
           [](auto& ns) { ns.awake = false; },
           [](auto& ns) { ns.answers_routes = false; }}) {
    checker = make_client_finds_checker(bounds());
    CHECK_FALSE(watch(*checker, 20s, [&](auto& seen, base::Duration at) {
      silent(seen, at);
      cut(seen, 0, 5);
      cut(seen, 1, 5);
      excuse(seen.nameservers[2]);
    }));
  }
  // Not for long enough at a time.
  checker = make_client_finds_checker(bounds());
  CHECK_FALSE(watch(*checker, 20s, [&](auto& seen, base::Duration at) {
    silent(seen, at);
    if (at % 3s < 200ms) seen.clients[0].awake = false;
  }));
}

TEST_CASE("a live broker that is dropped") {
  const auto dropped = [](Observation& seen, base::Duration at) {
    if (at > 7s) seen.nameservers[1].brokers = {"broker-0"};
  };
  auto checker = make_live_broker_checker(bounds());
  const auto complaint = watch(*checker, 20s, dropped);
  REQUIRE(complaint);
  CHECK(complaint->at == 7100ms);
  CHECK(complaint->text.find("lacks it") != std::string::npos);

  for (const auto& excuse : std::vector<std::function<void(Observation&)>>{
           [](auto& seen) { cut(seen, 1, 4); },
           [](auto& seen) { seen.passes[4] &= ~std::uint64_t{2}; },
           [](auto& seen) { seen.brokers[1].awake = false; },
           [](auto& seen) { seen.brokers[1].leaving = true; },
           [](auto& seen) { seen.nameservers[1].takes_registrations = false; },
           [](auto& seen) { seen.nameservers[1].state = State::kStarting; }}) {
    checker = make_live_broker_checker(bounds());
    CHECK_FALSE(watch(*checker, 20s, [&](auto& seen, base::Duration at) {
      dropped(seen, at);
      if (at > 6s) excuse(seen);
    }));
  }
}

TEST_CASE("a broker that a peer does not tell of") {
  // ns-2 does not reach broker-1, but ns-0 and ns-1 do.
  const auto untold = [](Observation& seen, base::Duration) {
    cut(seen, 2, 4);
    seen.nameservers[2].brokers = {"broker-0"};
  };
  auto checker = make_told_broker_checker(bounds());
  const auto complaint = watch(*checker, 20s, untold);
  REQUIRE(complaint);
  CHECK(complaint->at == 7100ms);
  CHECK(complaint->text.find("ns-2 lacks it") != std::string::npos);

  // Nobody who reaches both serves.
  for (const auto& excuse : std::vector<std::function<void(Observation&)>>{
           [](auto& seen) { cut(seen, 2, 0); },
           [](auto& seen) { cut(seen, 0, 4); },
           [](auto& seen) { seen.nameservers[0].awake = false; },
           [](auto& seen) { seen.nameservers[0].state = State::kPaused; }}) {
    checker = make_told_broker_checker(bounds());
    CHECK_FALSE(watch(*checker, 20s, [&](auto& seen, base::Duration at) {
      untold(seen, at);
      cut(seen, 2, 1);
      excuse(seen);
    }));
  }
}

TEST_CASE("a dead broker that stays, in a table and in a route") {
  const auto dead = [](Observation& seen, base::Duration at) {
    if (at < 10s) return;
    seen.brokers[0].running = false;
    for (auto& each : seen.nameservers) each.brokers = {"broker-1"};
    seen.clients[0].brokers = {"broker-1"};
  };
  auto checker = make_dead_broker_checker(bounds());
  CHECK_FALSE(watch(*checker, 40s, dead));

  checker = make_dead_broker_checker(bounds());
  auto complaint = watch(*checker, 40s, [&](auto& seen, base::Duration at) {
    dead(seen, at);
    if (at < 20s) seen.nameservers[2].brokers = {"broker-0", "broker-1"};
  });
  REQUIRE(complaint);
  CHECK(complaint->at == 16100ms);
  CHECK(complaint->text.find("ns-2") != std::string::npos);

  checker = make_dead_broker_checker(bounds());
  complaint = watch(*checker, 40s, [&](auto& seen, base::Duration at) {
    dead(seen, at);
    seen.clients[0].brokers = {"broker-0", "broker-1"};
  });
  REQUIRE(complaint);
  CHECK(complaint->at == 19100ms);  // the table's time and the client's
  CHECK(complaint->text.find("app-0") != std::string::npos);

  // What a paused nameserver keeps is nobody's business.
  checker = make_dead_broker_checker(bounds());
  CHECK_FALSE(watch(*checker, 40s, [&](auto& seen, base::Duration at) {
    dead(seen, at);
    seen.nameservers[2].brokers = {"broker-0", "broker-1"};
    seen.nameservers[2].state = State::kPaused;
  }));
}

TEST_CASE("a cluster that does not become whole, or does not stay so") {
  const auto healed = [](Observation& seen, base::Duration at) {
    if (at >= 10s) seen.healed_at = 10s;
  };
  const auto complaint_of =
      [&](const std::function<void(Observation&, base::Duration)>& scene) {
        auto checker = make_convergence_checker(bounds());
        return watch(*checker, 60s, [&](auto& seen, base::Duration at) {
          healed(seen, at);
          scene(seen, at);
        });
      };
  const auto late = [](base::Duration at) { return at < 45s; };
  auto complaint = complaint_of([&](auto& seen, base::Duration at) {
    if (late(at)) seen.nameservers[0].brokers = {"broker-0"};
  });
  REQUIRE(complaint);
  CHECK(complaint->at == 40100ms);
  CHECK(complaint->text.find("ns-0 has broker-0") != std::string::npos);
  complaint = complaint_of([&](auto& seen, base::Duration at) {
    if (late(at)) seen.nameservers[1].state = State::kPaused;
  });
  REQUIRE(complaint);
  CHECK(complaint->text.find("ns-1 is paused") != std::string::npos);
  complaint = complaint_of([&](auto& seen, base::Duration at) {
    if (at > 50s) seen.clients[0].brokers = {};
  });
  REQUIRE(complaint);
  CHECK(complaint->text.find("app-0 has nobody") != std::string::npos);
  CHECK_FALSE(complaint_of([&](auto& seen, base::Duration at) {
    if (at < 35s) seen.nameservers[1].state = State::kPaused;
  }));
}

TEST_CASE("a paused nameserver that serves") {
  const auto paused = [](Observation& seen, base::Duration at) {
    if (at < 5s) {
      seen.nameservers[0].service_connections = 3;
      return;
    }
    seen.nameservers[0].state = State::kPaused;
    seen.nameservers[0].answers_routes = false;
    seen.nameservers[0].port_closes = 1;
    seen.nameservers[0].service_connections = at < 6s ? 1 : 0;
  };
  auto checker = make_pause_checker(bounds());
  CHECK_FALSE(watch(*checker, 20s, paused));

  checker = make_pause_checker(bounds());
  auto complaint = watch(*checker, 20s, [&](auto& seen, base::Duration at) {
    paused(seen, at);
    seen.nameservers[0].service_connections = 1;
  });
  REQUIRE(complaint);
  CHECK(complaint->at == 6100ms);

  checker = make_pause_checker(bounds());
  complaint = watch(*checker, 20s, [&](auto& seen, base::Duration at) {
    paused(seen, at);
    seen.nameservers[0].answers_routes = true;
  });
  REQUIRE(complaint);
  CHECK(complaint->text.find("answers route queries") != std::string::npos);

  // One that starts anew keeps its connections, but answers nobody.
  checker = make_pause_checker(bounds());
  CHECK_FALSE(watch(*checker, 20s, [&](auto& seen, base::Duration at) {
    paused(seen, at);
    seen.nameservers[0].service_connections = 3;
    seen.nameservers[0].restarting = true;
  }));
}

TEST_CASE("two sides that both serve") {
  const auto apart = [](Observation& seen, base::Duration at) {
    if (at < 5s) return;
    cut(seen, 0, 2);
    cut(seen, 1, 2);
  };
  auto checker = make_one_side_checker(bounds());
  const auto complaint = watch(*checker, 20s, apart);
  REQUIRE(complaint);
  CHECK(complaint->at == 9100ms);

  checker = make_one_side_checker(bounds());
  CHECK_FALSE(watch(*checker, 20s, [&](auto& seen, base::Duration at) {
    apart(seen, at);
    if (at > 8s) seen.nameservers[2].state = State::kPaused;
  }));
  // Over a third they are one side.
  checker = make_one_side_checker(bounds());
  CHECK_FALSE(watch(*checker, 20s, [&](auto& seen, base::Duration at) {
    if (at >= 5s) cut(seen, 0, 2);
  }));
  // Or when they have hardly met.
  checker = make_one_side_checker(bounds());
  CHECK_FALSE(watch(*checker, 20s, [&](auto& seen, base::Duration at) {
    apart(seen, at);
    if (at < 4s) seen.nameservers[2].state = State::kStarting;
  }));
  // One that came up alone has never met the others.
  checker = make_one_side_checker(bounds());
  CHECK_FALSE(watch(*checker, 20s, [&](auto& seen, base::Duration at) {
    apart(seen, at);
    if (at > 6s) seen.nameservers[2].life = 2;
  }));
  CHECK_FALSE(promises_one_side(partition::Mode::kIgnore));
  CHECK_FALSE(promises_one_side(partition::Mode::kAutoheal));
  CHECK(make_checkers(partition::Mode::kIgnore, bounds()).size() + 1 ==
        make_checkers(partition::Mode::kKeepOldest, bounds()).size());
}

TEST_CASE("a nameserver that the dead keep from serving") {
  const auto joins = [](Observation& seen, base::Duration at) {
    if (at < 5s) return;
    seen.nameservers[0].running = false;
    seen.nameservers[2].life = 2;
    seen.nameservers[2].state = State::kStarting;
  };
  auto checker = make_join_checker(bounds(), partition::Mode::kKeepMajority);
  const auto complaint = watch(*checker, 30s, joins);
  REQUIRE(complaint);
  CHECK(complaint->at == 15200ms);
  CHECK(complaint->text.find("ns-2 has reached everybody") !=
        std::string::npos);

  checker = make_join_checker(bounds(), partition::Mode::kKeepMajority);
  CHECK_FALSE(watch(*checker, 30s, [&](auto& seen, base::Duration at) {
    joins(seen, at);
    if (at > 14s) seen.nameservers[2].state = State::kServing;
  }));
  // Not everybody alive is reached.
  checker = make_join_checker(bounds(), partition::Mode::kKeepMajority);
  CHECK_FALSE(watch(*checker, 30s, [&](auto& seen, base::Duration at) {
    joins(seen, at);
    cut(seen, 1, 2);
  }));
  // Being paused is no join where the mode pauses.
  for (const auto mode :
       {partition::Mode::kPauseMinority, partition::Mode::kKeepMajority}) {
    checker = make_join_checker(bounds(), mode);
    const auto paused = watch(*checker, 30s, [&](auto& seen, auto at) {
      joins(seen, at);
      if (at >= 5s) seen.nameservers[2].state = State::kPaused;
    });
    CHECK(paused.has_value() == (mode == partition::Mode::kKeepMajority));
  }
  // Nobody serves: the mode may want it so.
  checker = make_join_checker(bounds(), partition::Mode::kKeepMajority);
  CHECK_FALSE(watch(*checker, 30s, [&](auto& seen, base::Duration at) {
    joins(seen, at);
    if (at > 5s) seen.nameservers[1].state = State::kPaused;
  }));
}

}  // namespace
}  // namespace waypost::sim
