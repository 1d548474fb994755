// The registry against RouteInfoManager, over random remoting events: after
// each of them both give the same answer and show the same routes and clusters.

#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "base/random.h"
#include "namesrv/registry/remoting_lists.h"
#include "tests/namesrv/registry/java_route_info.h"
#include "tests/namesrv/registry/remoting_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;

JavaRouteInfo::TopicConfigs configs_of(const Register& event) {
  JavaRouteInfo::TopicConfigs configs;
  for (const auto& topic : event.request.topics) {
    configs[topic.name.value()] = {topic.queues.write_queues,
                                   topic.queues.read_queues,
                                   topic.queues.permission.bits, 0};
  }
  return configs;
}

class Match {
 public:
  explicit Match(std::uint64_t seed) : random_(seed) {}

  // Does one thing to both; returns what it was.
  std::string play() {
    pass_time();
    const auto draw = random_.below(100);
    if (draw < 45) return registration();
    if (draw < 55) return query();
    if (draw < 62) return unregister();
    if (draw < 72) return close();
    if (draw < 80) return permission();
    if (draw < 88) return deletion();
    const std::string effects = ours_.scan();
    java_.scan_not_active_broker(now_);
    return "scan " + effects;
  }

  void check() const {
    const auto wanted = java_.routes();
    const auto topics = all_topics(ours_.registry.table());
    REQUIRE(topics.size() == wanted.size());
    for (const auto& [topic, route] : wanted) {
      CAPTURE(topic);
      REQUIRE(ours_.shown(topic) == route);
    }
    REQUIRE(ours_.cluster_text() == java_.cluster_info());
  }

 private:
  static RegistrySettings settings() {
    RegistrySettings settings;
    settings.expiry_brake = false;  // ours
    return settings;
  }
  void pass_time() {
    now_ += 1ms * random_.below(random_.chance(0.02) ? 90'000 : 4'000);
    ours_.at(now_);
  }
  std::string name() {
    return std::string(1, static_cast<char>('a' + random_.below(3)));
  }
  std::int64_t id() { return static_cast<std::int64_t>(random_.below(3)); }
  // An address is one group's: Java confuses groups that share one. Within it,
  // brokers change roles at their address.
  std::string address(const std::string& of) {
    return of + ":" + std::to_string(random_.below(4));
  }
  std::uint64_t channel() { return 1 + random_.below(5); }
  model::DataVersion version() {
    model::DataVersion drawn;
    drawn.counter = static_cast<std::int64_t>(random_.below(3));
    drawn.timestamp = static_cast<std::int64_t>(random_.below(2));
    return drawn;
  }

  std::string registration() {
    Told told;
    const std::string name = this->name();
    told.broker = name + "/" + std::to_string(id());
    told.binding = channel();
    told.address = address(name);
    told.ha = "ha" + std::to_string(random_.below(2));
    told.cluster = clusters_.at(name);
    told.topics.clear();
    for (auto n = random_.below(5); n > 0; --n) {
      told.topics.push_back("t" + std::to_string(random_.below(8)) + ":" +
                            std::to_string(random_.below(4)) + ":" +
                            (random_.chance(0.3) ? "r" : "rwi"));
    }
    Register event = RemotingScript::event_of(told);
    event.remoting.version = version();
    const std::string answer = ours_.step(event);
    const auto& key = event.request.broker;
    const auto result = java_.register_broker(
        told.cluster, told.address, name, key.broker_id.value(), told.ha,
        event.remoting.version, configs_of(event), told.binding, now_);
    const auto& reply = std::get<RemotingRegisterReply>(ours_.last.reply);
    REQUIRE(reply.accepted);
    REQUIRE(reply.master_address == result.master_addr);
    REQUIRE(reply.ha_address == result.ha_server_addr);
    return "register " + answer;
  }
  std::string query() {
    const std::string where = address(name());
    const auto asked = version();
    ours_.step(QueryDataVersion{where, asked});
    const bool changed = java_.is_broker_topic_config_changed(where, asked);
    if (!changed) java_.update_broker_info_update_timestamp(where, now_);
    REQUIRE(std::get<DataVersionReply>(ours_.last.reply).changed == changed);
    return changed ? "other version" : "same version";
  }
  std::string unregister() {
    const std::string of = name();
    const std::string where = address(of);
    const std::int64_t id = this->id();
    ours_.step(RemotingUnregister{{model::BrokerName(of), model::BrokerId(id)},
                                  where});
    java_.unregister_broker(clusters_.at(of), where, of, id);
    return "unregister";
  }
  std::string close() {
    const std::uint64_t which = channel();
    ours_.close(which);
    java_.on_channel_destroy(which);
    return "close";
  }
  std::string permission() {
    const std::string of = name();
    const bool wipe = random_.chance(0.6);
    if (wipe) {
      ours_.wipe(of);
    } else {
      ours_.add(of);
    }
    const int count = java_.operate_write_perm_of_broker(of, wipe);
    REQUIRE(std::get<WritePermissionReply>(ours_.last.reply).topic_count ==
            static_cast<std::size_t>(count));
    return "permission";
  }
  std::string deletion() {
    const std::string topic = "t" + std::to_string(random_.below(8));
    if (random_.chance(0.5)) {
      ours_.drop_topic(topic);
      java_.delete_topic(topic);
    } else {
      const std::string cluster = random_.chance(0.5) ? "C1" : "C2";
      ours_.drop_topic(topic, cluster);
      java_.delete_topic(topic, cluster);
    }
    return "delete";
  }

  base::Random random_;
  base::Duration now_ = Script::kStart.time_since_epoch();
  RemotingScript ours_{settings()};
  JavaRouteInfo java_;
  const std::map<std::string, std::string> clusters_ = {
      {"a", "C1"}, {"b", "C1"}, {"c", "C2"}};
};

TEST_CASE("the registry agrees with Java's RouteInfoManager, event by event") {
  std::map<std::string, int> played;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Match match(seed);
    for (int i = 0; i < 1500; ++i) {
      CAPTURE(i);
      const std::string what = match.play();
      CAPTURE(what);
      match.check();
      ++played[what.substr(0, what.find(' '))];
      for (const char* kind : {"replaced", "address-changed", "master",
                               "topics-changed", "unchanged", "expired"}) {
        if (what.find(kind) != std::string::npos) ++played[kind];
      }
    }
  }
  for (const char* kind :
       {"register", "replaced", "address-changed", "master", "topics-changed",
        "unchanged", "same", "other", "unregister", "close", "expired"}) {
    CAPTURE(kind);
    CHECK(played[kind] > 20);
  }
}

}  // namespace
}  // namespace waypost::registry
