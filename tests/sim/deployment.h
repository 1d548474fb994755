#ifndef WAYPOST_TESTS_SIM_DEPLOYMENT_H_
#define WAYPOST_TESTS_SIM_DEPLOYMENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/profile.h"
#include "tests/sim/sim_agent.h"
#include "tests/sim/sim_broker.h"
#include "tests/sim/sim_client.h"
#include "tests/sim/sim_nameserver.h"
#include "tests/sim/transcript.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::sim {

// A whole system: nameservers ns-0.. at 10.0.0.1.., brokers broker-0.. at
// 10.0.1.1.. each with its agent on the same node or beside it, clients app-0..
// at 10.0.2.1... Every broker serves the topic "orders".
class Deployment {
 public:
  struct Options {
    std::uint64_t seed = 1;
    std::size_t nameservers = 2;
    std::size_t brokers = 2;
    std::size_t clients = 1;
    const char* profile = "rocketmq-4";
    Delay delay{};
    double loss = 0;
    double duplication = 0;
    double reordering = 0;
    // Brokers run on nodes of their own and their agents probe them; otherwise
    // broker and agent are one node without probes.
    bool probes = false;
    // Clients start at the nameserver of this number; none: each at one drawn.
    std::optional<std::size_t> client_start = 0;
    bool close_on_timeout = true;
    // The nameservers know each other.
    bool peers = false;
    // Called for each nameserver before anything starts.
    std::function<void(SimNameserver&)> adjust = {};
    // Clients have nameservers push what changes.
    bool watch = false;
  };

  static constexpr const char* kTopic = "orders";

  explicit Deployment(Options options);
  ~Deployment();
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  // Starts everything and runs until every client has the full route.
  bool settle();
  // {"broker-0", "broker-1", ...}: all of them.
  const std::vector<std::string>& full_route() const { return full_route_; }
  bool all_nameservers_have(const std::vector<std::string>& brokers);
  bool all_clients_have(const std::vector<std::string>& brokers) const;

  const base::Profile& profile() const { return profile_; }

  SimWorld world;
  Transcript transcript;
  std::vector<std::unique_ptr<SimNameserver>> nameservers;
  std::vector<std::unique_ptr<SimBroker>> brokers;
  std::vector<std::unique_ptr<SimAgent>> agents;
  std::vector<std::unique_ptr<SimClient>> clients;

 private:
  base::Profile profile_;
  std::vector<std::string> full_route_;
};

// Runs `scenario(seed)` for seeds 1 to `count`, fewer in sanitizer builds;
// WAYPOST_SIM_SEED=n runs that one only, WAYPOST_SIM_SEEDS=n changes the count.
// What fails names its seed.
void for_each_seed(std::uint64_t count,
                   const std::function<void(std::uint64_t seed)>& scenario);

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_DEPLOYMENT_H_
