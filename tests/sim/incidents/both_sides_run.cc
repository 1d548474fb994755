// A partition that leaves both sides running, and a machine that was suspended.

#include <set>

#include "tests/sim/cluster/sim_lease.h"
#include "tests/sim/incidents/incidents.h"
#include "tests/sim/incidents/scene.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using partition::Mode;
using Names = std::vector<std::string>;

Deployment::Options two_sites(std::uint64_t seed, Mode mode) {
  Deployment::Options options;
  options.seed = seed;
  options.nameservers = 3;
  options.brokers = 3;
  options.clients = 2;
  options.client_start = 0;
  options.peers = true;
  options.adjust = [mode](SimNameserver& nameserver) {
    nameserver.settings.cluster.partition_handling =
        static_cast<std::size_t>(mode);
  };
  return options;
}

// Site A: ns-0, broker-0, both clients. Site B: the rest.
const Names kSiteA = {"ns-0", "broker-0", "broker-3", "app-0", "app-1"};
const Names kSiteB = {"ns-1", "ns-2", "broker-1", "broker-2"};

void evolve_apart(Scene& scene) {
  scene.say("on side A a broker comes, on side B one goes");
  scene.system.agents[3]->start();
  scene.system.agents[1]->stop(agent::Leave::kUnregister);
  scene.run_to(5min);
  scene.say("what the sides have become");
  const Names a = scene.ns(0).brokers_of(Deployment::kTopic);
  const Names b = scene.ns(1).brokers_of(Deployment::kTopic);
  const auto text = [](const Names& names) {
    std::string joined;
    for (const auto& name : names) joined += " " + name;
    return joined;
  };
  scene.say("ns-0 routes to" + text(a) + "; ns-1 and ns-2 to" + text(b));
  scene.promise(a == Names{"broker-0", "broker-3"} && b == Names{"broker-2"},
                "each side routes to the brokers that it hears, and to no "
                "other");
}

void tell_the_story(Story& story, Mode mode) {
  const bool heals = mode == Mode::kAutoheal;
  Scene scene(story, two_sites(story.seed(), mode));
  scene.add_agent("broker-3", "10.0.1.4", "broker-3");
  story.promise(
      [&] {
        auto late = std::move(scene.system.agents.back());
        scene.system.agents.pop_back();
        const bool settled = scene.system.settle();
        scene.system.agents.push_back(std::move(late));
        return settled;
      }(),
      "everything starts");
  scene.run(10s);
  scene.begin();
  scene.say(
      "the link between the sites is cut: ns-0, broker-0 and the clients "
      "on side A, ns-1, ns-2, broker-1 and broker-2 on side B");
  scene.cut(kSiteA, kSiteB);
  scene.run_to(20s);
  scene.promise(scene.all_serve(), "both sides go on serving");
  evolve_apart(scene);
  if (!heals) {
    scene.waypostctl({"cluster", "show"}, {0}, false);
  }
  scene.run_to(10min);
  scene.say("the link is mended");
  scene.system.world.heal_all();
  const Names all = {"broker-0", "broker-2", "broker-3"};
  const base::Duration whole = scene.until(60s, [&] {
    return scene.all_serve() && scene.system.all_nameservers_have(all);
  });
  scene.promise(whole <= 30s,
                "within 30 s all three hold the same: the broker that came is "
                "everywhere, the one that went is nowhere");
  scene.run(30s);
  const std::string records =
      scene.waypostctl({"cluster", "partitions"}, {0, 1, 2}, true);
  bool recorded = true;
  bool acted = true;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto list = scene.ns(i).keeper().partitions().partitions;
    recorded &= !list.empty() && list.back().kind == "partition" &&
                list.back().until.has_value();
    if (i == 0) acted = !list.empty() && !list.back().actions.empty();
  }
  scene.promise(recorded, "every nameserver has recorded the partition");
  if (heals) {
    scene.promise(acted, "and what was done about it");
  } else {
    scene.waypostctl({"cluster", "clear-partitions"}, {0, 1, 2}, true);
    scene.promise(scene.ns(0).keeper().partitions().partitions.empty(),
                  "an operator has cleared the records");
  }
  bool never_empty = true;
  for (const auto& client : scene.system.clients) {
    for (const auto& route : client->history()) never_empty &= !route.empty();
  }
  scene.promise(never_empty, "no client was without a route at any time");
  story.add(heals ? "autoheal" : "transcript",
            scene.transcript({"cannot reach nameserver",
                              "switched from=", "connected to a nameserver",
                              "lost nameserver", "no answer from nameserver"}));
}

// --- What each mode does with a cut ---

struct Played {
  std::set<std::size_t> serving;  // at its end
  base::Duration settled{0};      // when that was so
  base::Duration whole{0};        // after it
};

Played play_cut(Story& story, Mode mode, std::size_t size,
                const std::vector<std::size_t>& side) {
  std::unique_ptr<SimLease> lease;
  std::vector<SimNameserver*> wanting;
  Deployment::Options options = two_sites(story.seed(), mode);
  options.nameservers = size;
  options.clients = 1;
  options.adjust = [&](SimNameserver& nameserver) {
    auto& cluster = nameserver.settings.cluster;
    cluster.partition_handling = static_cast<std::size_t>(mode);
    cluster.pause_nodes = "ns-0";
    cluster.pause_recover = "ignore";
    cluster.quorum_size = static_cast<std::int64_t>(size / 2 + 1);
    if (mode == Mode::kLeaseMajority) {
      cluster.lease_implementation = "file";
      cluster.lease_file = "simulated";
      wanting.push_back(&nameserver);
    }
  };
  Scene scene(story, options);
  lease = std::make_unique<SimLease>(scene.system.world,
                                     [](SimNode&) { return true; });
  for (SimNameserver* each : wanting) each->lease = lease->handle(each->node());
  scene.settle();
  scene.cut_off(side);
  Played played;
  const auto look = [&] {
    std::set<std::size_t> now;
    for (std::size_t i = 0; i < size; ++i) {
      if (scene.serves(i)) now.insert(i);
    }
    return now;
  };
  played.serving = look();
  while (scene.elapsed() < 2min) {
    scene.run(100ms);
    const auto now = look();
    if (now != played.serving) played.settled = scene.elapsed();
    played.serving = now;
  }
  scene.system.world.heal_all();
  // What heals afterwards may close a port once more.
  const base::Duration healed = scene.elapsed();
  while (scene.elapsed() < healed + 90s) {
    scene.run(100ms);
    if (!scene.all_serve() ||
        !scene.system.all_nameservers_have(scene.system.full_route())) {
      played.whole = scene.elapsed() - healed;
    }
  }
  return played;
}

std::string names(const std::set<std::size_t>& serving, std::size_t size) {
  if (serving.size() == size) return "all";
  if (serving.empty()) return "nobody";
  std::string text;
  for (const std::size_t i : serving) {
    text += (text.empty() ? "ns-" : ", ns-") + std::to_string(i);
  }
  return text;
}

void compare_modes(Story& story) {
  using Set = std::set<std::size_t>;
  struct Row {
    Mode mode;
    Set of_three;  // cut into ns-0 and the others
    Set of_four;   // into ns-0, ns-1 and ns-2, ns-3
  };
  const Set all3 = {0, 1, 2};
  const Set all4 = {0, 1, 2, 3};
  const std::vector<Row> rows = {
      {Mode::kIgnore, all3, all4},
      {Mode::kAutoheal, all3, all4},
      {Mode::kPauseMinority, {1, 2}, {}},
      {Mode::kPauseIfAllDown, {0}, {0, 1}},
      {Mode::kStaticQuorum, {1, 2}, {}},
      {Mode::kKeepMajority, {1, 2}, {0, 1}},
      {Mode::kKeepOldest, {1, 2}, {}},  // the oldest may be any: see below
      {Mode::kDownAll, {1, 2}, {}},
      {Mode::kLeaseMajority, {1, 2}, {}},  // either side
  };
  std::vector<std::vector<std::string>> table = {
      {"mode", "ns-0 | ns-1 ns-2: serves", "after", "whole again",
       "ns-0 ns-1 | ns-2 ns-3: serves", "after", "whole again"}};
  for (const Row& row : rows) {
    std::vector<std::string> line = {std::string(mode_name(row.mode))};
    for (const std::size_t size : {3U, 4U}) {
      const Played played =
          play_cut(story, row.mode, size,
                   size == 3 ? std::vector<std::size_t>{0}
                             : std::vector<std::size_t>{0, 1});
      const Set& expected = size == 3 ? row.of_three : row.of_four;
      const bool either = row.mode == Mode::kKeepOldest ||
                          (row.mode == Mode::kLeaseMajority && size == 4);
      const bool one_side =
          size == 3
              ? played.serving == Set{1, 2} || played.serving == Set{0}
              : played.serving == Set{0, 1} || played.serving == Set{2, 3};
      const std::string what = line[0] + ", " + std::to_string(size);
      story.promise(either ? one_side : played.serving == expected,
                    what + ": serves as the mode says, not " +
                        names(played.serving, size));
      story.promise(played.whole <= 60s, what + ": whole again within 60 s");
      line.push_back(names(played.serving, size));
      line.push_back(played.settled == 0s ? "at once"
                                          : story_span(played.settled));
      line.push_back(played.whole == 0s ? "at once" : story_span(played.whole));
    }
    table.push_back(std::move(line));
  }
  story.add("modes", text_table(table));
}

// --- A suspended machine ---

void suspend_one(Story& story) {
  Scene scene(story, two_sites(story.seed(), Mode::kPauseMinority));
  scene.settle();
  scene.say("the machine of ns-1 is suspended");
  scene.ns(1).node().suspend();
  scene.run_to(2min);
  scene.system.agents[2]->stop(agent::Leave::kUnregister);
  scene.run_to(10min);
  scene.say("it is resumed; broker-2 has unregistered meanwhile");
  scene.ns(1).node().resume();
  scene.run(1100ms);
  scene.promise(!scene.serves(1), "it does not go on as if nothing had been");
  const Names living = {"broker-0", "broker-1"};
  bool never_back = true;
  base::Duration whole{0};
  const base::Duration resumed = 10min;
  while (scene.elapsed() < resumed + 60s) {
    scene.run(100ms);
    for (const std::size_t i : {0U, 2U}) {
      never_back &= scene.ns(i).brokers_of(Deployment::kTopic) == living;
    }
    if (!scene.serves(1) ||
        scene.ns(1).brokers_of(Deployment::kTopic) != living) {
      whole = scene.elapsed() - resumed;
    }
  }
  scene.promise(never_back,
                "the others never take back a broker on the word "
                "of one that slept");
  scene.promise(
      whole <= 20s,
      "it serves, and knows what the others do, after " + story_span(whole));
  scene.waypostctl({"cluster", "partitions"}, {0, 1}, true);
  const auto records = scene.ns(1).keeper().partitions().partitions;
  scene.promise(!records.empty() && records.front().kind == "own-gap",
                "it has recorded that it was itself that was away");
  story.add("suspended",
            scene.transcript({"cannot reach nameserver", "switched from=",
                              "connected to a nameserver", "lost nameserver"}));
}

}  // namespace

void play_both_sides_run(Story& story) {
  tell_the_story(story, Mode::kIgnore);
  tell_the_story(story, Mode::kAutoheal);
  compare_modes(story);
  suspend_one(story);
}

}  // namespace waypost::sim
