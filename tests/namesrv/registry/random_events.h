#ifndef WAYPOST_TESTS_NAMESRV_REGISTRY_RANDOM_EVENTS_H_
#define WAYPOST_TESTS_NAMESRV_REGISTRY_RANDOM_EVENTS_H_

// Events for the registry out of few names and numbers, so that they collide.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/random.h"
#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {

class RandomEvents {
 public:
  explicit RandomEvents(std::uint64_t seed) : random_(seed) {}

  base::Duration pause() {
    if (random_.chance(0.02))
      return std::chrono::milliseconds(1) * random_.below(40'000);
    return std::chrono::milliseconds(1) * random_.below(700);
  }

  Event next() {
    // Most of it keeps brokers alive, or nothing would ever be there.
    const auto draw = random_.below(100);
    if (draw < 3) return Sweep{random_.below(4)};
    if (draw < 5) return BindingIdle{binding()};
    if (draw < 14) return over_remoting();
    if (draw < 30) return registration();
    if (draw < 60) return heartbeat();
    if (draw < 67) return verdict();
    if (draw < 70) return observation();
    if (draw < 73) return Unregister{{key(), epoch(), "stopped"}, binding()};
    if (draw < 77) {
      return Handover{
          {key(), epoch(), std::chrono::milliseconds(1) * random_.below(9000)},
          binding()};
    }
    if (draw < 82) {
      return BindingClosed{binding(),
                           static_cast<BindingClosed::Cause>(random_.below(3))};
    }
    if (draw < 98) return Scan{random_.chance(0.3)};
    return ClockGap{std::chrono::milliseconds(1) * random_.below(20'000)};
  }

  // A chance for events to meet: the most recent names of a broker are likely
  // to be drawn again.
  void remember(const Register& event) { recent_ = event; }

 private:
  model::BrokerKey key() {
    if (random_.chance(0.5)) return recent_.request.broker;
    return {model::BrokerName(
                std::string(1, static_cast<char>('a' + random_.below(5)))),
            model::BrokerId(static_cast<std::int64_t>(random_.below(3)))};
  }
  model::Epoch epoch() {
    if (random_.chance(0.7)) return recent_.request.epoch;
    return model::Epoch(1 + random_.below(3));
  }
  model::BindingId binding() {
    if (random_.chance(0.7)) return recent_.binding;
    return model::BindingId(1 + random_.below(8));
  }
  std::vector<model::TopicConfig> topics(std::uint64_t most) {
    std::map<std::string, model::TopicConfig> drawn;
    for (std::uint64_t n = random_.below(most + 1); n > 0; --n) {
      auto topic = topic_config("t" + std::to_string(random_.below(12)));
      topic.queues.read_queues = static_cast<std::uint32_t>(random_.below(3));
      drawn[topic.name.value()] = topic;
    }
    std::vector<model::TopicConfig> all;
    for (const auto& [name, topic] : drawn) all.push_back(topic);
    return all;
  }

  Register registration() {
    if (random_.chance(0.2)) return recent_;
    Register event = register_event({});
    model::RegisterRequest& request = event.request;
    request.broker = key();
    request.epoch = epoch();
    event.binding = binding();
    request.cluster = model::ClusterName(random_.chance(0.05) ? "other" : "c");
    request.address.port = static_cast<std::uint16_t>(1 + random_.below(2));
    request.zone = random_.chance(0.3) ? "z" : "";
    request.topics = topics(9);
    request.topics_digest = model::digest_topics(request.topics);
    if (random_.chance(0.3))
      request.expiry = std::chrono::milliseconds(1) * random_.below(15'000);
    if (random_.chance(0.1)) {
      request.healthy = false;
      request.health_reason = "told at registration";
      request.verdict_action = action();
    }
    if (random_.chance(0.3)) {
      speak_remoting(event);
    } else if (random_.chance(0.3)) {
      request.mode = model::RegisterMode::kIncremental;
      event.topics = TopicsPolicy::kMerge;
      request.topics = topics(2);
      if (random_.chance(0.7)) {
        request.removed.emplace_back("t" + std::to_string(random_.below(12)));
        std::erase_if(request.topics, [&](const auto& topic) {
          return topic.name == request.removed[0];
        });
      }
    }
    std::reverse(request.topics.begin(), request.topics.end());
    return event;
  }

  void speak_remoting(Register& event) {
    event.origin = Origin::kRemoting;
    event.apply_if = ApplyIf::kDifferent;
    event.topics = event.request.broker.broker_id == model::kMasterId
                       ? TopicsPolicy::kMerge
                       : TopicsPolicy::kIgnore;
    event.on_address_conflict =
        static_cast<OnAddressConflict>(random_.below(2));
    RemotingRegistration& told = event.remoting;
    told.address = address();
    event.request.address = {
        told.address.substr(0, told.address.size() - 2),
        told.address.back() == '1' ? std::uint16_t{1} : std::uint16_t{2}};
    told.ha_address = random_.chance(0.5) ? "ha" : "";
    told.version = version();
    if (random_.chance(0.5)) told.acting_master = random_.chance(0.5);
    told.body = body();
  }
  // Some of a broker, some of its group, which changes of role meet.
  std::string address() {
    const model::BrokerKey at = key();
    const std::string host =
        random_.chance(0.5) ? at.to_string() : at.broker_name.value();
    return host + (random_.chance(0.5) ? ":1" : ":2");
  }
  model::DataVersion version() {
    model::DataVersion drawn;
    drawn.counter = static_cast<std::int64_t>(random_.below(3));
    drawn.state_version = static_cast<std::int64_t>(random_.below(2));
    return drawn;
  }
  model::Digest body() {
    return {random_.below(3), 0};  // sometimes none
  }
  model::Permission permission() {
    return {static_cast<std::uint32_t>(random_.below(8))};
  }
  model::TopicName topic() {
    return model::TopicName("t" + std::to_string(random_.below(12)));
  }

  Event over_remoting() {
    const RemotingRegistration& last = recent_.remoting;
    const auto where = [&] {
      return random_.chance(0.7) ? last.address : address();
    };
    switch (random_.below(9)) {
      case 0:
        return RegisterUnchanged{recent_.request.broker, where(),
                                 random_.chance(0.8) ? last.body : body(),
                                 binding()};
      case 1:
        return BrokerHeartbeat{where()};
      case 2:
        return QueryDataVersion{where(),
                                random_.chance(0.7) ? last.version : version()};
      case 3:
        return RemotingUnregister{key(), where()};
      case 4:
        return ChangeWritePermission{
            key().broker_name,
            static_cast<ChangeWritePermission::Change>(random_.below(2))};
      case 5:
        return OverridePermission{
            key().broker_name,
            random_.chance(0.5) ? std::optional(permission()) : std::nullopt};
      case 6: {
        DeleteTopic event{topic(), std::nullopt};
        if (random_.chance(0.5)) event.cluster = recent_.request.cluster;
        return event;
      }
      case 7: {
        RegisterTopic event{topic(), {}};
        event.groups.push_back({key().broker_name, {1, 2, permission(), 0}});
        return event;
      }
      default:
        return Retune{random_.chance(0.3)};
    }
  }

  Event heartbeat() {
    const auto digest = random_.chance(0.9) ? recent_.request.topics_digest
                                            : model::digest_bytes("other");
    return Heartbeat{{key(), epoch(), digest}, binding()};
  }

  Event verdict() {
    Verdict event;
    event.request.broker = key();
    event.request.epoch = epoch();
    event.request.healthy = random_.chance(0.4);
    event.request.action = action();
    event.request.reason = "reason " + std::to_string(random_.below(2));
    event.request.observer = random_.chance(0.4);
    event.request.lapses_after =
        std::chrono::milliseconds(1) * random_.below(5000);
    event.binding = binding();
    return event;
  }

  Event observation() {
    Observe event;
    event.request.address = recent_.request.address;
    event.request.address.port =
        static_cast<std::uint16_t>(1 + random_.below(2));
    event.request.healthy = random_.chance(0.4);
    event.request.action = action();
    event.request.reason = "reason " + std::to_string(random_.below(2));
    event.request.lapses_after =
        std::chrono::milliseconds(1) * random_.below(5000);
    event.binding = binding();
    return event;
  }

  model::VerdictAction action() {
    return static_cast<model::VerdictAction>(random_.below(2));
  }

  base::Random random_;
  Register recent_ = register_event({});
};

}  // namespace waypost::registry

#endif  // WAYPOST_TESTS_NAMESRV_REGISTRY_RANDOM_EVENTS_H_
