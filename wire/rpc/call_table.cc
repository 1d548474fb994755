#include "wire/rpc/call_table.h"

#include <utility>

namespace waypost::rpc {

CallId CallTable::add(PendingCall call) {
  const CallId id = reserve_id();
  deadlines_.emplace(call.deadline, id);
  calls_.emplace(id, std::move(call));
  return id;
}

PendingCall* CallTable::find(CallId id) {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : &found->second;
}

std::optional<PendingCall> CallTable::take(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  PendingCall call = std::move(found->second);
  calls_.erase(found);
  deadlines_.erase({call.deadline, id});
  return call;
}

std::optional<base::Instant> CallTable::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

std::optional<PendingCall> CallTable::take_expired(base::Instant now) {
  if (deadlines_.empty() || deadlines_.begin()->first > now) {
    return std::nullopt;
  }
  return take(deadlines_.begin()->second);
}

void CallTable::fail(CallId id, const base::Error& error) {
  PendingCall* call = find(id);
  if (call == nullptr || call->failure) return;
  call->failure = error;
  failing_.push_back(id);
}

void CallTable::fail_all(const base::Error& error) {
  for (const auto& [id, call] : calls_) fail(id, error);
}

std::optional<PendingCall> CallTable::take_failing() {
  while (!failing_.empty()) {
    const CallId id = failing_.front();
    failing_.pop_front();
    if (auto call = take(id)) return call;
  }
  return std::nullopt;
}

void CallTable::clear() {
  calls_.clear();
  deadlines_.clear();
  failing_.clear();
}

}  // namespace waypost::rpc
