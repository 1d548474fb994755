#include "tests/sim/cluster/cluster_world.h"

#include <algorithm>
#include <cstdio>

#include "base/assert.h"
#include "base/units.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kLook = 200ms;
// How long it is watched after all was whole again: that it stays so.
constexpr base::Duration kStaysWhole = 4s;

Deployment::Options options_of(const ClusterSetup& setup) {
  Deployment::Options options;
  options.seed = setup.seed;
  options.nameservers = setup.nameservers;
  options.brokers = setup.brokers;
  options.clients = setup.clients;
  options.profile = "fast";
  options.delay.max = setup.delay_max;
  options.loss = setup.loss;
  options.duplication = setup.duplication;
  options.reordering = setup.reordering;
  options.client_start = std::nullopt;
  options.peers = true;
  options.watch = setup.watch;
  return options;
}

void configure(const ClusterSetup& setup, SimNameserver& nameserver) {
  auto& cluster = nameserver.settings.cluster;
  auto& keeper = cluster.keeper;
  cluster.partition_handling = static_cast<std::size_t>(setup.mode);
  if (setup.mode == partition::Mode::kPauseIfAllDown) {
    cluster.pause_nodes = "ns-0";
    cluster.pause_recover = "autoheal";
  }
  cluster.quorum_size = static_cast<std::int64_t>(setup.nameservers / 2 + 1);
  keeper.membership.detector.heartbeat_interval = setup.peer_heartbeat;
  keeper.membership.detector.timeout = setup.peer_timeout;
  keeper.partition.stable_after = setup.stable_after;
  if (setup.mode == partition::Mode::kLeaseMajority) {
    cluster.lease_implementation = "file";
    cluster.lease_file = "simulated";
  }
  if (setup.gate_allows) {
    cluster.netsplit_gate = 1;
    keeper.partition.gate.allow = *setup.gate_allows;
  }
}

Names without_marks(const std::vector<std::string>& brokers) {
  static constexpr std::string_view kMark = " (suspect)";
  Names names;
  for (const std::string& broker : brokers) {
    names.insert(broker.ends_with(kMark)
                     ? broker.substr(0, broker.size() - kMark.size())
                     : broker);
  }
  return names;
}

}  // namespace

ClusterWorld::ClusterWorld(const ClusterSetup& setup)
    : setup_(setup),
      cast_(cast_of(setup)),
      system_(options_of(setup)),
      checkers_(make_checkers(setup.mode, bounds_of(setup))) {
  for (const auto& some :
       {cast_.nameservers, cast_.brokers, cast_.clients, cast_.stores}) {
    names_.insert(names_.end(), some.begin(), some.end());
  }
  for (const std::string& store : cast_.stores) {
    system_.world.add_node(store, "10.0.4.1");
    lease_ =
        std::make_unique<SimLease>(system_.world, [this, store](SimNode& node) {
          const std::size_t a = number_of(node.name());
          const std::size_t b = number_of(store);
          return ((passes_[a] >> b) & (passes_[b] >> a) & 1U) != 0;
        });
  }
  for (auto& nameserver : system_.nameservers) {
    configure(setup, *nameserver);
    if (!lease_) continue;
    nameserver->lease =
        lease_->handle(nameserver->node(), [&settings = nameserver->settings] {
          return cluster::lease_owner(settings.name,
                                      settings.service.incarnation);
        });
  }
  change_links();
}

ClusterWorld::~ClusterWorld() = default;

std::size_t ClusterWorld::number_of(const std::string& name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  WAYPOST_ASSERT(found != names_.end());
  return static_cast<std::size_t>(found - names_.begin());
}

bool ClusterWorld::settle() {
  if (system_.settle()) return run(4 * setup_.peer_heartbeat);
  violations_.push_back({"settles", "not everybody knows everybody at start"});
  return false;
}

bool ClusterWorld::play(const Schedule& schedule, base::Duration length) {
  struct Point {
    base::Duration at;
    bool begins;
    const Fault* fault;
  };
  std::vector<Point> points;
  for (const Fault& fault : schedule) {
    points.push_back({fault.at, true, &fault});
    points.push_back({std::min(fault.until(), length), false, &fault});
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.at < b.at; });
  const base::Duration start = system_.world.elapsed();
  for (const Point& point : points) {
    if (!run(start + point.at - system_.world.elapsed())) return false;
    if (point.begins) {
      begin(*point.fault);
    } else {
      end(*point.fault);
    }
    if (!look()) return false;
  }
  return run(start + length - system_.world.elapsed());
}

bool ClusterWorld::heal() {
  healed_at_ = system_.world.elapsed();
  system_.transcript.note("no more faults");
  // The checker of convergence ends this when it takes too long.
  while (!whole()) {
    if (!run(kLook)) return false;
  }
  system_.transcript.note("everything is whole");
  return run(kStaysWhole);
}

// --- Faults ---

void ClusterWorld::begin(const Fault& fault) {
  system_.transcript.note(to_string(fault));
  if (fault.kind == FaultKind::kWallJump) {
    system_.world.node(fault.who).jump_wall_clock(fault.amount);
    return;
  }
  count(fault, 1);
  if (fault.kind != FaultKind::kWipe) return;
  for (auto& nameserver : system_.nameservers) {
    if (nameserver->node().name() == fault.who) nameserver->wipe_disk();
  }
}

void ClusterWorld::end(const Fault& fault) {
  if (fault.kind == FaultKind::kWallJump) return;
  system_.transcript.note("over: " + to_string(fault));
  count(fault, -1);
}

void ClusterWorld::count(const Fault& fault, int by) {
  Ills& ills = ills_[fault.who];
  switch (fault.kind) {
    case FaultKind::kStop:
      ills.stopped += by;
      break;
    case FaultKind::kSleep:
      ills.asleep += by;
      break;
    case FaultKind::kPowerOff:
      ills.dark += by;
      ills.dead += by;
      break;
    case FaultKind::kKill:
    case FaultKind::kWipe:
      ills.dead += by;
      break;
    case FaultKind::kTerminate:
      ills.leaving += by;
      break;
    case FaultKind::kSplit:
    case FaultKind::kCut:
    case FaultKind::kOneWay:
    case FaultKind::kSlow:
      if (by > 0) {
        link_faults_.push_back(&fault);
      } else {
        std::erase(link_faults_, &fault);
      }
      break;
    case FaultKind::kWallJump:
      return;
  }
  // Links first: a machine without power says nothing when it dies.
  change_links();
  if (!fault.who.empty()) treat(fault.who);
}

void ClusterWorld::change_links() {
  const std::size_t count = names_.size();
  passes_.assign(count, (std::uint64_t{1} << count) - 1);
  std::map<std::pair<std::size_t, std::size_t>, base::Duration> slow;
  const auto each_pair = [&](const Fault& fault, const auto& act) {
    for (std::size_t i = 0; i < fault.sides.size(); ++i) {
      for (std::size_t j = i + 1; j < fault.sides.size(); ++j) {
        for (const std::string& from : fault.sides[i]) {
          for (const std::string& to : fault.sides[j]) {
            act(number_of(from), number_of(to));
          }
        }
      }
    }
  };
  const auto cut = [this](std::size_t from, std::size_t to) {
    passes_[from] &= ~(std::uint64_t{1} << to);
  };
  for (const Fault* fault : link_faults_) {
    each_pair(*fault, [&](std::size_t from, std::size_t to) {
      if (fault->kind == FaultKind::kSlow) {
        auto& most = slow[{from, to}];
        most = std::max(most, fault->amount);
        return;
      }
      cut(from, to);
      if (fault->kind != FaultKind::kOneWay) cut(to, from);
    });
  }
  for (const auto& [name, ills] : ills_) {
    if (ills.dark == 0) continue;
    const std::size_t dark = number_of(name);
    for (std::size_t other = 0; other < count; ++other) {
      if (other == dark) continue;
      cut(dark, other);
      cut(other, dark);
    }
  }
  SimWorld& world = system_.world;
  world.heal_all();
  for (std::size_t from = 0; from < count; ++from) {
    for (std::size_t to = 0; to < count; ++to) {
      if (from == to) continue;
      if (((passes_[from] >> to) & 1U) == 0) {
        world.cut_one_way(names_[from], names_[to]);
      }
      if (from < to) {
        Delay delay{Delay{}.min, setup_.delay_max};
        const auto forth = slow.find({from, to});
        const auto back = slow.find({to, from});
        if (forth != slow.end()) delay.max += forth->second;
        if (back != slow.end()) delay.max += back->second;
        world.set_delay(names_[from], names_[to], delay);
      }
    }
  }
}

void ClusterWorld::treat(const std::string& name) {
  const std::size_t number = number_of(name);
  if (number < cast_.nameservers.size()) {
    treat(*system_.nameservers[number]);
  } else if (number < cast_.nameservers.size() + cast_.brokers.size()) {
    treat(*system_.agents[number - cast_.nameservers.size()]);
  } else {
    set_awake(system_.world.node(name), ills_[name]);
  }
}

// A machine does nothing while it sleeps; a process that is stopped as well
// goes on being stopped.
void ClusterWorld::set_awake(SimNode& node, const Ills& ills) {
  if (ills.asleep > 0) {
    if (!node.asleep()) node.suspend();
    return;
  }
  if (node.asleep()) node.resume();
  if (ills.stopped > 0) {
    node.freeze();
  } else {
    node.thaw();
  }
}

void ClusterWorld::treat(SimNameserver& nameserver) {
  Ills& ills = ills_[nameserver.node().name()];
  if (ills.dead > 0) {
    if (nameserver.running()) nameserver.kill();
    return;
  }
  if (ills.leaving > 0) {
    if (nameserver.running() && !ills.terminated) nameserver.terminate();
    ills.terminated = true;
  } else if (ills.terminated) {
    // Who is still waiting for its clients is not waited for.
    if (nameserver.running()) nameserver.kill();
    ills.terminated = false;
  }
  if (!nameserver.running() && ills.leaving == 0) nameserver.start();
  set_awake(nameserver.node(), ills);
}

void ClusterWorld::treat(SimAgent& agent) {
  Ills& ills = ills_[agent.node().name()];
  if (ills.dead > 0) {
    if (agent.running()) agent.kill();
    return;
  }
  if (ills.leaving > 0) {
    if (agent.running() && !ills.terminated) {
      agent.stop(agent::Leave::kUnregister);
    }
    ills.terminated = true;
  } else if (ills.terminated) {
    if (agent.running()) agent.kill();
    ills.terminated = false;
  }
  if (!agent.running() && ills.leaving == 0) agent.start();
  set_awake(agent.node(), ills);
}

// --- Looking ---

Observation ClusterWorld::observe() {
  Observation seen;
  seen.at = system_.world.elapsed();
  seen.healed_at = healed_at_;
  for (auto& each : system_.nameservers) {
    NameserverView view;
    view.name = each->node().name();
    view.running = each->running();
    view.awake = each->node().running();
    view.life = each->node().life();
    view.port_closes = each->port_closes();
    if (view.running) {
      view.state = each->state();
      view.answers_routes = each->answers_routes();
      view.takes_registrations = each->takes_registrations();
      view.restarting = each->restarting();
      const auto& brokers = each->brokers_of(Deployment::kTopic);
      view.brokers = {brokers.begin(), brokers.end()};
      view.service_connections = each->service_connections();
    }
    seen.nameservers.push_back(std::move(view));
  }
  for (auto& agent : system_.agents) {
    seen.brokers.push_back({agent->broker_name(), agent->running(),
                            agent->node().running(),
                            ills_[agent->broker_name()].terminated});
  }
  for (std::size_t i = 0; i < system_.clients.size(); ++i) {
    const SimClient& client = *system_.clients[i];
    ClientView view;
    view.name = cast_.clients[i];
    view.awake = system_.world.node(view.name).running();
    view.brokers = without_marks(client.brokers_of(Deployment::kTopic));
    for (auto& each : system_.nameservers) {
      if (each->endpoint().to_string() == client.nameserver()) {
        view.nameserver = each->node().name();
      }
    }
    if (client.answered_at()) {
      view.answered_at = *client.answered_at() - system_.world.start();
    }
    seen.clients.push_back(std::move(view));
  }
  seen.passes = passes_;
  return seen;
}

bool ClusterWorld::look() {
  if (!violations_.empty()) return false;
  if (lease_) lease_->tick();
  const Observation seen = observe();
  for (const auto& checker : checkers_) {
    const auto wrong = checker->look(seen);
    if (!wrong) continue;
    violations_.push_back({std::string(checker->name()), *wrong});
    system_.transcript.note("VIOLATION " + std::string(checker->name()) + ": " +
                            *wrong);
    return false;
  }
  return true;
}

bool ClusterWorld::run(base::Duration duration) {
  const base::Instant end = system_.world.now() + duration;
  while (system_.world.now() < end) {
    system_.world.run_for(
        std::min<base::Duration>(kLook, end - system_.world.now()));
    if (!look()) return false;
  }
  return true;
}

bool ClusterWorld::whole() {
  const Observation seen = observe();
  const Names all(system_.full_route().begin(), system_.full_route().end());
  return std::all_of(seen.nameservers.begin(), seen.nameservers.end(),
                     [&](const NameserverView& each) {
                       return each.serves() && each.brokers == all;
                     }) &&
         std::all_of(
             seen.clients.begin(), seen.clients.end(),
             [&](const ClientView& each) { return each.brokers == all; });
}

}  // namespace waypost::sim
