#include <cstddef>

#include "tests/scenarios/names.h"
#include "tests/scenarios/pause_world.h"
#include "tests/scenarios/rabbitmq_view.h"

namespace waypost::scenarios {
namespace {

using Links = std::vector<PauseWorld::Link>;

Links links_of(const Json& pairs) {
  Links links;
  for (const Json& pair : pairs) {
    links.emplace_back(name_of(pair.at(0)), name_of(pair.at(1)));
  }
  return links;
}

// "A-B".
PauseWorld::Link link_in(const std::string& text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string::npos) throw Skip("the step's link " + text);
  return {model::PeerName(text.substr(0, dash)),
          model::PeerName(text.substr(dash + 1))};
}

struct Run {
  PauseWorld world;
  Links cut;
  Json during;

  void note_during() {
    if (during.is_object()) return;
    during = {{"paused_during", to_json(world.paused())},
              {"running_during", to_json(world.running())}};
  }

  void step(const std::string& text) {
    static const std::string kCutAndHeal = "cut and heal ";
    static const std::string kSuspend = "suspend monitor of ";
    static const std::string kResume = "resume monitor of ";
    static const std::string kCut = "cut ";
    if (text.starts_with(kCutAndHeal)) {
      const Links one = {link_in(text.substr(kCutAndHeal.size()))};
      world.cut(one);
      note_during();
      world.mend(one);
    } else if (text.starts_with(kSuspend)) {
      world.hold_back(model::PeerName(text.substr(kSuspend.size())));
    } else if (text.starts_with(kResume)) {
      world.let_go();
      note_during();
    } else if (text.starts_with(kCut)) {
      const Links one = {link_in(text.substr(kCut.size()))};
      world.cut(one);
      cut.insert(cut.end(), one.begin(), one.end());
    } else if (text == "heal") {
      note_during();
      world.mend(cut);
    } else {
      throw Skip("the step '" + text + "'");
    }
  }
};

// The files allow several pictures where a race decides; ours is one of them.
Json one_of(const Json& pictures, const Json& ours) {
  Json out = pictures;
  for (const Json& picture : pictures) {
    if (differences(picture, ours, {}).empty()) return out;
  }
  out.clear();
  out.push_back(ours);
  return out;
}

}  // namespace

Json rabbitmq_cluster(const Json& scenario) {
  const Json& input = scenario.at("input");
  for (const auto& [key, value] : input.items()) {
    if (key != "settings" && key != "members" && key != "cut_links" &&
        key != "order" && key != "client_connections") {
      throw Skip("the input " + key);
    }
  }
  const auto members = list_of(input.at("members"));
  require(!members.empty(), "a cluster without members");
  std::map<model::PeerName, std::uint64_t> connections;
  const Json counts = input.value("client_connections", Json::object());
  for (const auto& [name, count] : counts.items()) {
    if (const auto read = count_of(count)) {
      connections[model::PeerName(name)] = *read;
    }
  }
  Run run{PauseWorld(rabbitmq_policy(input.at("settings")), members,
                     std::move(connections)),
          {},
          {}};
  if (input.contains("order")) {
    for (const Json& step : input.at("order")) run.step(step);
  } else {
    const Links links = links_of(input.at("cut_links"));
    run.world.cut(links);
    run.note_during();
    run.world.mend(links);
  }
  Json decided = run.during.is_object() ? run.during : Json::object();
  decided["running_after_heal"] = to_json(run.world.running());
  Json separated = Json::object();
  Json untouched = Json::array();
  for (const auto& name : members) {
    separated[name.value()] = to_json(run.world.separated(name));
    if (!run.world.restarted().contains(name)) {
      untouched.push_back(name.value());
    }
  }
  decided["partitions_after_heal"] = separated;
  decided["restarted_nodes"] = to_json(run.world.restarted());
  decided["not_restarted"] = untouched;
  const Json& expect = scenario.at("expect");
  if (expect.contains("partitions_after_heal_any_of")) {
    decided["partitions_after_heal_any_of"] =
        one_of(expect.at("partitions_after_heal_any_of"), separated);
  }
  return decided;
}

}  // namespace waypost::scenarios
