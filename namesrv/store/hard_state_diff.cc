#include "namesrv/store/hard_state_diff.h"

#include <optional>
#include <string>

namespace waypost::store {
namespace {

bool same(const std::string* one, const std::string* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return *one == *other;
}

void add_kv(const KvTable& wanted, const KvTable& now, const KvTable& before,
            std::vector<Change>& changes) {
  const auto untouched = [&](const std::string& name_space,
                             const std::string& key) {
    return same(now.find(name_space, key), before.find(name_space, key));
  };
  for (const auto& [name_space, entries] : now.namespaces()) {
    for (const auto& [key, value] : *entries) {
      if (wanted.find(name_space, key) == nullptr &&
          untouched(name_space, key)) {
        changes.emplace_back(
            model::KvChange{name_space, key, std::nullopt, false});
      }
    }
  }
  for (const auto& [name_space, entries] : wanted.namespaces()) {
    for (const auto& [key, value] : *entries) {
      if (!same(&value, now.find(name_space, key)) &&
          untouched(name_space, key)) {
        changes.emplace_back(model::KvChange{name_space, key, value, true});
      }
    }
  }
}

void add_overrides(const HardState& wanted, const HardState& now,
                   const HardState& before, std::vector<Change>& changes) {
  const auto find = [](const HardState& state, const model::BrokerName& name)
      -> std::optional<model::PermissionOverride> {
    const auto found = state.overrides.find(name);
    if (found == state.overrides.end()) return std::nullopt;
    return found->second;
  };
  for (const auto& [name, set] : now.overrides) {
    if (!wanted.overrides.contains(name) && find(before, name) == set) {
      changes.emplace_back(ClearOverride{name});
    }
  }
  for (const auto& [name, set] : wanted.overrides) {
    const auto held = find(now, name);
    if (held != set && held == find(before, name)) changes.emplace_back(set);
  }
}

}  // namespace

std::vector<Change> changes_towards(const HardState& wanted,
                                    const HardState& now,
                                    const HardState& before) {
  std::vector<Change> changes;
  add_kv(wanted.kv, now.kv, before.kv, changes);
  add_overrides(wanted, now, before, changes);
  return changes;
}

}  // namespace waypost::store
