// A pod is rescheduled to another address; the old address stays unreachable.
// Nobody is kept out for that, and who returns is who it was.

#include <set>

#include "tests/sim/cluster/sim_lease.h"
#include "tests/sim/incidents/incidents.h"
#include "tests/sim/incidents/scene.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using partition::Mode;

Deployment::Options pods(std::uint64_t seed, std::size_t size, Mode mode) {
  Deployment::Options options;
  options.seed = seed;
  options.nameservers = size;
  options.peers = true;
  options.adjust = [mode](SimNameserver& nameserver) {
    nameserver.settings.cluster.partition_handling =
        static_cast<std::size_t>(mode);
  };
  return options;
}

const model::PeerName kNs2("ns-2");

std::size_t members_named(SimNameserver& at, const model::PeerName& name) {
  std::size_t count = 0;
  for (const auto& member : at.keeper().show().members) {
    count += member.info.name == name ? 1U : 0U;
  }
  return count;
}

bool reaches(SimNameserver& at, const std::string& name) {
  return at.keeper().members().reachable(model::PeerName(name));
}

void tell_the_story(Story& story, Mode mode) {
  const bool downs = mode == Mode::kKeepMajority;
  Scene scene(story, pods(story.seed(), 3, mode));
  scene.settle();
  scene.say("the node of ns-2's pod is gone: packets to it vanish");
  scene.system.world.isolate("ns-2");
  scene.ns(2).kill();
  scene.run_to(10s);
  scene.promise(
      !reaches(scene.ns(0), "ns-2") && scene.serves(0) && scene.serves(1),
      "ns-2 is unreachable, the others serve");
  scene.say("a new nameserver, ns-3, joins while ns-2 is unreachable");
  SimNameserver& added = scene.add_nameserver("ns-3", "10.0.0.4", "ns-3");
  added.start();
  const base::Duration up = scene.until(30s, [&] {
    return scene.serves(3) && reaches(scene.ns(0), "ns-3") &&
           added.keeper().members().self().status == model::PeerStatus::kUp;
  });
  scene.promise(up <= 3s, "it is up and serves within three seconds");
  scene.run_to(60s);
  if (downs) {
    scene.promise(scene.ns(0).keeper().members().table().find(kNs2)->down(),
                  "ns-2 was set to down after the view had been stable for "
                  "20 s");
  }
  scene.waypostctl({"cluster", "show"}, {0}, false);
  scene.say(
      "the pod is rescheduled: ns-2 starts on another node, at another "
      "address");
  SimNameserver& moved = scene.add_nameserver("node-9", "10.0.0.19", "ns-2");
  moved.start();
  const base::Duration back = scene.until(30s, [&] {
    return scene.serves(4) && reaches(scene.ns(0), "ns-2") &&
           reaches(scene.ns(1), "ns-2") && reaches(added, "ns-2");
  });
  scene.promise(back <= 5s, "it is back and serves within five seconds");
  scene.run(30s);
  scene.promise(members_named(scene.ns(0), kNs2) == 1,
                "the others know it as the peer it was, there is one ns-2");
  bool ready = true;
  for (const std::size_t i : {0U, 1U, 3U}) {
    ready &= scene.ns(i).keeper().readiness().ready();
  }
  scene.promise(ready,
                "the others miss nobody: the old address is "
                "waited for no more");
  scene.waypostctl({"cluster", "show"}, {0}, false);
  scene.waypostctl({"cluster", "partitions"}, {0}, false);
  story.add(downs ? "keep-majority" : "transcript",
            scene.transcript({"cannot reach nameserver",
                              "switched from=", "connected to a nameserver",
                              "lost nameserver", "no answer from"}));
}

// --- The strategies ---

struct Strategy {
  std::string name;
  Mode mode;
  // Set before start.
  std::function<void(cluster::ClusterSettings&)> adjust = {};
  bool flaps = false;  // instead of a clean cut: two come and go
};

std::string names(const std::set<std::size_t>& serving) {
  if (serving.size() == 5) return "all";
  if (serving.empty()) return "nobody";
  std::string text;
  for (const std::size_t i : serving) {
    text += (text.empty() ? "ns-" : ", ns-") + std::to_string(i);
  }
  return text;
}

// Five, of which ns-3 and ns-4 are cut off for two minutes; after one of them
// ns-5 joins on the other side.
std::vector<std::string> play_strategy(Story& story, const Strategy& strategy) {
  std::vector<SimNameserver*> wanting;
  Deployment::Options options = pods(story.seed(), 5, strategy.mode);
  options.adjust = [&](SimNameserver& nameserver) {
    auto& cluster = nameserver.settings.cluster;
    cluster.partition_handling = static_cast<std::size_t>(strategy.mode);
    cluster.quorum_size = 3;
    if (strategy.mode == Mode::kLeaseMajority) {
      cluster.lease_implementation = "file";
      cluster.lease_file = "simulated";
      wanting.push_back(&nameserver);
    }
    cluster.down_all_when_unstable =
        strategy.name.find("unstable = off") == std::string::npos ? "on"
                                                                  : "off";
    if (strategy.adjust) strategy.adjust(cluster.keeper);
  };
  Scene scene(story, options);
  SimLease lease(scene.system.world, [](SimNode&) { return true; });
  for (SimNameserver* each : wanting) each->lease = lease.handle(each->node());
  scene.settle();
  const auto look = [&] {
    std::set<std::size_t> now;
    for (std::size_t i = 0; i < 5; ++i) {
      if (scene.serves(i)) now.insert(i);
    }
    return now;
  };
  std::set<std::size_t> serving = look();
  base::Duration first{0};
  std::size_t fewest = serving.size();
  const auto watch_for = [&](base::Duration duration) {
    const base::Duration until = scene.elapsed() + duration;
    while (scene.elapsed() < until) {
      scene.run(100ms);
      const auto now = look();
      if (now != serving && first == 0s) first = scene.elapsed();
      fewest = std::min(fewest, now.size());
      serving = now;
    }
  };
  if (strategy.flaps) {
    // One is always unreachable, and never for as long as stable-after.
    scene.system.world.isolate("ns-3");
    for (int i = 0; i < 6; ++i) {
      const char* const out = i % 2 == 0 ? "ns-3" : "ns-4";
      const char* const next = i % 2 == 0 ? "ns-4" : "ns-3";
      watch_for(7s);
      scene.system.world.isolate(next);
      watch_for(7s);
      scene.system.world.rejoin(out);
    }
  } else {
    scene.cut_off({3, 4});
    for (const std::size_t far : {3U, 4U}) {
      scene.system.world.cut("ns-5", "ns-" + std::to_string(far));
    }
    watch_for(60s);
  }
  std::string joined = "-";
  if (!strategy.flaps) {
    SimNameserver& added = scene.add_nameserver("ns-5", "10.0.0.6", "ns-5");
    if (strategy.mode == Mode::kLeaseMajority) {
      added.lease = lease.handle(added.node());
    }
    added.start();
    const base::Duration up = scene.until(30s, [&] { return scene.serves(5); });
    story.promise(up <= 3s, strategy.name +
                                ": a new one comes up while others "
                                "are unreachable");
    joined = story_span(up);
    watch_for(30s);
  }
  const std::string during = names(serving);
  scene.system.world.heal_all();
  const base::Duration whole = scene.until(2min, [&] {
    return scene.all_serve() &&
           scene.system.all_nameservers_have(scene.system.full_route());
  });
  story.promise(whole <= 60s, strategy.name + ": whole again within 60 s");
  if (!strategy.flaps) {
    const bool expected = strategy.mode == Mode::kIgnore ? during == "all"
                          : strategy.mode == Mode::kKeepOldest
                              ? serving == std::set<std::size_t>{0, 1, 2} ||
                                    serving == std::set<std::size_t>{3, 4}
                              : serving == std::set<std::size_t>{0, 1, 2};
    story.promise(expected, strategy.name + ": one side serves, not " + during);
  } else {
    const bool off = strategy.name.find("off") != std::string::npos;
    story.promise(off ? fewest == 5 : fewest == 0,
                  strategy.name + ": all are set to down, or nobody is");
  }
  return {
      strategy.name,
      strategy.flaps ? (fewest == 0 ? "for a moment nobody" : "all") : during,
      first == 0s ? "-" : story_span(first), joined, story_span(whole)};
}

void compare_strategies(Story& story) {
  const std::vector<Strategy> strategies = {
      {"ignore", Mode::kIgnore},
      {"static-quorum, quorum-size 3", Mode::kStaticQuorum},
      {"keep-majority", Mode::kKeepMajority},
      {"keep-oldest", Mode::kKeepOldest},
      {"down-all", Mode::kDownAll},
      {"lease-majority", Mode::kLeaseMajority},
  };
  std::vector<std::vector<std::string>> rows = {
      {"ns-0 ns-1 ns-2 | ns-3 ns-4", "serves", "first acts", "ns-5 up after",
       "whole after the cut"}};
  for (const Strategy& each : strategies) {
    rows.push_back(play_strategy(story, each));
  }
  story.add("strategies", text_table(rows));

  const std::vector<Strategy> flapping = {
      {"keep-majority, down-all-when-unstable = on",
       Mode::kKeepMajority,
       {},
       true},
      {"keep-majority, down-all-when-unstable = off",
       Mode::kKeepMajority,
       {},
       true},
  };
  rows = {{"ns-3 and ns-4 come and go for 84 s", "serves", "first acts",
           "whole after"}};
  for (const Strategy& each : flapping) {
    auto row = play_strategy(story, each);
    row.erase(row.begin() + 3);
    rows.push_back(std::move(row));
  }
  story.add("unstable", text_table(rows));
}

}  // namespace

void play_unreachable_for_ever(Story& story) {
  tell_the_story(story, Mode::kIgnore);
  tell_the_story(story, Mode::kKeepMajority);
  compare_strategies(story);
}

}  // namespace waypost::sim
