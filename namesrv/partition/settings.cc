#include "namesrv/partition/settings.h"

#include <algorithm>
#include <cctype>

#include "base/units.h"

namespace waypost::partition {
namespace {

using base::ErrorCode;
using base::fail;

const std::string& role_of(const Settings& settings) {
  static const std::string kNone;
  switch (settings.mode) {
    case Mode::kStaticQuorum:
      return settings.static_quorum_role;
    case Mode::kKeepMajority:
      return settings.keep_majority_role;
    case Mode::kKeepOldest:
      return settings.keep_oldest_role;
    case Mode::kLeaseMajority:
      return settings.lease_majority_role;
    default:
      return kNone;
  }
}

}  // namespace

base::Result<DownAllWhenUnstable> DownAllWhenUnstable::parse(
    std::string_view text) {
  DownAllWhenUnstable value;
  if (text == "on") return value;
  if (text == "off") {
    value.kind_ = Kind::kOff;
    return value;
  }
  const auto duration = base::parse_duration(text);
  if (!duration || *duration <= base::Duration(0)) {
    return fail(ErrorCode::kInvalidArgument,
                "down-all-when-unstable '" + std::string(text) +
                    "' is neither on, off nor a duration above 0",
                "to switch it off, say off");
  }
  value.kind_ = Kind::kFixed;
  value.fixed_ = *duration;
  return value;
}

base::Duration DownAllWhenUnstable::resolve(base::Duration stable_after) const {
  switch (kind_) {
    case Kind::kOn:
      return std::max<base::Duration>(std::chrono::seconds(4),
                                      stable_after * 3 / 4);
    case Kind::kOff:
      return base::Duration(0);
    case Kind::kFixed:
      break;
  }
  return fixed_;
}

std::string DownAllWhenUnstable::to_string() const {
  switch (kind_) {
    case Kind::kOn:
      return "on";
    case Kind::kOff:
      return "off";
    case Kind::kFixed:
      break;
  }
  return base::format_duration(fixed_);
}

base::Result<LeaseKind> parse_lease_kind(std::string_view text) {
  if (text == "file") return LeaseKind::kFile;
  if (text == "etcd") return LeaseKind::kEtcd;
  return fail(ErrorCode::kInvalidArgument,
              "there is no lease implementation '" + std::string(text) +
                  "'; allowed: file, etcd",
              "file is for nameservers on one machine");
}

base::Result<Recover> parse_recover(std::string_view text) {
  if (text == "ignore") return Recover::kIgnore;
  if (text == "autoheal") return Recover::kAutoheal;
  return fail(ErrorCode::kInvalidArgument,
              "pause-if-all-down cannot recover by '" + std::string(text) +
                  "'; allowed: ignore, autoheal");
}

std::string lease_name_or(std::string_view configured,
                          std::string_view default_name) {
  const auto blank = [](char each) {
    return std::isspace(static_cast<unsigned char>(each)) != 0;
  };
  const auto first =
      std::find_if_not(configured.begin(), configured.end(), blank);
  if (first == configured.end()) return std::string(default_name);
  const auto last =
      std::find_if_not(configured.rbegin(), configured.rend(), blank).base();
  return {first, last};
}

PausePolicy pause_policy(const Settings& settings) {
  PausePolicy policy;
  policy.mode = settings.mode;
  policy.preferred = {settings.pause_if_all_down_nodes.begin(),
                      settings.pause_if_all_down_nodes.end()};
  policy.recover = settings.pause_if_all_down_recover;
  return policy;
}

ResolverSettings resolver_settings(const Settings& settings) {
  ResolverSettings resolver;
  resolver.strategy.mode = settings.mode;
  resolver.strategy.role = role_of(settings);
  resolver.strategy.quorum_size = settings.quorum_size.value_or(1);
  resolver.strategy.down_if_alone = settings.keep_oldest_down_if_alone;
  resolver.strategy.acquire_delay_for_minority =
      settings.acquire_lease_delay_for_minority;
  resolver.stable_after = settings.stable_after;
  resolver.down_all_when_unstable =
      settings.down_all_when_unstable.resolve(settings.stable_after);
  resolver.release_after = settings.lease_release_after;
  return resolver;
}

base::Status check(const Settings& settings) {
  if (settings.mode == Mode::kPauseIfAllDown) {
    if (settings.pause_if_all_down_nodes.empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  "pause-if-all-down lists no nodes",
                  "set cluster.pause-if-all-down.nodes to the peers that must "
                  "be reachable, at least one");
    }
    if (!settings.pause_if_all_down_recover) {
      return fail(ErrorCode::kInvalidArgument,
                  "pause-if-all-down does not say what follows a cut with "
                  "listed nodes on both sides",
                  "set cluster.pause-if-all-down.recover to ignore or "
                  "autoheal");
    }
  }
  if (settings.mode == Mode::kStaticQuorum &&
      settings.quorum_size.value_or(0) < 1) {
    return fail(ErrorCode::kInvalidArgument, "static-quorum has no quorum size",
                "set cluster.static-quorum.quorum-size to more than half of "
                "the nameservers");
  }
  if (settings.mode == Mode::kLeaseMajority &&
      settings.lease_implementation == LeaseKind::kNone) {
    return fail(ErrorCode::kInvalidArgument,
                "lease-majority has no lease implementation",
                "set cluster.lease-majority.lease-implementation to etcd, or "
                "to file for nameservers on one machine");
  }
  if (settings.mode == Mode::kLeaseMajority &&
      settings.lease_release_after <=
          settings.acquire_lease_delay_for_minority) {
    return fail(ErrorCode::kInvalidArgument,
                "lease-majority gives the lease back before the smaller side "
                "of a cut asks for it: both would get it and stay",
                "set cluster.lease-majority.release-after well above "
                "acquire-lease-delay-for-minority; 40s and 2s are the "
                "defaults");
  }
  if (settings.stable_after < base::Duration(0) ||
      settings.acquire_lease_delay_for_minority < base::Duration(0)) {
    return fail(ErrorCode::kInvalidArgument,
                "stable-after and acquire-lease-delay-for-minority cannot be "
                "negative");
  }
  return {};
}

}  // namespace waypost::partition
