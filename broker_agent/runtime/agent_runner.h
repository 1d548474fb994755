#ifndef WAYPOST_BROKER_AGENT_RUNTIME_AGENT_RUNNER_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_AGENT_RUNNER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/executor.h"
#include "base/log.h"
#include "broker_agent/core/agent_core.h"
#include "broker_agent/core/health_judge.h"
#include "broker_agent/core/settings.h"
#include "broker_agent/runtime/nameserver_link.h"
#include "broker_agent/runtime/nameserver_list.h"
#include "broker_agent/runtime/probe_loop.h"

namespace waypost::agent {

struct AgentSettings {
  // `nameserver_count`, `seed`, `epoch_min` and `first_verdict_wait` are filled
  // from the rest, and the clock, when they are 0.
  RegistrationSettings registration;
  // Set: registers nothing, but observes the broker that registered this
  // address; of `registration` only the times and the unhealthy action count.
  std::optional<base::Endpoint> observe;
  std::vector<base::Endpoint> nameservers;  // a name: all its addresses
  std::vector<ProbeSpec> probes;
  ProbeTiming probe_timing;
  HealthSettings health;
};

// The world around an agent: a libuv loop, or a node of the simulation.
struct AgentSurroundings {
  base::Executor& executor;
  transport::Network& network;
  SpawnFunction spawn;  // only for command probes
  // Whether a numeric address is one of this machine.
  std::function<bool(const std::string& host)> is_local;
  base::Logger logger;
};

// A whole agent on one loop: performs what its core wants, runs the probes,
// feeds their results through the HealthJudge. Loop thread only. stop() it and
// wait for its callback before destroying it, or destroy it at any time, but
// not inside its callbacks: then nameservers see only their connections close.
class AgentRunner final : private NameserverLink::Owner {
 public:
  // `on_note` is told everything that is logged.
  using OnNote =
      std::function<void(const Note& note, const std::string& nameserver)>;

  // `topics` may be null for an observer.
  AgentRunner(AgentSurroundings surroundings, AgentSettings settings,
              TopicListPtr topics, OnNote on_note = {});
  ~AgentRunner() override;
  AgentRunner(const AgentRunner&) = delete;
  AgentRunner& operator=(const AgentRunner&) = delete;

  void start();

  void set_topics(TopicListPtr topics);
  // The broker's own word, where it is embedded.
  void report_health(bool healthy, const std::string& reason);

  // Says goodbye to all nameservers and calls `on_stopped`, from the loop,
  // within `stop_timeout`.
  void stop(Leave leave, std::function<void()> on_stopped);

  // With how many nameservers the broker is registered now.
  std::size_t registered_count() const { return core_->registered_count(); }

 private:
  struct Nameserver {
    base::Endpoint endpoint;
    std::string name;    // for people
    bool listed = true;  // else its place is free
    std::unique_ptr<NameserverLink> link;
    // Hung, but it holds our registration; see Disconnect.
    std::unique_ptr<NameserverLink> kept_open;
  };

  void on_link_event(Event event) override { dispatch(event); }
  void on_drain_notice(NameserverIndex nameserver,
                       const model::DrainNotice& notice) override;
  void on_probe(std::size_t probe, const ProbeResult& result);

  void update_list();
  void enlist(const NameserverList::Nameserver& nameserver);
  void warn_of_shared_host(const Nameserver& nameserver);

  void dispatch(const Event& event);
  void arm_timer();
  Nameserver& at(NameserverIndex index) { return nameservers_[index.value()]; }

  void perform(const Connect& effect);
  void perform(const Disconnect& effect);
  void perform(const DropReplaced& effect);
  void perform(const SendRegister& effect);
  void perform(const SendHeartbeat& effect);
  void perform(const SendVerdict& effect);
  void perform(const SendObserve& effect);
  void perform(const SendUnregister& effect);
  void perform(const SendHandover& effect);
  void perform(const Note& note);
  void tell(const Note& note, const std::string& nameserver);
  void perform(const Finished& effect);

  AgentSurroundings surroundings_;
  const AgentSettings settings_;
  const OnNote on_note_;
  NameserverList list_;
  std::vector<Nameserver> nameservers_;  // by index
  const std::unique_ptr<AgentCore> core_;
  HealthJudge judge_;
  std::vector<std::unique_ptr<ProbeLoop>> probes_;
  std::unique_ptr<base::Timer> wakeup_timer_;
  std::unique_ptr<base::Timer> stopped_timer_;
  std::function<void()> on_stopped_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_AGENT_RUNNER_H_
