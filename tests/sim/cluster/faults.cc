#include "tests/sim/cluster/faults.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/units.h"

namespace waypost::sim {
namespace {

using Sides = std::vector<std::vector<std::string>>;

std::string seconds_text(base::Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f",
                static_cast<double>(base::to_ms(duration)) / 1000);
  return text;
}

std::string side_text(const std::vector<std::string>& side) {
  std::string text;
  for (const std::string& name : side) text += (text.empty() ? "" : ",") + name;
  return text;
}

const std::string& any_of(const std::vector<std::string>& names,
                          base::Random& random) {
  return names[random.below(names.size())];
}

std::vector<std::string> everybody(const Cast& cast) {
  std::vector<std::string> all = cast.nameservers;
  all.insert(all.end(), cast.brokers.begin(), cast.brokers.end());
  all.insert(all.end(), cast.clients.begin(), cast.clients.end());
  all.insert(all.end(), cast.stores.begin(), cast.stores.end());
  return all;
}

// Mostly two sides, now and then three; every nameserver is on one of them,
// other machines are on one or, as often, see all.
Sides draw_sides(const Cast& cast, base::Random& random) {
  const std::size_t count =
      cast.nameservers.size() > 2 && random.chance(0.15) ? 3 : 2;
  Sides sides(count);
  std::vector<std::string> nameservers = cast.nameservers;
  for (std::size_t i = nameservers.size(); i > 1; --i) {
    std::swap(nameservers[i - 1], nameservers[random.below(i)]);
  }
  // One on each side first: a split divides.
  for (std::size_t i = 0; i < nameservers.size(); ++i) {
    sides[i < count ? i : random.below(count)].push_back(nameservers[i]);
  }
  for (const auto& others : {cast.brokers, cast.clients, cast.stores}) {
    for (const std::string& name : others) {
      if (random.chance(0.5)) sides[random.below(count)].push_back(name);
    }
  }
  for (auto& side : sides) std::sort(side.begin(), side.end());
  return sides;
}

// One link, or one machine against all others.
Sides draw_link(const Cast& cast, base::Random& random) {
  std::vector<std::string> all = everybody(cast);
  const std::string one = random.chance(0.7) ? any_of(cast.nameservers, random)
                                             : any_of(all, random);
  std::erase(all, one);
  std::vector<std::string> peers = cast.nameservers;
  std::erase(peers, one);
  Sides sides = {{one}, {}};
  switch (random.below(4)) {
    case 0:
      sides[1] = all;
      break;
    case 1:
      sides[1] = peers;
      break;
    case 2:
      sides[1] = {any_of(peers, random)};
      break;
    default:
      sides[1] = {any_of(all, random)};
  }
  if (random.chance(0.5)) std::swap(sides[0], sides[1]);
  return sides;
}

// The profile gives a client's question a second for all nameservers together.
Cast without_clients(Cast cast) {
  cast.clients.clear();
  return cast;
}

base::Duration draw_between(base::Duration min, base::Duration max,
                            base::Random& random) {
  const auto span = static_cast<std::uint64_t>(base::to_ms(max - min));
  return min + std::chrono::milliseconds(random.below(span + 1));
}

// As many short as long ones: log-uniform.
base::Duration draw_length(const FaultStyle& style, base::Random& random) {
  const double low =
      std::log(static_cast<double>(base::to_ms(style.lasts_min)));
  const double high =
      std::log(static_cast<double>(base::to_ms(style.lasts_max)));
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(std::exp(low + (high - low) * random.unit())));
}

FaultKind draw_kind(const FaultStyle& style, base::Random& random) {
  std::uint64_t total = 0;
  for (const auto& each : style.weights) total += each.weight;
  std::uint64_t left = random.below(total);
  for (const auto& each : style.weights) {
    if (left < each.weight) return each.kind;
    left -= each.weight;
  }
  return style.weights.back().kind;
}

std::string draw_victim(FaultKind kind, const FaultStyle& style,
                        const Cast& cast, base::Random& random) {
  if (kind == FaultKind::kWipe || random.chance(style.nameserver_share)) {
    return any_of(cast.nameservers, random);
  }
  // Clients hold nothing that could be lost.
  const bool may_be_client =
      kind == FaultKind::kStop || kind == FaultKind::kSleep;
  if (may_be_client && random.chance(0.3)) return any_of(cast.clients, random);
  return any_of(cast.brokers, random);
}

}  // namespace

std::string to_string(const Fault& fault) {
  const auto sides = [&](const char* between) {
    std::string text;
    for (const auto& side : fault.sides) {
      text += (text.empty() ? " " : between) + side_text(side);
    }
    return text;
  };
  switch (fault.kind) {
    case FaultKind::kStop:
      return "stop " + fault.who;
    case FaultKind::kSleep:
      return "sleep " + fault.who;
    case FaultKind::kKill:
      return "kill " + fault.who;
    case FaultKind::kWipe:
      return "kill and wipe " + fault.who;
    case FaultKind::kPowerOff:
      return "power off " + fault.who;
    case FaultKind::kTerminate:
      return "terminate " + fault.who;
    case FaultKind::kSplit:
      return "split" + sides(" | ");
    case FaultKind::kCut:
      return "cut" + sides(" -/- ");
    case FaultKind::kOneWay:
      return "one-way cut" + sides(" -/-> ");
    case FaultKind::kSlow:
      return "slow by up to " + seconds_text(fault.amount) + "s" +
             sides(" <-> ");
    case FaultKind::kWallJump:
      return "civil clock of " + fault.who + " jumps by " +
             seconds_text(fault.amount) + "s";
  }
  return "?";
}

std::string to_string(const Schedule& schedule) {
  std::string text;
  for (const Fault& fault : schedule) {
    char times[64];
    std::snprintf(times, sizeof times,
                  "%10s for %7ss: ", seconds_text(fault.at).c_str(),
                  seconds_text(fault.lasts).c_str());
    text += times + to_string(fault) + "\n";
  }
  return text;
}

Schedule draw_schedule(const FaultStyle& style, const Cast& cast,
                       base::Duration length, base::Random& random) {
  Schedule schedule;
  if (style.weights.empty()) return schedule;
  base::Duration at{0};
  for (;;) {
    at += draw_between(std::chrono::milliseconds(1), 2 * style.every, random);
    if (at >= length) return schedule;
    Fault fault;
    fault.at = at;
    fault.kind = draw_kind(style, random);
    fault.lasts = std::min(draw_length(style, random), length - at);
    switch (fault.kind) {
      case FaultKind::kSplit:
        fault.sides = draw_sides(cast, random);
        break;
      case FaultKind::kCut:
      case FaultKind::kOneWay:
        fault.sides = draw_link(cast, random);
        break;
      case FaultKind::kSlow:
        fault.sides = draw_link(without_clients(cast), random);
        fault.amount = draw_between(std::chrono::milliseconds(20),
                                    std::chrono::milliseconds(400), random);
        break;
      case FaultKind::kWallJump:
        fault.who = any_of(cast.nameservers, random);
        fault.amount =
            draw_between(-std::chrono::hours(1), std::chrono::hours(1), random);
        break;
      default:
        fault.who = draw_victim(fault.kind, style, cast, random);
    }
    schedule.push_back(std::move(fault));
  }
}

}  // namespace waypost::sim
