#include "broker_agent/runtime/agent_runner.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/random.h"
#include "broker_agent/core/observation.h"
#include "broker_agent/core/registration.h"
#include "broker_agent/core/text.h"
#include "broker_agent/runtime/note_text.h"

namespace waypost::agent {
namespace {

// Beyond a probe's timeout, for its result to arrive.
constexpr base::Duration kFirstVerdictSlack = std::chrono::milliseconds(250);

// A clock that was never set counts as none.
model::Epoch epoch_of(base::WallTime now) {
  const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(
      now.time_since_epoch());
  return model::Epoch(static_cast<std::uint64_t>(
      std::max<std::int64_t>(since_1970.count(), 1)));
}

AgentSettings completed(AgentSettings settings, base::WallTime now) {
  RegistrationSettings& registration = settings.registration;
  registration.nameserver_count =
      NameserverList::numeric(settings.nameservers).size();
  if (registration.seed == 0) registration.seed = base::entropy_seed();
  if (registration.epoch_min.value() == 0) {
    registration.epoch_min = epoch_of(now);
  }
  if (registration.first_verdict_wait == base::Duration{0} &&
      !settings.probes.empty()) {
    registration.first_verdict_wait =
        settings.probe_timing.timeout + kFirstVerdictSlack;
  }
  if (settings.observe) settings.health.first_failure_counts = false;
  return settings;
}

std::unique_ptr<AgentCore> make_core(const AgentSettings& settings,
                                     TopicListPtr topics) {
  const RegistrationSettings& registration = settings.registration;
  if (!settings.observe) {
    return std::make_unique<Registration>(registration, std::move(topics));
  }
  ObservationSettings observation;
  observation.address = *settings.observe;
  observation.nameserver_count = registration.nameserver_count;
  observation.seed = registration.seed;
  observation.interval = registration.heartbeat_interval;
  observation.rpc_timeout = registration.rpc_timeout;
  observation.reconnect_min = registration.reconnect_min;
  observation.reconnect_max = registration.reconnect_max;
  observation.refused_retry = registration.refused_retry;
  observation.unhealthy_action = registration.unhealthy_action;
  return std::make_unique<Observation>(std::move(observation));
}

std::vector<std::string> probe_names(const AgentSettings& settings) {
  std::vector<std::string> names;
  for (const ProbeSpec& probe : settings.probes) names.push_back(probe.name);
  return names;
}

}  // namespace

AgentRunner::AgentRunner(AgentSurroundings surroundings, AgentSettings settings,
                         TopicListPtr topics, OnNote on_note)
    : surroundings_(std::move(surroundings)),
      settings_(
          completed(std::move(settings), surroundings_.executor.wall_now())),
      on_note_(std::move(on_note)),
      list_(
          surroundings_.executor, surroundings_.network, settings_.nameservers,
          base::Random(settings_.registration.seed ^ 2U),
          [this] { update_list(); },
          [this](const std::string& name, const std::string& why) {
            tell({Note::What::kLookupFailed, {}, base::Duration{0}, why}, name);
          },
          surroundings_.logger),
      core_(make_core(settings_, std::move(topics))),
      judge_(settings_.health, probe_names(settings_)) {
  for (const auto& each : list_.nameservers()) enlist(each);
}

AgentRunner::~AgentRunner() = default;

void AgentRunner::start() {
  WAYPOST_ASSERT(surroundings_.executor.in_executor_thread());
  for (const Nameserver& each : nameservers_) warn_of_shared_host(each);
  base::Random random(settings_.registration.seed ^ 1U);
  const ProbeSurroundings around{surroundings_.executor, surroundings_.network,
                                 surroundings_.spawn};
  for (std::size_t i = 0; i < settings_.probes.size(); ++i) {
    probes_.push_back(std::make_unique<ProbeLoop>(
        surroundings_.executor,
        make_prober(around, settings_.probes[i], random.next()),
        settings_.probe_timing,
        [this, i](const ProbeResult& result) { on_probe(i, result); }));
    probes_.back()->start();
  }
  dispatch(Tick{});
  list_.start();
}

// --- Which nameservers ---

void AgentRunner::update_list() {
  const auto& now = list_.nameservers();
  const auto is_listed = [&now](const Nameserver& known) {
    return std::any_of(now.begin(), now.end(), [&](const auto& each) {
      return each.endpoint == known.endpoint;
    });
  };
  // Places that were free before this; those that become free now still mean
  // who has them.
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < nameservers_.size(); ++i) {
    if (!nameservers_[i].listed) free.push_back(i);
  }
  std::vector<std::size_t> added;
  for (const auto& each : now) {
    const bool known = std::any_of(
        nameservers_.begin(), nameservers_.end(), [&](const Nameserver& has) {
          return has.listed && has.endpoint == each.endpoint;
        });
    if (known) continue;
    if (free.empty()) {
      added.push_back(nameservers_.size());
      enlist(each);
    } else {
      added.push_back(free.back());
      free.pop_back();
      nameservers_[added.back()] = {each.endpoint, each.name, true, nullptr,
                                    nullptr};
    }
  }
  NameserversListed event;
  for (Nameserver& each : nameservers_) {
    each.listed = each.listed && is_listed(each);
    event.listed.push_back(each.listed);
  }
  for (const std::size_t i : added) warn_of_shared_host(nameservers_[i]);
  dispatch(event);
}

void AgentRunner::enlist(const NameserverList::Nameserver& nameserver) {
  nameservers_.push_back(
      {nameserver.endpoint, nameserver.name, true, nullptr, nullptr});
}

// A broker and a nameserver on one machine hang together: then nobody is left
// to notice the broker's silence, and clients that use this nameserver go on
// asking a dead one. An observer may well run on a nameserver's machine: what
// must not is the broker.
void AgentRunner::warn_of_shared_host(const Nameserver& nameserver) {
  const std::string& host = nameserver.endpoint.host;
  const bool beside_observed =
      settings_.observe && !surroundings_.is_local(settings_.observe->host);
  const bool shared = beside_observed ? host == settings_.observe->host
                                      : surroundings_.is_local(host);
  if (!shared) return;
  const auto index =
      static_cast<std::size_t>(&nameserver - nameservers_.data());
  perform(Note{
      Note::What::kSharesHost, NameserverIndex(index), base::Duration{0}, {}});
}

void AgentRunner::set_topics(TopicListPtr topics) {
  dispatch(TopicsChanged{std::move(topics)});
}

void AgentRunner::report_health(bool healthy, const std::string& reason) {
  auto verdict =
      judge_.on_report(healthy, reason, surroundings_.executor.now());
  if (verdict) dispatch(HealthChanged{std::move(*verdict)});
}

void AgentRunner::on_probe(std::size_t probe, const ProbeResult& result) {
  if (!result.passed) {
    surroundings_.logger.for_component(base::LogComponent::kProbe)
        .debug("probe failed", {{"probe", settings_.probes[probe].name},
                                {"detail", result.detail}});
  }
  auto verdict = judge_.on_probe(probe, result, surroundings_.executor.now());
  if (verdict) dispatch(HealthChanged{std::move(*verdict)});
}

void AgentRunner::stop(Leave leave, std::function<void()> on_stopped) {
  WAYPOST_ASSERT(surroundings_.executor.in_executor_thread());
  on_stopped_ = std::move(on_stopped);
  // What the probes find out no longer matters; a verdict now would only delay
  // the goodbye.
  probes_.clear();
  dispatch(Stop{leave});
}

void AgentRunner::on_drain_notice(NameserverIndex nameserver,
                                  const model::DrainNotice& notice) {
  perform(Note{Note::What::kNameserverStepsBack, nameserver, base::Duration{0},
               notice.reason});
}

// --- The core's wishes ---

void AgentRunner::dispatch(const Event& event) {
  WAYPOST_ASSERT(surroundings_.executor.in_executor_thread());
  const Effects effects = core_->step(event, surroundings_.executor.now());
  for (const Effect& effect : effects) {
    std::visit([this](const auto& each) { perform(each); }, effect);
  }
  arm_timer();
}

void AgentRunner::arm_timer() {
  const base::Instant due = core_->next_wakeup();
  wakeup_timer_.reset();
  if (due == base::Instant::max()) return;
  const base::Instant now = surroundings_.executor.now();
  wakeup_timer_ = surroundings_.executor.run_after(
      std::max(due, now) - now, [this] { dispatch(Tick{}); });
}

void AgentRunner::perform(const Connect& effect) {
  Nameserver& nameserver = at(effect.link.nameserver);
  NameserverLink::Options options;
  options.endpoint = nameserver.endpoint;
  options.connect_timeout = settings_.registration.rpc_timeout;
  options.hello.role = model::PeerRole::kAgent;
  options.hello.name = "waypost-agent";
  if (!settings_.observe) {
    options.hello.broker = settings_.registration.identity.broker;
  }
  nameserver.link = std::make_unique<NameserverLink>(
      surroundings_.executor, surroundings_.network, effect.link,
      std::move(options), static_cast<NameserverLink::Owner*>(this),
      surroundings_.logger);
}

void AgentRunner::perform(const Disconnect& effect) {
  Nameserver& nameserver = at(effect.link.nameserver);
  if (!nameserver.link) return;
  if (effect.keep_open_until_replaced) {
    nameserver.link->mute();
    nameserver.kept_open = std::move(nameserver.link);
  }
  nameserver.link.reset();
}

void AgentRunner::perform(const DropReplaced& effect) {
  at(effect.nameserver).kept_open.reset();
}

void AgentRunner::perform(const SendRegister& effect) {
  at(effect.link.nameserver).link->send(effect);
}
void AgentRunner::perform(const SendHeartbeat& effect) {
  at(effect.link.nameserver).link->send(effect);
}
void AgentRunner::perform(const SendVerdict& effect) {
  at(effect.link.nameserver).link->send(effect);
}
void AgentRunner::perform(const SendObserve& effect) {
  at(effect.link.nameserver).link->send(effect);
}
void AgentRunner::perform(const SendUnregister& effect) {
  at(effect.link.nameserver).link->send(effect);
}
void AgentRunner::perform(const SendHandover& effect) {
  at(effect.link.nameserver).link->send(effect);
}

void AgentRunner::perform(const Note& note) {
  tell(note, note.nameserver ? at(*note.nameserver).name : std::string());
}

void AgentRunner::tell(const Note& note, const std::string& nameserver) {
  log_note(surroundings_.logger, note, nameserver);
  if (on_note_) on_note_(note, nameserver);
}

void AgentRunner::perform(const Finished& /*effect*/) {
  for (Nameserver& nameserver : nameservers_) nameserver.kept_open.reset();
  // Not from here: the owner may destroy us in it.
  stopped_timer_ = surroundings_.executor.run_after(base::Duration{0}, [this] {
    const auto on_stopped = std::exchange(on_stopped_, nullptr);
    if (on_stopped) on_stopped();
  });
}

}  // namespace waypost::agent
