#ifndef WAYPOST_TESTS_NAMESRV_REGISTRY_REGISTRY_SCRIPT_H_
#define WAYPOST_TESTS_NAMESRV_REGISTRY_REGISTRY_SCRIPT_H_

// Lets a registry test read as a transcript: an event in, one line of effects
// out, at times counted from the start.
//
//   Script s;
//   CHECK(s.at(0s).enter({.broker = "a/0"}) == "changed; registered a/0");
//   CHECK(s.route("t") == "a[0@a0:1]4/4rw");

#include <string>
#include <string_view>
#include <vector>

#include "namesrv/registry/registry.h"

namespace waypost::registry {

// A registration, with defaults for what a test does not care about.
struct Entry {
  std::string broker = "a/0";
  std::uint64_t binding = 1;
  std::uint64_t epoch = 1;
  // "name", "name:8" (queues), "name:8:r" (permission).
  std::vector<std::string> topics = {"t"};
  std::vector<std::string> removed = {};
  std::string address = "";  // empty: "<name><id>:1"
  std::string cluster = "c";
  std::string zone = "";
  base::Duration expiry{0};
  bool incremental = false;
  std::string unhealthy = "";  // the reason; empty: healthy
  model::VerdictAction action = model::VerdictAction::kRemoveFromRoutes;
  Origin origin = Origin::kNative;
  TopicsPolicy policy = TopicsPolicy::kReplace;
  // What the broker says it has; empty: the digest of `topics`.
  std::string stated = "";
};

model::BrokerKey broker_key(std::string_view text);
model::TopicConfig topic_config(std::string_view text);
std::vector<model::TopicConfig> topic_configs(
    const std::vector<std::string>& texts);
// What a broker states that has these topics.
model::Digest stated_digest(const std::vector<std::string>& topics);
Register register_event(const Entry& entry);
std::string to_text(const model::Route& route);
// "unknown", "removed", ...; with_changed: also whether it changed anything.
std::string reply_text(const Reply& reply, bool with_changed = true);

class Script {
 public:
  explicit Script(RegistrySettings settings = {}) : registry(settings) {}

  Script& at(base::Duration since_start) {
    now = kStart + since_start;
    return *this;
  }

  // Each returns "reply; change broker; ..." ("-" for no reply). Details of
  // changes are in `last`.
  std::string enter(const Entry& entry);
  std::string beat(std::string_view broker, std::uint64_t binding,
                   std::uint64_t epoch = 1,
                   const std::vector<std::string>& topics = {"t"});
  std::string judge(
      std::string_view broker, std::uint64_t binding, std::string reason,
      std::uint64_t epoch = 1,
      model::VerdictAction action = model::VerdictAction::kRemoveFromRoutes);
  std::string observe(
      std::string_view broker, std::string reason, base::Duration lapses_after,
      model::VerdictAction action = model::VerdictAction::kRemoveFromRoutes);
  // As an observer on connection `binding` of whoever is at `address`; told are
  // the brokers it found.
  std::string observe_at(std::string_view address, std::string reason,
                         base::Duration lapses_after, std::uint64_t binding);
  std::string leave(std::string_view broker, std::uint64_t binding,
                    std::uint64_t epoch = 1);
  std::string hand_over(std::string_view broker, std::uint64_t binding,
                        base::Duration grace, std::uint64_t epoch = 1);
  std::string close(std::uint64_t binding,
                    BindingClosed::Cause cause = BindingClosed::Cause::kPeer);
  std::string scan(bool suspend_removals = false);
  std::string gap(base::Duration gap);
  std::string step(const Event& event);

  // "a[0@a0:1,1@a1:1!]4/4rw b[...]..." with '?' after a suspect, '!' after an
  // unhealthy replica; "-" when nobody serves it.
  std::string route(std::string_view topic) const;
  std::uint64_t stamp(std::string_view topic) const;   // 0: nobody
  std::string topics(std::string prefix = "") const;   // "t1 t2"
  std::string brokers(std::string prefix = "") const;  // "a/0 a/1 b/0"
  model::ClusterView view() const;

  static constexpr base::Instant kStart{std::chrono::hours(1000)};
  base::Instant now = kStart;
  Registry registry;
  Effects last;
};

}  // namespace waypost::registry

#endif  // WAYPOST_TESTS_NAMESRV_REGISTRY_REGISTRY_SCRIPT_H_
