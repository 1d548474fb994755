// The master of a broker group dies, hangs and comes back. What there is of it
// so far: who is master is what the brokers' own system says; Waypost tells it,
// and keeps a process that was replaced from coming back by itself.

#include "tests/sim/incidents/incidents.h"
#include "tests/sim/incidents/producer.h"
#include "tests/sim/incidents/scene.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;

// broker-0 with a master and two replicas, each on a machine of its own, and an
// application that is told what changes.
struct Group {
  explicit Group(Story& story) : scene(story, options(story.seed())) {
    scene.add_agent("replica-1", "10.0.1.2", "broker-0", 1);
    scene.add_agent("replica-2", "10.0.1.3", "broker-0", 2);
    SimNode& node = scene.system.world.add_node("app", "10.0.2.1");
    ClientOptions made = *ClientOptions::for_profile("rocketmq-4");
    made.random_seed = 1;
    for (auto& each : scene.system.nameservers) {
      made.nameservers.push_back(each->endpoint().to_string());
    }
    app = std::make_unique<Producer>(
        node, std::move(made), Deployment::kTopic, 3,
        [this](const std::string& address) { return acknowledges(address); },
        scene.system.transcript.logger("app"));
    for (auto& each : scene.system.nameservers) each->start();
    for (auto& each : scene.system.agents) each->start();
    scene.run(2s);
    app->start();
    scene.run(10s);
    scene.begin();
  }
  ~Group() { app.reset(); }

  static Deployment::Options options(std::uint64_t seed) {
    Deployment::Options options;
    options.seed = seed;
    options.brokers = 1;
    options.clients = 0;
    return options;
  }
  bool acknowledges(const std::string& address) {
    SimNode* node =
        scene.system.world.find_address(address.substr(0, address.find(':')));
    return node != nullptr && node->running();
  }
  SimAgent& agent(std::size_t i) { return *scene.system.agents[i]; }
  // "10.0.1.2:10911", as all nameservers say; "" when there is none, "?" when
  // they differ.
  std::string master() {
    std::string found;
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string here =
          scene.ns(i).master_address(Deployment::kTopic, "broker-0");
      if (i > 0 && here != found) return "?";
      found = here;
    }
    return found;
  }
  // What the brokers' own system does when it promotes a replica.
  void promote(std::size_t i) {
    agent(i).kill();
    agent(i).settings.registration.identity.broker.broker_id = model::kMasterId;
    agent(i).start();
  }
  void show_route() {
    scene.waypostctl({"topic", "route", "orders"}, {1}, false);
  }

  Scene scene;
  std::unique_ptr<Producer> app;
};

std::string told(const Group& group) {
  return group.scene.transcript({"cannot reach nameserver",
                                 "registered with nameserver",
                                 "lost nameserver"});
}

void master_dies(Story& story) {
  Group group(story);
  Scene& scene = group.scene;
  scene.say("the master of broker-0 dies");
  group.agent(0).kill();
  scene.promise(scene.until(5s, [&] { return group.master().empty(); }) < 1s,
                "both nameservers know at once that the group has no master");
  scene.promise(
      scene.until(5s, [&] { return group.app->masters().empty(); }) < 1s,
      "the application is told at once");
  group.show_route();
  scene.run_to(60s);
  scene.promise(group.master().empty(),
                "nobody is made master by Waypost: the brokers' own system "
                "promotes");
  scene.say("the brokers' own system makes replica-1 the master");
  group.promote(1);
  scene.promise(scene.until(5s,
                            [&] {
                              return group.master() == "10.0.1.2:10911" &&
                                     !group.app->masters().empty();
                            }) < 1s,
                "nameservers and application know the new master at once");
  group.show_route();
  story.add("transcript", told(group));
}

void master_hangs(Story& story) {
  Group group(story);
  Scene& scene = group.scene;
  scene.say("the master hangs with its connections open");
  group.agent(0).node().freeze();
  scene.run_to(20s);
  scene.promise(group.master() == "10.0.1.1:10911",
                "it is still in the routes, suspect since 5 s of silence");
  scene.say("the brokers' own system makes replica-1 the master");
  group.promote(1);
  scene.promise(
      scene.until(5s, [&] { return group.master() == "10.0.1.2:10911"; }) < 1s,
      "the new process takes the master's place at once");
  scene.run_to(60s);
  scene.say("the old master wakes up and goes on as if nothing had been");
  group.agent(0).node().thaw();
  bool stayed = true;
  for (int i = 0; i < 30; ++i) {
    scene.run(1s);
    stayed &= group.master() == "10.0.1.2:10911";
  }
  scene.promise(stayed,
                "it never becomes master again by itself: its epoch is "
                "older");
  scene.run_to(5min);
  scene.promise(group.master() == "10.0.1.2:10911",
                "nor later, however often it tries");
  story.add("hang", told(group));
}

// A limit of what there is: a new process is newer, whoever it is.
void old_master_restarts(Story& story) {
  Group group(story);
  Scene& scene = group.scene;
  scene.hide();
  group.agent(0).kill();
  scene.run(10s);
  group.promote(1);
  scene.run(10s);
  scene.show();
  scene.begin();
  scene.say(
      "replica-1 is master; the old master's machine is repaired, and "
      "its broker is started with its old configuration");
  group.agent(0).start();
  scene.run(90s);
  story.promise(group.master() == "10.0.1.1:10911",
                "the limit that the page tells of is still there");
  scene.say(
      "it is master again, since its process is the newest: nobody has "
      "elected anybody");
  group.show_route();
  story.add("old-master", told(group));
}

}  // namespace

void play_who_becomes_master(Story& story) {
  master_dies(story);
  master_hangs(story);
  old_master_restarts(story);
}

}  // namespace waypost::sim
