// What becomes of operators' configuration when a cut heals with autoheal.

#include <map>
#include <string>

#include <doctest/doctest.h>

#include "tests/sim/peer_group.h"
#include "wire/codec/native.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using partition::Mode;
using State = model::ServerState;

// An operator at one nameserver's service port.
struct Operator {
  Operator(PeerGroup& group, std::size_t i) : caller(group, i) {}

  void put(const std::string& key, const std::string& value) {
    CHECK(caller.ask(codec::FrameKind::kKvPut,
                     codec::encode(model::KvPutRequest{{"ns", key, value}})) ==
          "ok");
  }
  void hold(const std::string& broker, const std::string& why) {
    model::SetOverrideRequest request;
    request.broker_name = model::BrokerName(broker);
    request.permission = model::Permission{4};
    request.owner = "op";
    request.reason = why;
    CHECK(caller.ask(codec::FrameKind::kSetOverride, codec::encode(request)) ==
          "ok");
  }
  // "key=value key=value", then the overrides; long values by their length.
  std::string all() {
    std::string text;
    model::KvListRequest request;
    do {
      CHECK(caller.ask(codec::FrameKind::kKvList, codec::encode(request)) ==
            "ok");
      const auto page = codec::decode<model::KvPage>(caller.payload());
      for (const auto& entry : page->entries) {
        text += entry.key + "=" +
                (entry.value.size() > 20 ? std::to_string(entry.value.size())
                                         : entry.value) +
                " ";
      }
      request.after = page->next;
    } while (!request.after.empty());
    CHECK(caller.ask(codec::FrameKind::kListOverrides,
                     codec::encode(model::PageRequest{})) == "ok");
    const auto page = codec::decode<model::OverridePage>(caller.payload());
    for (const auto& each : page->overrides) {
      text += each.broker_name.value() + ":" + each.reason + " ";
    }
    return text;
  }

  Caller caller;
};

// Cut 0 | 1 2; the client is with the winners, ns-1 and ns-2, or not.
struct Cut {
  Cut() : group(Mode::kAutoheal, 3) {
    REQUIRE(group.system.settle());
    group.run(5s);
    for (std::size_t i = 0; i < 3; ++i) {
      Operator(group, i).put("common", "before");
      Operator(group, i).put("dropped", "before");
    }
    group.cut_off({0});
    group.run(20s);
  }
  PeerGroup group;
};

TEST_CASE("autoheal: losers take the winner's configuration, as one") {
  Cut cut;
  PeerGroup& group = cut.group;
  std::map<std::size_t, std::string> wanted;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string side = i == 0 ? "left" : "right";
    Operator op(group, i);
    op.put("common", side);
    op.put(side, "only");
    op.hold("broker-0", side);
    op.hold("of-" + side, side);
    wanted[i] = op.all();
  }
  REQUIRE(wanted[1] == wanted[2]);
  REQUIRE(wanted[0] != wanted[1]);
  group.system.world.heal_all();
  group.run(40s);
  INFO(group.system.transcript.text());
  CHECK(group.all_serve());
  const std::string left = Operator(group, 0).all();
  CHECK(left == Operator(group, 1).all());
  CHECK(left == Operator(group, 2).all());
  CHECK((left == wanted[0] || left == wanted[1]));
  CHECK(group.system.transcript.contains("took the configuration of"));
  CHECK(group.system.all_nameservers_have(group.system.full_route()));
  CHECK(group.system.all_clients_have(group.system.full_route()));
}

// Enough for several pages, some on each side.
void fill(PeerGroup& group) {
  for (std::size_t i = 0; i < 3; ++i) {
    Operator op(group, i);
    for (int k = 0; k < 14; ++k) {
      op.put("big-" + std::to_string(k),
             std::string(200'000 + (i == 0 ? 0 : 1), 'x'));
    }
    op.put("common", i == 0 ? "left" : "right");
  }
}

TEST_CASE("autoheal: a winner that dies in the middle changes nothing") {
  Cut cut;
  PeerGroup& group = cut.group;
  fill(group);
  std::map<std::size_t, std::string> before;
  for (std::size_t i = 0; i < 3; ++i) before[i] = Operator(group, i).all();
  group.system.world.heal_all();
  const auto seen = [&](const std::string& text) {
    return group.system.world.run_until(
        [&] { return group.system.transcript.contains(text); }, 60s);
  };
  REQUIRE(seen("takes the configuration of "));
  const std::string& text = group.system.transcript.text();
  const auto at = text.find("takes the configuration of ");
  const std::size_t winner =
      static_cast<std::size_t>(text.at(at + 27 + 3) - '0');
  // A page or two are under way.
  group.run(3ms);
  REQUIRE_FALSE(group.system.transcript.contains("took the configuration"));
  group.ns(winner).kill();
  group.run(60s);
  INFO(group.system.transcript.text().substr(at));
  CHECK_FALSE(group.system.transcript.contains("took the configuration"));
  CHECK(group.system.transcript.contains("kept its own configuration"));
  for (std::size_t i = 0; i < 3; ++i) {
    if (i == winner) continue;
    CHECK(group.state(i) == State::kServing);
    CHECK(Operator(group, i).all() == before[i]);
  }
}

TEST_CASE("autoheal: a connection that breaks in the middle is made again") {
  Cut cut;
  PeerGroup& group = cut.group;
  fill(group);
  group.system.world.heal_all();
  REQUIRE(group.system.world.run_until(
      [&] {
        return group.system.transcript.contains("takes the configuration of ");
      },
      60s));
  group.run(2ms);
  REQUIRE_FALSE(group.system.transcript.contains("took the configuration"));
  // Shorter than it takes to lose a peer.
  group.system.world.isolate("ns-0");
  group.run(300ms);
  group.system.world.rejoin("ns-0");
  group.run(60s);
  INFO(group.system.transcript.text());
  CHECK(group.all_serve());
  CHECK(Operator(group, 0).all() == Operator(group, 1).all());
}

}  // namespace
}  // namespace waypost::sim
