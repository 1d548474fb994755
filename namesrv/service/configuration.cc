// What operators configure, and the walks over whole tables that their lists
// need.

#include <mutex>
#include <utility>

#include "namesrv/service/name_service.h"

namespace waypost::service {
namespace {

base::Error busy() {
  return {base::ErrorCode::kBusy, "too much waits at this nameserver",
          "try again after a while"};
}

}  // namespace

// Runs `work` on the registry thread, between events; false when too much
// waits.
bool NameService::run_soon(std::function<void()> work) {
  const auto pushed =
      queue_.push(WriteQueue::Lane::kLiveness, {std::move(work), nullptr});
  if (pushed == WriteQueue::Pushed::kFull) return false;
  enqueue_wakeup(pushed);
  return true;
}

void NameService::change_state(store::Change change, Done done) {
  change_state_together({std::move(change)}, std::move(done));
}

void NameService::change_state_together(std::vector<store::Change> changes,
                                        Done done) {
  const bool taken = run_soon([this, changes = std::move(changes), done] {
    state_keeper_.change_together(changes, done);
  });
  if (!taken && done) done(tl::unexpected(busy()));
}

void NameService::take_state(HardStateKeeper::State state,
                             std::vector<std::function<void()>> replies) {
  if (state != applied_state_) {
    override_permissions(*applied_state_, *state);
    note_order(applied_state_->kv, state->kv);
    applied_state_ = std::move(state);
    settings_changed_ = true;
    publish_table();
  }
  for (auto& reply : replies) reply();
}

// An order configuration is part of its topic's route.
void NameService::note_order(const store::KvTable& before,
                             const store::KvTable& now) {
  if (!settings_.remoting.order_message_enable) return;
  const auto* was = before.find(model::kOrderTopicConfigNamespace);
  const auto* is = now.find(model::kOrderTopicConfigNamespace);
  if (was == is) return;
  const store::KvNamespace none;
  const auto& old = was == nullptr ? none : *was;
  const auto& now_is = is == nullptr ? none : *is;
  for (const auto& [topic, order] : old) {
    const auto found = now_is.find(topic);
    if (found == now_is.end() || found->second != order) {
      order_changes_.add_topic(model::hash_bytes(topic));
    }
  }
  for (const auto& [topic, order] : now_is) {
    if (!old.contains(topic)) {
      order_changes_.add_topic(model::hash_bytes(topic));
    }
  }
}

void NameService::override_permissions(const store::HardState& before,
                                       const store::HardState& now) {
  for (const auto& [name, held] : before.overrides) {
    if (!now.overrides.contains(name)) {
      step(registry::OverridePermission{name, std::nullopt});
    }
  }
  for (const auto& [name, set] : now.overrides) {
    const auto held = before.overrides.find(name);
    if (held != before.overrides.end() &&
        held->second.permission == set.permission) {
      continue;
    }
    step(registry::OverridePermission{name, set.permission});
  }
}

void NameService::lapse_overrides() {
  if (lapsing_) return;
  const base::WallTime now = shell_.executor->wall_now();
  for (const auto& [name, set] : applied_state_->overrides) {
    if (!set.lapses_at || *set.lapses_at > now) continue;
    logger_.info("permission override lapsed",
                 {{"broker", name.value()}, {"owner", set.owner}});
    lapsing_ = true;
    state_keeper_.change(store::ClearOverride{name},
                         [this](base::Status) { lapsing_ = false; });
  }
}

void NameService::change_remoting_settings(
    std::function<void(RemotingSettings&)> change, Done done) {
  const bool taken = run_soon([this, change = std::move(change), done] {
    const bool ordered = settings_.remoting.order_message_enable;
    change(settings_.remoting);
    apply(settings_.remoting);
    if (ordered != settings_.remoting.order_message_enable) {
      order_changes_.add_everything();
    }
    settings_changed_ = true;
    if (done) other_replies_.emplace_back([done] { done({}); });
  });
  if (!taken && done) done(tl::unexpected(busy()));
}

void NameService::apply(const RemotingSettings& settings) {
  step(registry::Retune{settings.delete_topic_with_broker_registration});
}

base::Status NameService::lease_table(std::function<void(TableLease)> take) {
  const bool taken = run_soon([this, take = std::move(take)] {
    auto give_back = [returned =
                          returned_leases_](const registry::RouteTable* table) {
      const std::lock_guard lock(returned->mutex);
      returned->tables.emplace_back(table);
    };
    take(TableLease(new registry::RouteTable(registry_.table()),
                    std::move(give_back)));
  });
  if (!taken) return tl::unexpected(busy());
  return {};
}

void NameService::drop_returned_leases() {
  std::vector<std::unique_ptr<const registry::RouteTable>> tables;
  const std::lock_guard lock(returned_leases_->mutex);
  tables.swap(returned_leases_->tables);
}

model::BindingId NameService::new_binding(std::function<void()> close) {
  const model::BindingId binding = new_binding();
  const std::lock_guard lock(closers_mutex_);
  closers_.emplace(binding, std::move(close));
  return binding;
}

void NameService::close_expired(const std::vector<model::BindingId>& bindings) {
  for (const model::BindingId binding : bindings) {
    std::function<void()> close;
    {
      const std::lock_guard lock(closers_mutex_);
      const auto closer = closers_.find(binding);
      if (closer == closers_.end()) continue;
      close = std::move(closer->second);
      closers_.erase(closer);
    }
    close();
  }
}

}  // namespace waypost::service
