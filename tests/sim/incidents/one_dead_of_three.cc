// One node of three dies and the other two refuse everybody. Here they go on;
// and where an operator wants them to refuse, they say whom they miss.

#include <algorithm>
#include <array>
#include <map>

#include "tests/sim/incidents/asker.h"
#include "tests/sim/incidents/incidents.h"
#include "tests/sim/incidents/scene.h"
#include "wire/codec/native.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using partition::Operation;

// Of the two days; nothing happens in the rest of them.
constexpr base::Duration kDeadFor = 2h;
// Between regions.
constexpr Delay kFar{15ms, 25ms};

Deployment::Options three_regions(std::uint64_t seed) {
  Deployment::Options options;
  options.seed = seed;
  options.nameservers = 3;
  options.brokers = 3;
  options.clients = 3;
  options.delay = kFar;
  options.client_start = 2;  // that dies
  options.peers = true;
  return options;
}

void restart_healthy_ones(Scene& scene) {
  scene.say(
      "monitoring restarts the healthy ones, one after the other, thrice");
  base::Duration longest{0};
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t i : {0U, 1U}) {
      scene.ns(i).kill();
      scene.run(2s);
      scene.ns(i).start();
      longest =
          std::max(longest, scene.until(60s, [&] { return scene.serves(i); }));
      scene.run(10s);
      if (round == 0 && i == 0) scene.hide();
    }
  }
  scene.show();
  scene.say("(the five other restarts went the same way)");
  scene.promise(longest <= 1s,
                "each of the six serves again within a second of its start, "
                "with all that its peer knows");
}

void tell_the_story(Story& story) {
  Scene scene(story, three_regions(story.seed()));
  scene.settle();
  auto& clients = scene.system.clients;
  const auto all_have = [&](const std::vector<std::string>& brokers) {
    return scene.system.all_clients_have(brokers);
  };

  scene.say("ns-2 dies; its supervisor has given up restarting it");
  scene.ns(2).kill();
  const base::Duration noticed = scene.until(30s, [&] {
    return scene.ns(0).keeper().readiness().missing().size() == 1 &&
           scene.ns(1).keeper().readiness().missing().size() == 1;
  });
  scene.promise(noticed < 1s, "both others know within a second");
  scene.run_to(45s);
  bool moved = true;
  for (const auto& client : clients) {
    moved &= client->nameserver() != scene.ns(2).endpoint().to_string();
  }
  scene.promise(moved && scene.serves(0) && scene.serves(1),
                "the others serve, and every client asks one of them");

  scene.say(
      "meanwhile life goes on: a broker comes, one goes, an operator "
      "writes configuration");
  scene.add_agent("broker-3", "10.0.1.4", "broker-3").start();
  scene.system.agents[1]->stop(agent::Leave::kUnregister);
  const std::vector<std::string> now = {"broker-0", "broker-2", "broker-3"};
  const base::Duration followed =
      scene.until(60s, [&] { return all_have(now); });
  scene.promise(followed <= 34s,
                "all three clients have the new route by their next poll");
  const std::string written = scene.waypostctl(
      {"kv", "put", "regions", "east", "closed"}, {0, 1}, false);
  scene.promise(written.find("error") == std::string::npos,
                "configuration is written at both");

  scene.run_to(10min);
  scene.say("what an operator sees");
  const std::string shown = scene.waypostctl({"cluster", "show"}, {0}, false);
  scene.promise(
      shown.find("missing ns-2") != std::string::npos &&
          shown.find("ns-1    reachable    serving") != std::string::npos,
      "one command shows the state node by node");

  restart_healthy_ones(scene);
  scene.run_to(kDeadFor);
  scene.promise(scene.serves(0) && scene.serves(1) && all_have(now),
                "they have served all the time");

  scene.say("somebody starts ns-2 again");
  scene.ns(2).start();
  const base::Duration back = scene.until(60s, [&] { return scene.serves(2); });
  scene.promise(back <= 1s, "it serves within a second");
  scene.promise(scene.ns(2).brokers_of(Deployment::kTopic) == now,
                "and knows the broker that came and the one that went");
  scene.run(5s);
  scene.waypostctl({"cluster", "partitions"}, {0}, false);
  const auto last = scene.ns(0).keeper().partitions().partitions.back();
  scene.promise(last.kind == "outage" && last.until.has_value() &&
                    std::count(last.peers.begin(), last.peers.end(),
                               model::PeerName("ns-2")) == 1,
                "the record says that it was an outage, not a partition");
  bool never_empty = true;
  for (const auto& client : clients) {
    for (const auto& route : client->history()) never_empty &= !route.empty();
  }
  scene.promise(never_empty, "no client was without a route at any time");
  story.add("transcript",
            scene.transcript({"cannot reach nameserver",
                              "switched from=", "connected to a nameserver",
                              "nameserver was restarted"}));
}

// When nobody is left who knows what ns-2 knew, not even its name.
void restart_both(Story& story) {
  Deployment::Options options = three_regions(story.seed());
  options.clients = 0;
  Scene scene(story, options);
  scene.settle();
  scene.ns(2).kill();
  scene.run(1min);
  for (const std::size_t i : {0U, 1U}) scene.ns(i).kill();
  scene.run(2s);
  for (const std::size_t i : {0U, 1U}) scene.ns(i).start();
  scene.begin();
  const base::Duration both =
      scene.until(60s, [&] { return scene.serves(0) && scene.serves(1); });
  scene.promise(both <= 5s, "both serve within five seconds, ns-2 or not");
  scene.run(10s);
  story.add("both-restarted",
            scene.transcript({"agent-", "registered broker", "connected"}));
}

// --- The gates ---

constexpr std::array kOperations = {Operation::kRegister,
                                    Operation::kUnregister, Operation::kQuery,
                                    Operation::kConfigWrite};

// What one surviving nameserver says, natively and to RocketMQ's clients.
struct Answers {
  std::array<std::string, partition::kOperations> native;
  std::array<std::string, partition::kOperations> remoting;
};

bool refused(const std::string& answer) {
  return answer.find("not ready: netsplit, missing peers ns-2") !=
             std::string::npos ||
         answer.find("not-ready: netsplit, missing peers ns-2") !=
             std::string::npos;
}

Answers ask_all(Asker& asker) {
  const auto at = [](auto& list, Operation operation) -> std::string& {
    return list[static_cast<std::size_t>(operation)];
  };
  Answers answers;
  model::RegisterRequest registration;
  registration.cluster = model::ClusterName("c1");
  registration.broker = {model::BrokerName("broker-9"), model::kMasterId};
  registration.address = {"10.0.1.9", 10911};
  registration.epoch = model::Epoch(1);
  registration.topics = {{model::TopicName(Deployment::kTopic), {4, 4, {}, 0}}};
  model::RouteQueryRequest query;
  query.topics.push_back({model::TopicName(Deployment::kTopic), {}});
  using Kind = codec::FrameKind;
  at(answers.native, Operation::kRegister) =
      asker.native(Kind::kRegister, codec::encode(registration));
  at(answers.native, Operation::kQuery) =
      asker.native(Kind::kQueryRoutes, codec::encode(query));
  at(answers.native, Operation::kConfigWrite) = asker.native(
      Kind::kKvPut, codec::encode(model::KvPutRequest{{"space", "key", "1"}}));
  at(answers.native, Operation::kUnregister) = asker.native(
      Kind::kUnregister, codec::encode(model::UnregisterRequest{
                             registration.broker, registration.epoch, ""}));

  support::RemotingBroker stock;
  stock.name = "broker-8";
  stock.address = "10.0.1.8:10911";
  at(answers.remoting, Operation::kRegister) =
      asker.remoting(support::register_request(stock, asker.next_opaque()));
  at(answers.remoting, Operation::kQuery) = asker.remoting(
      support::route_request(Deployment::kTopic, asker.next_opaque()));
  at(answers.remoting, Operation::kConfigWrite) =
      asker.remoting(support::remoting_request(
          remoting::request_code::kPutKvConfig, asker.next_opaque(),
          {{"namespace", "space"}, {"key", "key"}, {"value", "1"}}));
  at(answers.remoting, Operation::kUnregister) =
      asker.remoting(support::unregister_request(stock, asker.next_opaque()));
  return answers;
}

// The switches that are on; none: no gate at all.
struct Setting {
  std::string name;
  bool gate = true;
  std::vector<Operation> allowed;
};

Answers answers_with(Story& story, const Setting& setting) {
  Deployment::Options options = three_regions(story.seed());
  options.clients = 0;
  options.adjust = [&](SimNameserver& nameserver) {
    nameserver.settings.cluster.netsplit_gate = setting.gate ? 1 : 0;
    auto& gate = nameserver.settings.cluster.keeper.partition.gate;
    for (const Operation operation : setting.allowed) {
      gate.allow[static_cast<std::size_t>(operation)] = true;
    }
  };
  Scene scene(story, options);
  scene.settle();
  scene.ns(2).kill();
  scene.run(10s);
  SimNode& node = scene.system.world.add_node("stranger", "10.0.9.1");
  Asker asker(scene.system.world, node, scene.ns(0).endpoint());
  return ask_all(asker);
}

void show_the_gates(Story& story) {
  std::vector<Setting> settings = {{"netsplit-gate = off (default)", false, {}},
                                   {"netsplit-gate = all-members", true, {}}};
  for (const Operation operation : kOperations) {
    settings.push_back({"  and allow-" +
                            std::string(partition::operation_name(operation)) +
                            "-during-netsplit",
                        true,
                        {operation}});
  }
  settings.push_back(
      {"  and all four", true, {kOperations.begin(), kOperations.end()}});
  std::vector<std::vector<std::string>> rows = {
      {"cluster.", "register", "unregister", "query", "config"}};
  std::string told;
  for (const Setting& setting : settings) {
    const Answers answers = answers_with(story, setting);
    std::vector<std::string> row = {setting.name};
    for (const Operation operation : kOperations) {
      const auto i = static_cast<std::size_t>(operation);
      const bool open =
          !setting.gate ||
          std::find(setting.allowed.begin(), setting.allowed.end(),
                    operation) != setting.allowed.end();
      const bool kept =
          open ? answers.native[i] == "ok" && answers.remoting[i] == "ok"
               : refused(answers.native[i]) && refused(answers.remoting[i]);
      story.promise(kept, setting.name + ": " + row[0] + " " +
                              std::string(operation_name(operation)) + ": " +
                              answers.native[i] + " / " + answers.remoting[i]);
      row.emplace_back(refused(answers.native[i]) ? "refused" : "done");
      if (refused(answers.native[i]) && told.empty()) {
        told = "natively:      " + answers.native[i] +
               "\nto RocketMQ's: " + answers.remoting[i] + "\n";
      }
    }
    rows.push_back(std::move(row));
  }
  story.add("gates", text_table(rows));
  story.add("refusal", told);
}

// --- The window of uncertainty ---

void measure_the_window(Story& story) {
  std::vector<std::vector<std::string>> rows = {
      {"what happens to ns-2", "ns-0 knows after", "ns-1 knows after"}};
  const auto measure = [&](const std::string& what, auto fault) {
    Deployment::Options options = three_regions(story.seed());
    options.clients = 0;
    Scene scene(story, options);
    scene.settle();
    fault(scene);
    std::array<base::Duration, 2> after{-1s, -1s};
    scene.until(60s, [&] {
      for (std::size_t i = 0; i < 2; ++i) {
        const bool knows = !scene.ns(i).keeper().readiness().ready();
        if (knows && after[i] < 0s) after[i] = scene.elapsed();
      }
      return after[0] >= 0s && after[1] >= 0s;
    });
    for (const auto each : after) {
      story.promise(each >= 0s && each <= 7s,
                    "noticed within unreachable-after and a heartbeat or two");
    }
    rows.push_back({what, story_span(after[0]), story_span(after[1])});
  };
  measure("its process dies", [](Scene& scene) { scene.ns(2).kill(); });
  measure("its region is cut off",
          [](Scene& scene) { scene.system.world.isolate("ns-2"); });
  measure("it hangs with its connections open",
          [](Scene& scene) { scene.ns(2).node().freeze(); });
  story.add("window", text_table(rows));
}

}  // namespace

void play_one_dead_of_three(Story& story) {
  tell_the_story(story);
  restart_both(story);
  show_the_gates(story);
  measure_the_window(story);
}

}  // namespace waypost::sim
