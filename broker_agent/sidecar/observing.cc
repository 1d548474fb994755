#include <utility>

#include "broker_agent/sidecar/duty.h"

namespace waypost::agent {
namespace {

// One agent for each broker, with connections of its own: brokers know nothing
// of each other, and neither do their observers.
class Observing final : public Duty {
 public:
  Observing(transport::Loop& loop, std::vector<AgentSettings> brokers,
            base::Logger logger)
      : loop_(loop), brokers_(std::move(brokers)), logger_(logger) {}

  void start() override {
    for (const AgentSettings& broker : brokers_) {
      logger_.info("agent observes a broker, which registers itself",
                   {{"address", broker.observe->to_string()},
                    {"probes", joined(broker.probes)},
                    {"nameservers", joined(broker.nameservers)}});
      agents_.push_back(std::make_unique<AgentRunner>(
          surroundings_of(loop_, logger_), broker, nullptr));
      agents_.back()->start();
    }
  }

  void stop(std::function<void()> on_stopped) override {
    logger_.info("agent stops",
                 {{"observed", static_cast<std::uint64_t>(agents_.size())}});
    running_ = agents_.size();
    for (const auto& agent : agents_) {
      agent->stop(Leave::kKeep, [this, on_stopped] {
        if (--running_ == 0) on_stopped();
      });
    }
  }

  void reload() override {}

 private:
  transport::Loop& loop_;
  const std::vector<AgentSettings> brokers_;
  const base::Logger logger_;
  std::vector<std::unique_ptr<AgentRunner>> agents_;
  std::size_t running_ = 0;
};

}  // namespace

std::unique_ptr<Duty> make_observing(transport::Loop& loop,
                                     std::vector<AgentSettings> brokers,
                                     base::Logger logger) {
  return std::make_unique<Observing>(loop, std::move(brokers), logger);
}

AgentSurroundings surroundings_of(transport::Loop& loop, base::Logger logger) {
  return {loop, loop.network(),
          [&loop](const auto& arguments, auto on_exit) {
            return loop.spawn(arguments, std::move(on_exit));
          },
          transport::is_local_address, logger};
}

std::string joined(const std::vector<base::Endpoint>& endpoints) {
  std::string text;
  for (const base::Endpoint& each : endpoints) {
    if (!text.empty()) text += ',';
    text += each.to_string();
  }
  return text;
}

std::string joined(const std::vector<ProbeSpec>& probes) {
  std::string text;
  for (const ProbeSpec& probe : probes) {
    if (!text.empty()) text += ',';
    text += probe.name;
  }
  return text.empty() ? "none" : text;
}

}  // namespace waypost::agent
