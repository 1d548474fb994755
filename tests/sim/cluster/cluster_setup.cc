#include "tests/sim/cluster/cluster_setup.h"

#include <algorithm>
#include <cstdio>

#include "base/profile.h"
#include "base/units.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;

std::string numbered(const char* what, std::size_t number) {
  return what + std::to_string(number);
}

std::string share_text(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f%%", share * 100);
  return text;
}

}  // namespace

ClusterSetup draw_setup(std::uint64_t seed,
                        std::optional<partition::Mode> mode) {
  base::Random random(seed ^ 0x5e70'5e70'5e70'5e70U);
  ClusterSetup setup;
  setup.seed = seed;
  // Drawn even if it is given: the rest must not depend on that.
  const auto drawn = static_cast<partition::Mode>(
      random.below(partition::mode_names().size()));
  setup.mode = mode.value_or(drawn);
  const std::size_t sizes[] = {3, 3, 3, 4, 5};
  setup.nameservers = sizes[random.below(std::size(sizes))];
  setup.brokers = 2 + random.below(2);
  setup.clients = 1 + random.below(2);
  setup.watch = random.chance(0.5);
  // Mostly short ones: more happens in a minute.
  if (random.chance(0.7)) {
    setup.peer_heartbeat = 500ms;
    setup.peer_timeout = 2s;
    setup.stable_after = 3s;
  }
  // More would not fit: a client's question has a second for connecting to five
  // nameservers in turn and asking them.
  if (random.chance(0.3)) setup.delay_max = 20ms;
  if (random.chance(0.3)) setup.loss = 0.01;
  if (random.chance(0.3)) setup.duplication = 0.02;
  if (random.chance(0.3)) setup.reordering = 0.01;
  if (random.chance(0.15)) {
    setup.gate_allows.emplace();
    for (bool& allowed : *setup.gate_allows) allowed = random.chance(0.5);
  }
  return setup;
}

std::string to_string(const ClusterSetup& setup) {
  std::string text = "mode " + std::string(partition::mode_name(setup.mode)) +
                     ", nameservers " + std::to_string(setup.nameservers) +
                     ", brokers " + std::to_string(setup.brokers) +
                     ", clients " + std::to_string(setup.clients) +
                     (setup.watch ? " that watch" : " that poll") + "\n";
  text += "peers: heartbeat " + base::format_duration(setup.peer_heartbeat) +
          ", unreachable after " + base::format_duration(setup.peer_timeout) +
          ", stable after " + base::format_duration(setup.stable_after) + "\n";
  text += "network: up to " + base::format_duration(setup.delay_max) +
          " each way, lost " + share_text(setup.loss) + ", doubled " +
          share_text(setup.duplication) + ", overtaking " +
          share_text(setup.reordering) + "\n";
  if (setup.gate_allows) {
    text += "gate all-members, lets through:";
    for (std::size_t i = 0; i < partition::kOperations; ++i) {
      if (!(*setup.gate_allows)[i]) continue;
      text += " " + std::string(partition::operation_name(
                        static_cast<partition::Operation>(i)));
    }
    text += "\n";
  }
  return text;
}

Cast cast_of(const ClusterSetup& setup) {
  Cast cast;
  for (std::size_t i = 0; i < setup.nameservers; ++i) {
    cast.nameservers.push_back(numbered("ns-", i));
  }
  for (std::size_t i = 0; i < setup.brokers; ++i) {
    cast.brokers.push_back(numbered("broker-", i));
  }
  for (std::size_t i = 0; i < setup.clients; ++i) {
    cast.clients.push_back(numbered("app-", i));
  }
  if (setup.mode == partition::Mode::kLeaseMajority) {
    cast.stores.push_back("store-0");
  }
  return cast;
}

Bounds bounds_of(const ClusterSetup& setup) {
  const base::Profile fast = *base::find_profile("fast");
  // A peer's silence is noticed at the next tick.
  const base::Duration noticed =
      setup.peer_timeout + 2 * setup.peer_heartbeat + 500ms;
  Bounds bounds;
  // It asks each poll interval; a question goes to all in turn within its
  // budget. Where packets are lost, the answer may come too late, twice.
  const int questions = setup.loss > 0 ? 4 : 2;
  bounds.client_finds =
      fast.client_poll_interval + questions * fast.client_rpc_timeout + 1s;
  // A reconnect or two, each at most 750 ms after the one before and 1 s long.
  bounds.broker_found = 8s;
  // And its nameserver finds the other within a heartbeat or two.
  bounds.broker_told = bounds.broker_found + noticed + 2s;
  // Its expiry, as much again for the brake, the scan; and a peer that is gone
  // as well vouches for it until it is noticed.
  bounds.broker_forgotten = 2 * fast.agent_expiry + 4s + noticed;
  bounds.converges = 30s;
  bounds.meets = 3 * setup.peer_heartbeat + 1s;
  // What was written is sent first, for a second at most.
  bounds.pause_closes = 1500ms;
  // When only one direction is cut, whoever still hears the other learns of it
  // when that one, which hears nothing, has given up and is silent as well.
  bounds.one_side = setup.peer_timeout + noticed + 1s;
  if (partition::family_of(setup.mode) == partition::Family::kDowning) {
    // It waits for a stable view, which never comes to rest for this long.
    bounds.one_side += setup.stable_after +
                       std::max<base::Duration>(4s, setup.stable_after * 3 / 4);
  }
  if (setup.mode == partition::Mode::kLeaseMajority) bounds.one_side += 4s;
  bounds.joins = noticed + setup.stable_after + 10s;
  return bounds;
}

}  // namespace waypost::sim
