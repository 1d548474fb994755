#include "tests/scenarios/akka_view.h"

#include <map>

#include "tests/scenarios/scenario.h"

namespace waypost::scenarios {

using nlohmann::json;
using partition::MemberStatus;

partition::Member akka_member(const json& value) {
  static const std::map<std::string, MemberStatus> kStatuses = {
      {"Joining", MemberStatus::kJoining},
      {"WeaklyUp", MemberStatus::kWeaklyUp},
      {"Up", MemberStatus::kUp},
      {"PreparingForShutdown", MemberStatus::kUp},
      {"ReadyForShutdown", MemberStatus::kUp},
      {"Leaving", MemberStatus::kLeaving},
      {"Exiting", MemberStatus::kExiting},
      {"Down", MemberStatus::kDown}};
  partition::Member member;
  member.name = name_of(value.at("name"));
  member.order = value.value("address_order", std::int64_t{0});
  const std::string status = value.at("status");
  if (!kStatuses.contains(status)) throw Skip("a member's status " + status);
  member.status = kStatuses.at(status);
  for (const auto& role : value.value("roles", json::array())) {
    member.roles.insert(role.get<std::string>());
  }
  member.up_number = value.value("up_number", partition::kNeverUp);
  member.data_center = value.value("data_center", "default");
  return member;
}

partition::DowningStrategy akka_strategy(const json& settings) {
  partition::DowningStrategy strategy;
  const std::string name = settings.at("strategy");
  const auto mode = partition::parse_mode(name);
  if (!mode || partition::family_of(*mode) != partition::Family::kDowning) {
    throw Skip("the strategy " + name);
  }
  strategy.mode = *mode;
  strategy.role = settings.value("role", "");
  strategy.quorum_size = settings.value("quorum_size", std::int64_t{1});
  strategy.down_if_alone = settings.value("down_if_alone", true);
  if (settings.contains("acquire_delay_ms")) {
    strategy.acquire_delay_for_minority = ms(settings.at("acquire_delay_ms"));
  }
  return strategy;
}

std::vector<partition::Observation> akka_records(const json& records) {
  std::vector<partition::Observation> observations;
  for (const auto& record : records) {
    const std::string status = record.value("status", "Unreachable");
    if (status != "Unreachable" && status != "Terminated") continue;
    observations.push_back(
        {name_of(record.at("observer")), name_of(record.at("subject"))});
  }
  return observations;
}

partition::DowningView akka_view(const json& scenario) {
  partition::DowningView view;
  view.data_center = scenario.value("self_data_center", "default");
  for (const auto& each : scenario.at("members")) {
    view.members.push_back(akka_member(each));
  }
  view.unreachable = set_of(scenario.at("unreachable"));
  view.observations =
      akka_records(scenario.value("reachability_records", json::array()));
  view.seen_by = set_of(scenario.value("seen_by", json::array()));
  return view;
}

}  // namespace waypost::scenarios
