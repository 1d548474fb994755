#include "client_sdk/core/broker_groups.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/endpoint.h"
#include "base/random.h"

namespace waypost::client {
namespace {

// "a/0@h1 a/1@h2? b/0@h3": groups by name, '?' suspect, '!' unhealthy.
Route route(const std::string& topic, const std::string& text) {
  Route made;
  made.topic = topic;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = std::min(text.find(' ', at), text.size());
    std::string word = text.substr(at, end - at);
    at = end + 1;
    RouteReplica replica;
    if (word.back() == '?') replica.health = BrokerHealth::kSuspect;
    if (word.back() == '!') replica.health = BrokerHealth::kUnhealthy;
    if (replica.health != BrokerHealth::kHealthy) word.pop_back();
    const std::size_t slash = word.find('/');
    const std::size_t sign = word.find('@');
    replica.broker.name = word.substr(0, slash);
    replica.broker.id = std::stoi(word.substr(slash + 1, sign - slash - 1));
    replica.broker.address = word.substr(sign + 1);
    if (made.groups.empty() || made.groups.back().name != replica.broker.name) {
      made.groups.push_back({"", replica.broker.name, 4, 4, true, true, {}});
    }
    made.groups.back().replicas.push_back(replica);
  }
  return made;
}

using Why = model::DepartureReason;

// The groups of a client whose routes the test tells.
struct Followed {
  // Empty: asked for, nobody serves it yet.
  void told(const std::string& topic, const std::string& text) {
    auto& mine = routes[topic];
    const auto before = mine;
    mine = route(topic, text);
    groups.update(before ? &*before : nullptr, *mine);
  }
  std::vector<std::string> notices() {
    std::vector<std::string> lines;
    for (const auto& notice : groups.settle(now)) {
      std::visit(
          [&](const auto& each) {
            Event event;
            event.what = each;
            lines.push_back(event.to_string());
          },
          notice);
    }
    return lines;
  }
  // "a/0@h1" left.
  void departed(const std::string& text, Why reason,
                const std::string& detail = "") {
    const Broker broker = route("", text).groups[0].replicas[0].broker;
    groups.note({{model::BrokerName(broker.name), model::BrokerId(broker.id),
                  *base::parse_endpoint(broker.address), reason, detail}},
                now);
  }
  std::map<std::string, std::optional<Route>> routes;
  BrokerGroups groups;
  base::Instant now{};
};
using Lines = std::vector<std::string>;

TEST_CASE("what a topic's first route names is no change") {
  Followed it;
  it.told("orders", "a/0@h1 b/0@h2");
  CHECK(it.notices().empty());
  it.told("bills", "a/0@h1 c/0@h3");
  CHECK(it.notices().empty());
  CHECK(it.notices().empty());
}

TEST_CASE("a broker leaves and joins once, however many topics it serves") {
  Followed it;
  for (const char* topic : {"one", "two", "three"}) {
    it.told(topic, "a/0@h1 b/0@h2?");
  }
  CHECK(it.notices().empty());
  it.told("one", "a/0@h1");
  it.told("two", "a/0@h1");
  CHECK(it.notices().empty());  // it still serves the third
  it.told("three", "a/0@h1");
  CHECK(it.notices() == Lines{"broker b/0@h2 left: not told why, was suspect",
                              "master of b is nobody, was h2: not told why"});
  for (const char* topic : {"one", "two", "three"}) {
    it.told(topic, "a/0@h1 b/0@h2");
  }
  CHECK(it.notices() == Lines{"broker b/0@h2 joined",
                              "master of b is h2, was nobody: not told why"});
}

TEST_CASE("a broker that comes and goes within one answer is no news") {
  Followed it;
  it.told("orders", "a/0@h1");
  CHECK(it.notices().empty());
  it.told("orders", "a/0@h1 b/0@h2");
  it.told("orders", "a/0@h1");
  CHECK(it.notices().empty());
  it.told("orders", "");
  it.told("orders", "a/0@h1");
  CHECK(it.notices().empty());
}

TEST_CASE("doubt about a broker is told, and its end") {
  Followed it;
  it.told("orders", "a/0@h1 b/0@h2");
  CHECK(it.notices().empty());
  it.told("orders", "a/0@h1? b/0@h2");
  CHECK(it.notices() == Lines{"broker a/0@h1 is suspect, was healthy"});
  it.told("orders", "a/0@h1 b/0@h2");
  CHECK(it.notices() == Lines{"broker a/0@h1 is healthy, was suspect"});
}

TEST_CASE("a replica takes over from a master that is gone") {
  Followed it;
  it.told("orders", "a/0@h1 a/1@h2");
  CHECK(it.notices().empty());
  it.told("orders", "a/1@h2");
  CHECK(it.notices() == Lines{"broker a/0@h1 left: not told why",
                              "master of a is nobody, was h1: not told why"});
  it.told("orders", "a/0@h2");
  CHECK(it.notices() == Lines{"broker a/1@h2 left: role changed, now a/0@h2",
                              "broker a/0@h2 joined: role changed",
                              "master of a is h2, was nobody: role changed"});
}

TEST_CASE("a master and a replica swap roles") {
  Followed it;
  it.told("orders", "a/0@h1 a/1@h2");
  CHECK(it.notices().empty());
  it.told("orders", "a/0@h2 a/1@h1");
  const auto lines = it.notices();
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "broker a/0@h1 left: role changed, now a/1@h1");
  CHECK(lines[4] == "master of a is h2, was h1: role changed");
}

TEST_CASE("a broker that came back at another address has been replaced") {
  Followed it;
  it.told("orders", "a/0@h1");
  CHECK(it.notices().empty());
  it.told("orders", "a/0@h9");
  CHECK(it.notices() == Lines{"broker a/0@h1 left: replaced, now a/0@h9",
                              "broker a/0@h9 joined: replaced",
                              "master of a is h9, was h1: replaced"});
}

TEST_CASE("a topic that becomes known by a group known before adds nothing") {
  Followed it;
  it.told("orders", "a/0@h1");
  CHECK(it.notices().empty());
  it.told("bills", "");
  it.told("bills", "a/0@h1 b/0@h2");
  CHECK(it.notices() == Lines{"broker b/0@h2 joined",
                              "master of b is h2, was nobody: not told why"});
}

TEST_CASE("a nameserver's reason is told with the departure it explains") {
  Followed it;
  it.told("orders", "a/0@h1:1 a/1@h2:1 b/0@h3:1");
  CHECK(it.notices().empty());
  it.departed("a/0@h1:1", Why::kExpired, "silent for 120s");
  it.departed("b/0@h3:1", Why::kUnhealthy, "mqtt: no answer");
  CHECK(it.notices().empty());  // no route shows it yet
  it.told("orders", "a/1@h2:1");
  CHECK(it.notices() ==
        Lines{"broker a/0@h1:1 left: expired (silent for 120s)",
              "master of a is nobody, was h1:1: expired",
              "broker b/0@h3:1 left: unhealthy (mqtt: no answer)",
              "master of b is nobody, was h3:1: unhealthy"});
  CHECK(it.groups.departures() == 0);
}

TEST_CASE("why a master left is told of the one that a replica follows") {
  Followed it;
  it.told("orders", "a/0@h1:1 a/1@h2:1");
  CHECK(it.notices().empty());
  it.departed("a/0@h1:1", Why::kConnectionClosed);
  it.departed("a/1@h2:1", Why::kReplaced, "registers as a/0 now");
  it.told("orders", "a/0@h2:1");
  CHECK(it.notices() ==
        Lines{"broker a/0@h1:1 left: connection closed, now a/0@h2:1",
              "broker a/1@h2:1 left: role changed, now a/0@h2:1",
              "broker a/0@h2:1 joined: role changed",
              "master of a is h2:1, was h1:1: connection closed"});
}

TEST_CASE("a reason explains the departure of that broker, there and then") {
  Followed it;
  it.told("orders", "a/0@h1:1 b/0@h2:1");
  CHECK(it.notices().empty());
  // Another address, another id, another group, long ago.
  it.departed("a/0@h9:1", Why::kExpired);
  it.departed("a/1@h1:1", Why::kExpired);
  it.departed("c/0@h1:1", Why::kExpired);
  it.departed("b/0@h2:1", Why::kExpired);
  it.now += BrokerGroups::kDeparturesKept + std::chrono::seconds(1);
  it.told("orders", "");
  CHECK(it.notices() == Lines{"broker a/0@h1:1 left: not told why",
                              "master of a is nobody, was h1:1: not told why",
                              "broker b/0@h2:1 left: not told why",
                              "master of b is nobody, was h2:1: not told why"});
  // One that is back has begun anew; the newest reason counts.
  it.told("orders", "a/0@h1:1");
  it.departed("a/0@h1:1", Why::kExpired);
  CHECK(it.notices().size() == 2);
  it.told("orders", "");
  CHECK(it.notices()[0] == "broker a/0@h1:1 left: not told why");
  it.told("orders", "a/0@h1:1");
  CHECK(it.notices().size() == 2);
  it.departed("a/0@h1:1", Why::kUnhealthy);
  it.departed("a/0@h1:1", Why::kUnregistered);
  it.told("orders", "");
  CHECK(it.notices()[0] == "broker a/0@h1:1 left: unregistered");
}

TEST_CASE("reasons that nobody needs do not pile up") {
  Followed it;
  for (int i = 0; i < 5000; ++i) {
    it.departed("a/" + std::to_string(i) + "@h1:1", Why::kExpired);
  }
  CHECK(it.groups.departures() == BrokerGroups::kDeparturesMax);
}

// Who plays the notices back onto what it knew has what the routes name.
TEST_CASE("notices add up to the routes, whatever changes in which order") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    Followed it;
    std::map<std::string, BrokerHealth> there;  // "a/0@h1"
    std::map<std::string, std::string> masters;
    const auto name = [](const Broker& broker) {
      return broker.name + "/" + std::to_string(broker.id) + "@" +
             broker.address;
    };
    for (const char* topic : {"one", "two"}) it.told(topic, "");
    for (int step = 0; step < 60; ++step) {
      std::string text;
      for (const char* group : {"a", "b"}) {
        for (int id = 0; id < 2; ++id) {
          if (random.chance(0.3)) continue;
          text += (text.empty() ? "" : " ") + std::string(group) + "/" +
                  std::to_string(id) + "@" + group +
                  std::to_string(2 * id + static_cast<int>(random.below(2))) +
                  (random.chance(0.3) ? "?" : "");
        }
      }
      const bool one = random.chance(0.7);
      if (one) it.told("one", text);
      if (!one || random.chance(0.5)) it.told("two", text);
      for (const auto& notice : it.groups.settle(it.now)) {
        if (const auto* left = std::get_if<BrokerLeft>(&notice)) {
          REQUIRE(there.erase(name(left->broker)) == 1);
        } else if (const auto* joined = std::get_if<BrokerJoined>(&notice)) {
          REQUIRE(there.emplace(name(joined->broker), joined->health).second);
        } else if (const auto* stands =
                       std::get_if<BrokerHealthChanged>(&notice)) {
          auto& known = there.at(name(stands->broker));
          REQUIRE(known == stands->from);
          known = stands->to;
        } else {
          const auto& master = std::get<MasterChanged>(notice);
          auto& known = masters[master.group];
          REQUIRE(known == (master.from ? master.from->address : ""));
          known = master.to ? master.to->address : "";
        }
      }
      // All routes say the same now.
      it.told("one", text);
      it.told("two", text);
      std::map<std::string, BrokerHealth> expected;
      for (const auto& group : it.routes["one"]->groups) {
        for (const auto& each : group.replicas) {
          expected[name(each.broker)] = each.health;
        }
      }
      for (const auto& notice : it.groups.settle(it.now)) {
        if (const auto* left = std::get_if<BrokerLeft>(&notice)) {
          there.erase(name(left->broker));
        } else if (const auto* joined = std::get_if<BrokerJoined>(&notice)) {
          there[name(joined->broker)] = joined->health;
        } else if (const auto* stands =
                       std::get_if<BrokerHealthChanged>(&notice)) {
          there[name(stands->broker)] = stands->to;
        } else {
          const auto& master = std::get<MasterChanged>(notice);
          masters[master.group] = master.to ? master.to->address : "";
        }
      }
      REQUIRE(there == expected);
    }
  }
}

}  // namespace
}  // namespace waypost::client
