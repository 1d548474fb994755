#include "namesrv/store/hard_state_diff.h"

#include <string>

#include <doctest/doctest.h>

#include "base/random.h"

namespace waypost::store {
namespace {

void put(HardState& state, const std::string& key, const std::string& value) {
  state.kv.apply({key.substr(0, 1), key, value, true});
}

void hold(HardState& state, const std::string& broker,
          const std::string& reason) {
  model::PermissionOverride set;
  set.broker_name = model::BrokerName(broker);
  set.reason = reason;
  apply(state, set);
}

HardState drawn(base::Random& random) {
  HardState state;
  for (const char* key : {"a1", "a2", "b1", "b2", "b3"}) {
    if (random.below(2) == 0) put(state, key, std::to_string(random.below(3)));
  }
  for (const char* broker : {"x", "y", "z"}) {
    if (random.below(2) == 0) {
      hold(state, broker, std::to_string(random.below(2)));
    }
  }
  return state;
}

std::string text_of(const HardState& state) {
  std::string text;
  for (const auto& [name_space, entries] : state.kv.namespaces()) {
    for (const auto& [key, value] : *entries) text += key + "=" + value + " ";
  }
  for (const auto& [name, set] : state.overrides) {
    text += name.value() + ":" + set.reason + " ";
  }
  return text;
}

TEST_CASE("the changes make one state of another, and no more than needed") {
  base::Random random(5);
  for (int i = 0; i < 500; ++i) {
    const HardState wanted = drawn(random);
    HardState now = drawn(random);
    const auto changes = changes_towards(wanted, now, now);
    CHECK(changes.empty() == (text_of(wanted) == text_of(now)));
    for (const Change& change : changes) apply(now, change);
    CHECK(text_of(now) == text_of(wanted));
  }
}

TEST_CASE("what was changed meanwhile stays") {
  HardState before;
  put(before, "a-kept", "old");
  put(before, "a-changed", "old");
  put(before, "a-removed", "old");
  hold(before, "x", "old");
  hold(before, "y", "old");
  HardState now = before;
  put(now, "a-changed", "newer");
  put(now, "a-added", "newer");
  now.kv.apply({"a", "a-removed", std::nullopt, false});
  hold(now, "y", "newer");
  HardState wanted;
  put(wanted, "a-kept", "winner");
  put(wanted, "a-removed", "winner");
  put(wanted, "b", "winner");
  for (const Change& change : changes_towards(wanted, now, before)) {
    apply(now, change);
  }
  CHECK(text_of(now) ==
        "a-added=newer a-changed=newer a-kept=winner b=winner y:newer ");
}

}  // namespace
}  // namespace waypost::store
