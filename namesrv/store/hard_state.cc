#include "namesrv/store/hard_state.h"

#include <string>
#include <utility>

namespace waypost::store {
namespace {

base::Status too_large(const std::string& what, std::size_t bytes,
                       std::size_t limit) {
  if (bytes <= limit) return {};
  return base::fail(base::ErrorCode::kTooLarge,
                    "a " + what + " of " + std::to_string(bytes) +
                        " bytes; at most " + std::to_string(limit) +
                        " are kept");
}

base::Status full(const std::string& what, std::size_t limit) {
  return base::fail(
      base::ErrorCode::kTooLarge,
      "this nameserver keeps at most " + std::to_string(limit) + " " + what,
      "delete what is no longer needed, or raise the limit");
}

base::Status check(const KvTable& kv, const model::KvChange& change,
                   const HardStateLimits& limits) {
  const bool grows = change.value || change.makes_namespace;
  if (!grows) return {};
  const std::size_t value_bytes = change.value ? change.value->size() : 0;
  if (auto ok = too_large("namespace's name", change.name_space.size(),
                          limits.name_bytes_max);
      !ok) {
    return ok;
  }
  if (auto ok = too_large("key", change.key.size(), limits.name_bytes_max);
      !ok) {
    return ok;
  }
  if (auto ok = too_large("value", value_bytes, limits.value_bytes_max); !ok) {
    return ok;
  }
  // What the change would make of it, before it is made.
  std::size_t entries = kv.entry_count() + kv.namespaces().size();
  std::size_t bytes = kv.byte_count();
  if (kv.find(change.name_space) == nullptr) {
    ++entries;
    bytes += change.name_space.size();
  }
  if (change.value) {
    const std::string* held = kv.find(change.name_space, change.key);
    if (held == nullptr) {
      ++entries;
      bytes += change.key.size() + value_bytes;
    } else {
      bytes += value_bytes;
      bytes -= held->size();
    }
  }
  const auto entries_max = static_cast<std::size_t>(limits.entries_max);
  if (entries > entries_max &&
      entries > kv.entry_count() + kv.namespaces().size()) {
    return full("entries and namespaces", entries_max);
  }
  if (bytes > limits.bytes_max && bytes > kv.byte_count()) {
    return full("bytes of key-value configuration", limits.bytes_max);
  }
  return {};
}

base::Status check(const HardState& state, const model::PermissionOverride& set,
                   const HardStateLimits& limits) {
  if (set.broker_name.value().empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "a permission override without a broker name");
  }
  for (const auto& [what, text] :
       {std::pair{"broker name", &set.broker_name.value()},
        std::pair{"override's owner", &set.owner},
        std::pair{"override's reason", &set.reason}}) {
    if (auto ok = too_large(what, text->size(), limits.name_bytes_max); !ok) {
      return ok;
    }
  }
  if (!state.overrides.contains(set.broker_name) &&
      state.overrides.size() >= limits.overrides_max) {
    return full("permission overrides", limits.overrides_max);
  }
  return {};
}

}  // namespace

const KvNamespace* KvTable::find(std::string_view name_space) const {
  const auto found = namespaces_.find(name_space);
  return found == namespaces_.end() ? nullptr : found->second.get();
}

const std::string* KvTable::find(std::string_view name_space,
                                 std::string_view key) const {
  const KvNamespace* in = find(name_space);
  if (in == nullptr) return nullptr;
  const auto found = in->find(key);
  return found == in->end() ? nullptr : &found->second;
}

KvNamespace& KvTable::edit(std::shared_ptr<KvNamespace>& shared) {
  // Alone with it: nobody else can come to share it but through this table.
  if (shared.use_count() > 1) shared = std::make_shared<KvNamespace>(*shared);
  return *shared;
}

void KvTable::apply(const model::KvChange& change) {
  auto place = namespaces_.find(change.name_space);
  if (place == namespaces_.end()) {
    if (!change.value && !change.makes_namespace) return;
    place =
        namespaces_.emplace(change.name_space, std::make_shared<KvNamespace>())
            .first;
    bytes_ += change.name_space.size();
  }
  const auto held = place->second->find(change.key);
  const bool is_held = held != place->second->end();
  if (is_held) {
    bytes_ -= change.key.size() + held->second.size();
    --entries_;
  }
  if (change.value) {
    edit(place->second).insert_or_assign(change.key, *change.value);
    bytes_ += change.key.size() + change.value->size();
    ++entries_;
  } else if (is_held) {
    edit(place->second).erase(change.key);
  }
}

void apply(HardState& state, const Change& change) {
  if (const auto* kv = std::get_if<model::KvChange>(&change)) {
    state.kv.apply(*kv);
  } else if (const auto* set =
                 std::get_if<model::PermissionOverride>(&change)) {
    state.overrides.insert_or_assign(set->broker_name, *set);
  } else {
    state.overrides.erase(std::get<ClearOverride>(change).broker_name);
  }
}

base::Status check(const HardState& state, const Change& change,
                   const HardStateLimits& limits) {
  if (const auto* kv = std::get_if<model::KvChange>(&change)) {
    return check(state.kv, *kv, limits);
  }
  if (const auto* set = std::get_if<model::PermissionOverride>(&change)) {
    return check(state, *set, limits);
  }
  return {};
}

}  // namespace waypost::store
