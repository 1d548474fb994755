#ifndef WAYPOST_BROKER_AGENT_CORE_SETTINGS_H_
#define WAYPOST_BROKER_AGENT_CORE_SETTINGS_H_

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/endpoint.h"
#include "wire/model/operations.h"

namespace waypost::agent {

// Who registers.
struct BrokerIdentity {
  model::ClusterName cluster;
  model::BrokerKey broker;
  base::Endpoint address;  // where clients reach the broker
  std::string zone;        // may be empty
};

// When. The defaults are those of the profile `rocketmq-4`.
struct RegistrationSettings {
  BrokerIdentity identity;
  std::size_t nameserver_count = 0;
  std::uint64_t seed = 0;  // of all jitter
  // Our epoch is at least this: the time of our start, in milliseconds since
  // 1970.
  model::Epoch epoch_min{0};

  // All topics are registered with every nameserver this often.
  base::Duration register_interval = std::chrono::seconds(30);
  // A light sign of life in between.
  base::Duration heartbeat_interval = std::chrono::seconds(1);
  // A call that is not answered for this long means a hung nameserver. A
  // registration gets `register_timeout_per_topic` more for each topic, so that
  // a big one fits through a thin line.
  base::Duration rpc_timeout = std::chrono::seconds(3);
  base::Duration register_timeout_per_topic = std::chrono::microseconds(500);
  // Silence after which a nameserver shall drop the broker; 0: its default.
  base::Duration expiry{0};

  // Delays between attempts to connect, drawn below a ceiling that doubles. The
  // largest is short of the second that a nameserver waits after it slept
  // before it removes anybody.
  base::Duration reconnect_min = std::chrono::milliseconds(100);
  base::Duration reconnect_max = std::chrono::milliseconds(750);
  // After a loss the first attempt follows within this.
  base::Duration reconnect_first = std::chrono::milliseconds(50);
  // A registration that is refused, or superseded by a newer process, is tried
  // again this often.
  base::Duration refused_retry = std::chrono::seconds(30);
  base::Duration superseded_retry = std::chrono::seconds(60);

  // The first registration waits this long for the first verdict; 0: there are
  // no probes.
  base::Duration first_verdict_wait{0};
  // A nameserver first met within this after the epoch was chosen may raise it.
  base::Duration startup_window = std::chrono::seconds(10);

  model::VerdictAction unhealthy_action =
      model::VerdictAction::kRemoveFromRoutes;

  // Leaving takes no longer than this.
  base::Duration stop_timeout = std::chrono::seconds(2);
  // How long the close of a connection counts as silence after a handover.
  base::Duration handover_grace = std::chrono::seconds(30);
};

// Share of an interval by which it is drawn shorter or longer, so that a
// thousand agents that started together do not register together.
inline constexpr double kIntervalJitter = 0.1;
// Smaller: a nameserver suspects a broker after a few heartbeats' silence.
inline constexpr double kHeartbeatJitter = 0.05;

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_SETTINGS_H_
