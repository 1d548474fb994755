#ifndef WAYPOST_TESTS_BROKER_AGENT_CORE_TRANSCRIPT_H_
#define WAYPOST_TESTS_BROKER_AGENT_CORE_TRANSCRIPT_H_

#include <cstdint>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "broker_agent/core/registration.h"

namespace waypost::agent::testing {

inline model::TopicConfig topic(const std::string& name,
                                std::uint32_t queues = 4) {
  return {model::TopicName(name), {queues, queues, {}, 0}};
}

inline TopicListPtr topic_list(std::vector<model::TopicConfig> topics) {
  return std::make_shared<const TopicList>(*TopicList::make(std::move(topics)));
}

// A list of `count` topics "t0", "t1", ...
inline TopicListPtr many_topics(int count, std::uint32_t queues = 4) {
  std::vector<model::TopicConfig> topics;
  for (int i = 0; i < count; ++i) {
    topics.push_back(topic("t" + std::to_string(i), queues));
  }
  return topic_list(std::move(topics));
}

inline RegistrationSettings make_settings(std::size_t nameservers) {
  RegistrationSettings settings;
  settings.identity.cluster = model::ClusterName("c");
  settings.identity.broker = {model::BrokerName("broker-a"), model::kMasterId};
  settings.identity.address = {"10.0.0.1", 1883};
  settings.nameserver_count = nameservers;
  settings.seed = 1;
  return settings;
}

// Plays a Registration on a virtual clock and writes down what it wants, one
// line for each effect, each with its time in milliseconds:
//   "0 ns0 connect". Heartbeats are left out unless asked for.
class Transcript {
 public:
  Transcript(RegistrationSettings settings, TopicListPtr topics)
      : core_(std::move(settings), std::move(topics)) {
    send(Tick{});
  }

  void send(const Event& event) { record(core_.step(event, now_)); }

  // Lets time pass, with a tick whenever the core asked for one.
  void run_until_ms(std::int64_t until_ms) {
    const base::Instant until{std::chrono::milliseconds(until_ms)};
    while (core_.next_wakeup() <= until) {
      now_ = std::max(now_, core_.next_wakeup());
      send(Tick{});
    }
    now_ = until;
  }
  // Runs until a line contains `text`, or the time is up.
  bool run_until_line(const std::string& text, std::int64_t until_ms) {
    const base::Instant until{std::chrono::milliseconds(until_ms)};
    while (log_.str().find(text) == std::string::npos) {
      if (core_.next_wakeup() > until) return false;
      now_ = std::max(now_, core_.next_wakeup());
      send(Tick{});
    }
    return true;
  }

  // What was written since the last call.
  std::string take() {
    std::string text = log_.str();
    log_.str("");
    return text;
  }

  Link link(std::size_t nameserver) const { return links_.at(nameserver); }
  std::int64_t now_ms() const { return base::to_ms(now_.time_since_epoch()); }
  Registration& core() { return core_; }
  void show_heartbeats(bool show) { show_heartbeats_ = show; }
  int heartbeats() const { return heartbeats_; }
  const model::RegisterRequest& last_register() const { return register_; }
  base::Duration last_deadline() const { return deadline_; }

  // Short hands for answers.
  void connected(std::size_t ns, std::uint64_t incarnation = 100,
                 std::uint64_t epoch = 0) {
    model::HelloReply hello;
    hello.incarnation = model::Incarnation(incarnation + ns);
    hello.largest_epoch = model::Epoch(epoch);
    send(Connected{link(ns), hello});
  }
  void registered(std::size_t ns, std::uint64_t incarnation = 100) {
    send(RegisterDone{
        link(ns),
        model::RegisterReply{model::Incarnation(incarnation + ns), {}, true}});
  }
  void heartbeat_answered(std::size_t ns, bool known,
                          std::uint64_t incarnation = 100) {
    send(HeartbeatDone{link(ns),
                       model::HeartbeatReply{
                           model::Incarnation(incarnation + ns), {}, known}});
  }
  void verdict_answered(std::size_t ns, bool known = true) {
    send(VerdictDone{link(ns), model::VerdictReply{known, true}});
  }
  template <typename Done>
  void failed(std::size_t ns, base::ErrorCode code,
              const std::string& message = "no") {
    send(Done{link(ns), tl::unexpected(base::Error{code, message, {}})});
  }
  void disconnected(std::size_t ns, const std::string& message = "closed") {
    send(Disconnected{link(ns),
                      base::Error{base::ErrorCode::kUnavailable, message, {}}});
  }

 private:
  void record(const Effects& effects) {
    for (const Effect& effect : effects) {
      std::visit([this](const auto& each) { write(each); }, effect);
    }
  }
  std::ostream& line(const Link& link) {
    if (links_.size() <= link.nameserver.value()) {
      links_.resize(link.nameserver.value() + 1);
    }
    links_[link.nameserver.value()] = link;
    return log_ << now_ms() << " ns" << link.nameserver.value() << ' ';
  }
  void write(const Connect& effect) { line(effect.link) << "connect\n"; }
  void write(const Disconnect& effect) {
    line(effect.link) << "disconnect"
                      << (effect.keep_open_until_replaced ? ", keep open" : "")
                      << '\n';
  }
  void write(const DropReplaced& effect) {
    log_ << now_ms() << " ns" << effect.nameserver.value()
         << " drop replaced\n";
  }
  void write(const SendRegister& effect) {
    register_ = effect.request;
    deadline_ = effect.deadline;
    const bool full = effect.request.mode == model::RegisterMode::kFull;
    auto& out = line(effect.link);
    out << "register " << (full ? "full" : "incremental") << " epoch "
        << effect.request.epoch.value();
    for (const auto& each : effect.request.topics) {
      if (effect.request.topics.size() < 5) out << " +" << each.name.value();
    }
    for (const auto& each : effect.request.removed) out << " -" << each.value();
    out << (effect.request.healthy ? "" : " unhealthy") << '\n';
  }
  void write(const SendHeartbeat& effect) {
    ++heartbeats_;
    if (show_heartbeats_) line(effect.link) << "heartbeat\n";
  }
  void write(const SendVerdict& effect) {
    line(effect.link) << "verdict "
                      << (effect.request.healthy ? "healthy" : "unhealthy")
                      << '\n';
  }
  void write(const SendObserve& effect) { line(effect.link) << "observe\n"; }
  void write(const SendUnregister& effect) {
    line(effect.link) << "unregister epoch " << effect.request.epoch.value()
                      << '\n';
  }
  void write(const SendHandover& effect) { line(effect.link) << "handover\n"; }
  void write(const Finished&) { log_ << now_ms() << " finished\n"; }
  void write(const Note& note) {
    switch (note.what) {  // the others follow from the lines above
      case Note::What::kSuperseded:
        log_ << now_ms() << " ! superseded\n";
        break;
      case Note::What::kContested:
        log_ << now_ms() << " ! contested\n";
        break;
      case Note::What::kRefused:
        log_ << now_ms() << " ! refused\n";
        break;
      case Note::What::kNameserverHung:
        log_ << now_ms() << " ! hung\n";
        break;
      case Note::What::kRestarted:
        log_ << now_ms() << " ! restarted\n";
        break;
      case Note::What::kLeftWithoutGoodbye:
        log_ << now_ms() << " ! left without goodbye\n";
        break;
      default:
        break;
    }
  }

  Registration core_;
  base::Instant now_{};
  std::ostringstream log_;
  std::vector<Link> links_;
  bool show_heartbeats_ = false;
  int heartbeats_ = 0;
  model::RegisterRequest register_;
  base::Duration deadline_{0};
};

}  // namespace waypost::agent::testing

#endif  // WAYPOST_TESTS_BROKER_AGENT_CORE_TRANSCRIPT_H_
