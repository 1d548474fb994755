// What other nameservers hear, and what they are told.

#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "namesrv/registry/prepare.h"
#include "namesrv/registry/registry.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;
using What = HoldingChange::What;
const base::Instant kStart{1000s};

model::BrokerKey broker_key(const std::string& name) {
  return {model::BrokerName(name), model::kMasterId};
}

Register native(const std::string& name, std::uint64_t epoch = 1,
                std::uint64_t binding = 1) {
  Register event;
  event.binding = model::BindingId(binding);
  event.request.cluster = model::ClusterName("c");
  event.request.broker = broker_key(name);
  event.request.address = {"10.0.0.1", 1883};
  event.request.epoch = model::Epoch(epoch);
  event.request.topics = {{model::TopicName("orders"), {4, 4, {}, 0}}};
  return event;
}

Register stock(const std::string& name) {
  Register event = native(name, 0);
  event.origin = Origin::kRemoting;
  event.topics = TopicsPolicy::kMerge;
  event.apply_if = ApplyIf::kDifferent;
  event.remoting.address = "10.0.0.1:10911";
  event.remoting.ha_address = "10.0.0.1:10912";
  event.remoting.version = {1, 2, 3};
  event.remoting.filter_servers = {{"10.0.0.1:10913"}};
  return event;
}

// As it comes from a peer.
Register adopted(const model::HeldRegistration& held) {
  Register event;
  event.adopted = true;
  event.request = held.request;
  if (held.remoting) {
    event.origin = Origin::kRemoting;
    event.topics = TopicsPolicy::kMerge;
    event.apply_if = ApplyIf::kDifferent;
    event.remoting.address = held.remoting->address;
    event.remoting.ha_address = held.remoting->ha_address;
    event.remoting.version = held.remoting->version;
    event.remoting.filter_servers = held.remoting->filter_servers;
  }
  return event;
}

struct Peered {
  Effects step(const Event& event) { return registry.step(event, now); }
  std::optional<model::Route> route() const {
    const auto* topic =
        registry.table().find_topic("orders", model::hash_bytes("orders"));
    if (topic == nullptr) return std::nullopt;
    return registry.table().route(*topic);
  }
  std::size_t brokers() const {
    return registry.list_brokers({}, now).brokers.size();
  }
  bool indirect(const std::string& name) const {
    return registry.list_brokers({name, "", 0}, now).brokers.at(0).indirect;
  }

  Registry registry{[] {
    RegistrySettings settings;
    settings.tells_holdings = true;
    return settings;
  }()};
  base::Instant now = kStart;
};

TEST_CASE("a registration handed on makes the same route") {
  for (const Register& event : {native("a"), stock("a")}) {
    Peered here;
    const Effects effects = here.step(event);
    REQUIRE(effects.holdings.size() == 1);
    CHECK(effects.holdings[0].what == What::kHeld);
    const auto held = here.registry.registration(broker_key("a"));
    REQUIRE(held.has_value());
    CHECK(held->content == here.registry.holding(broker_key("a"))->content);

    Peered there;
    there.step(Vouch{broker_key("a")});
    CHECK(there.step(adopted(*held)).holdings.empty());
    CHECK(there.route() == here.route());
    CHECK(there.indirect("a"));
    // What it knows from others is not its own to tell.
    CHECK_FALSE(there.registry.holding(broker_key("a")).has_value());
    CHECK(there.registry.held_brokers().empty());
  }
}

TEST_CASE("what a broker registers anew is another content") {
  Peered it;
  it.step(native("a"));
  const auto before = it.registry.holding(broker_key("a"))->content;
  it.step(native("a"));
  CHECK(it.registry.holding(broker_key("a"))->content == before);
  Register moved = native("a");
  moved.request.address.port = 1884;
  it.step(moved);
  CHECK(it.registry.holding(broker_key("a"))->content != before);
}

TEST_CASE("an indirect broker stays while somebody vouches for it") {
  Peered it;
  it.step(Vouch{broker_key("a")});
  it.step(native("a"));
  CHECK(it.step(BindingClosed{model::BindingId(1)}).holdings.at(0).what ==
        What::kReleased);
  CHECK(it.indirect("a"));
  it.now += 1h;
  it.step(Scan{});
  CHECK(it.brokers() == 1);
  SUBCASE("and goes at once when it is let go") {
    it.step(Vouch{broker_key("a"), false, true});
    CHECK(it.brokers() == 0);
  }
  SUBCASE("and after its expiry when who vouched is out of reach") {
    it.step(Vouch{broker_key("a"), false, false});
    it.now += 119s;
    it.step(Scan{});
    CHECK(it.brokers() == 1);
    it.now += 2s;
    it.step(Scan{});
    CHECK(it.brokers() == 0);
  }
  SUBCASE("and is ours again when it registers") {
    it.step(native("a", 1, 2));
    CHECK_FALSE(it.indirect("a"));
  }
}

TEST_CASE("a peer's word replaces what is registered here by a newer epoch") {
  Peered it;
  it.step(native("a", 2));
  Register older = native("a", 2);
  older.adopted = true;
  CHECK(std::holds_alternative<base::Error>(it.step(older).reply));
  Register newer = native("a", 3);
  newer.adopted = true;
  newer.request.address.port = 1884;
  const Effects effects = it.step(newer);
  CHECK(effects.holdings.at(0).what == What::kReleased);
  CHECK(it.indirect("a"));
  CHECK(it.registry.list_brokers({}, it.now).brokers[0].address.port == 1884);
  // And the older process does not come back here.
  CHECK(std::holds_alternative<base::Error>(it.step(native("a", 2, 9)).reply));
}

TEST_CASE("who unregistered at a peer goes, unless it is newer here") {
  Peered it;
  it.step(native("a", 2));
  it.step(Bury{broker_key("a"), model::Epoch(1)});
  CHECK(it.brokers() == 1);
  const Effects effects = it.step(Bury{broker_key("a"), model::Epoch(2)});
  CHECK(it.brokers() == 0);
  // The tombstone is the peer's.
  CHECK(effects.holdings.at(0).what == What::kReleased);
  it.step(native("a", 3));
  Unregister leave;
  leave.request.broker = broker_key("a");
  leave.request.epoch = model::Epoch(3);
  leave.binding = model::BindingId(1);
  CHECK(it.step(leave).holdings.at(0).what == What::kUnregistered);
}

TEST_CASE("who is not heard after a gap is not told of, until it is") {
  Peered it;
  it.step(native("here", 1, 1));
  it.step(native("there", 1, 2));
  it.step(native("gone", 1, 3));
  it.step(native("back", 1, 4));
  it.step(native("quiet", 1, 5));
  it.now += 600s;
  it.step(ClockGap{600s});
  it.step(BindingClosed{model::BindingId(2), BindingClosed::Cause::kSilence});
  it.now += 1s;
  const auto beat = [&](const std::string& name, std::uint64_t binding) {
    Heartbeat heartbeat;
    heartbeat.binding = model::BindingId(binding);
    heartbeat.request.broker = broker_key(name);
    heartbeat.request.epoch = model::Epoch(1);
    return it.step(heartbeat);
  };
  beat("here", 1);
  it.step(Vouch{broker_key("there")});
  it.step(Vouch{broker_key("quiet")});
  const Effects settled = it.step(SettleGap{.peers_know = true});
  CHECK(settled.holdings.size() == 4);
  for (const HoldingChange& change : settled.holdings) {
    CHECK(change.what == What::kReleased);
    CHECK(change.broker != broker_key("here"));
  }
  CHECK(it.registry.held_brokers() == std::vector{broker_key("here")});
  CHECK_FALSE(it.registry.holding(broker_key("gone")).has_value());
  // A peer hears this one: it stays as that one's.
  CHECK(it.indirect("there"));
  // And this one is still connected.
  CHECK_FALSE(it.indirect("quiet"));

  const Effects late = beat("back", 4);
  REQUIRE(late.holdings.size() == 1);
  CHECK(late.holdings[0].what == What::kHeld);
  CHECK(it.registry.holding(broker_key("back")).has_value());

  // Long before its expiry.
  CHECK(it.brokers() == 5);
  it.now += 6s;
  const Effects gone = it.step(Scan{});
  CHECK(it.brokers() == 4);
  std::size_t told = 0;
  for (const BrokerChange& change : gone.changes) {
    if (change.what != BrokerChange::What::kExpired) continue;
    ++told;
    CHECK(change.detail ==
          "not heard since this nameserver slept, and no peer hears it");
  }
  CHECK(told == 1);
}

TEST_CASE("without a peer that knows better a gap costs nobody its expiry") {
  Peered it;
  it.step(native("a"));
  it.now += 600s;
  it.step(ClockGap{600s});
  it.step(SettleGap{});
  CHECK(it.registry.held_brokers().empty());
  it.now += 60s;
  it.step(Scan{});
  CHECK(it.brokers() == 1);
}

TEST_CASE("the brake believes a silence that peers have heard as well") {
  for (const bool peers_agree : {false, true}) {
    Peered it;
    for (int i = 0; i < 10; ++i) {
      const std::string name = "broker-" + std::to_string(i);
      it.step(native(name));
      it.step(Vouch{broker_key(name)});
    }
    it.now += 60s;
    for (int i = 0; i < 10; ++i) {
      const std::string name = "broker-" + std::to_string(i);
      it.step(Vouch{broker_key(name), false, peers_agree});
    }
    it.now += 61s;
    it.step(Scan{});
    CHECK(it.brokers() == (peers_agree ? 0 : 10));
  }
}

TEST_CASE("a restart drops what only peers had told") {
  Peered it;
  it.step(native("a"));
  it.step(Vouch{broker_key("b")});
  Register told = native("b");
  told.adopted = true;
  it.step(told);
  CHECK(it.brokers() == 2);
  it.step(DropIndirect{});
  CHECK(it.brokers() == 1);
  CHECK_FALSE(it.indirect("a"));
}

}  // namespace
}  // namespace waypost::registry
