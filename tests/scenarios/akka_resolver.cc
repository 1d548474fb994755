#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "namesrv/partition/downing_resolver.h"
#include "tests/scenarios/akka_timed.h"
#include "tests/scenarios/akka_view.h"

namespace waypost::scenarios {
namespace {

using partition::DowningResolver;

constexpr base::Instant kStart{std::chrono::hours(1)};

partition::ResolverSettings settings_of(const Json& scenario) {
  partition::ResolverSettings settings;
  settings.strategy = akka_strategy(scenario.at("settings"));
  // The files are for a harness whose quiet time is 1 ns shorter; what follows
  // an unstable time is measured from the same settings, so it gives that back.
  settings.stable_after =
      ms(scenario.at("stable_after_ms")) - base::Duration(1);
  settings.down_all_when_unstable =
      ms(scenario.at("down_all_when_unstable_ms"));
  if (settings.down_all_when_unstable > base::Duration(0)) {
    settings.down_all_when_unstable += base::Duration(1);
  }
  if (scenario.at("settings").contains("release_after_ms")) {
    settings.release_after = ms(scenario.at("settings").at("release_after_ms"));
  }
  return settings;
}

class ResolverRun {
 public:
  explicit ResolverRun(const Json& scenario)
      : resolver_(settings_of(scenario), name_of(scenario.at("self")),
                  scenario.value("self_data_center", "default"), kStart) {}

  void play(const Json& event) {
    const base::Instant now = kStart + ms(event.at("at_ms"));
    acquire_until(now);
    const std::string what = event.at("event");
    if (what == "lease_next") {
      // Anything but true is a failure: a refusal, an error, a timeout.
      const Json& result = event.at("result");
      lease_ = result.is_boolean() && result.get<bool>();
    } else if (what == "lease_held") {
      held_ = event.value("held", true);
    } else {
      step(translate(what, event), now);
    }
    acquire_until(now);
  }

  // The lease's delay may end after the last event.
  Json finish() {
    acquire_until(base::Instant::max());
    return {{"downs", downs_}};
  }

 private:
  partition::ResolverEvent translate(const std::string& what,
                                     const Json& event) {
    static const std::map<std::string, partition::MemberStatus> kChanges = {
        {"joining", partition::MemberStatus::kJoining},
        {"weakly_up", partition::MemberStatus::kWeaklyUp},
        {"up", partition::MemberStatus::kUp},
        {"leaving", partition::MemberStatus::kLeaving},
        {"exiting", partition::MemberStatus::kExiting},
        {"downed", partition::MemberStatus::kDown},
        {"down", partition::MemberStatus::kDown}};
    if (const auto change = kChanges.find(what); change != kChanges.end()) {
      return member_changed(event, change->second);
    }
    if (what == "removed") return partition::MemberRemoved{named(event)};
    if (what == "unreachable") {
      // Told of one that is Down already: the same as its downing.
      const Json& member = event.at("member");
      if (member.is_object() && member.value("status", "") == "Down") {
        return member_changed(event, partition::MemberStatus::kDown);
      }
      return partition::MemberUnreachable{named(event)};
    }
    if (what == "reachable") return partition::MemberReachable{named(event)};
    if (what == "quarantined_by") {
      return partition::QuarantinedBy{named(event)};
    }
    if (what == "leader") {
      const Json& leader = event.at("member");
      if (leader.is_null()) return partition::LeaderChanged{};
      return partition::LeaderChanged{named(event)};
    }
    if (what == "reachability") {
      return partition::ObservationsChanged{akka_records(event.at("records"))};
    }
    if (what == "seen") {
      for (const char* key : {"seen_by", "nodes", "members"}) {
        if (event.contains(key)) {
          return partition::SeenChanged{set_of(event.at(key))};
        }
      }
    }
    if (what == "tick") return partition::ResolverTick{held_};
    throw Skip("the event " + what);
  }

  static model::PeerName named(const Json& event) {
    const Json& member = event.at("member");
    return name_of(member.is_object() ? member.at("name") : member);
  }

  partition::ResolverEvent member_changed(const Json& event,
                                          partition::MemberStatus status) {
    const Json& value = event.at("member");
    if (value.is_object()) {
      partition::Member member = akka_member(value);
      member.status = status;
      return partition::MemberChanged{std::move(member)};
    }
    for (const partition::Member& known : resolver_.view().members) {
      if (known.name == name_of(value)) {
        partition::Member member = known;
        member.status = status;
        return partition::MemberChanged{std::move(member)};
      }
    }
    throw Skip("a change of " + value.dump() + ", who is no member");
  }

  void step(const partition::ResolverEvent& event, base::Instant now) {
    for (const auto& effect : resolver_.step(event, now)) {
      if (const auto* down = std::get_if<partition::SetDown>(&effect)) {
        downs_.push_back(
            {{"at_ms", base::to_ms(now - kStart)},
             {"nodes", to_json(down->names)},
             {"decision", partition::decision_name(down->decision)}});
      } else if (const auto* acquire =
                     std::get_if<partition::AcquireLease>(&effect)) {
        acquire_at_ = now + acquire->after;
      }
    }
  }

  // A lease of which nothing was said never answers.
  void acquire_until(base::Instant now) {
    if (!acquire_at_ || *acquire_at_ > now || !lease_) return;
    const base::Instant at = *std::exchange(acquire_at_, std::nullopt);
    if (*lease_) held_ = true;
    step(partition::LeaseAnswered{*lease_}, at);
  }

  DowningResolver resolver_;
  std::optional<bool> lease_;
  bool held_ = false;
  std::optional<base::Instant> acquire_at_;
  Json downs_ = Json::array();
};

}  // namespace

Json akka_resolver(const Json& scenario) {
  ResolverRun run(scenario);
  for (const Json& event : scenario.at("events")) run.play(event);
  return run.finish();
}

}  // namespace waypost::scenarios
