// What peers and partition policies do to the service.

#include <utility>

#include "base/assert.h"
#include "namesrv/service/name_service.h"

namespace waypost::service {

model::ClusterView NameService::view() const {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  model::ClusterView view = server_view();
  registry_.fill(view, shell_.executor->now());
  return view;
}

void NameService::pause(std::string reason) {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  if (!paused_at_) paused_at_ = shell_.executor->now();
  restarting_ = false;
  lifecycle_.pause(std::move(reason));
  publish_state();
}

void NameService::restart(std::string reason) {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  if (frozen()) return;
  pause(std::move(reason));
  restarting_ = true;
}

// What was on its way when the ports closed. That connections have ended is to
// be known all the same.
bool NameService::refuse_while_paused(const registry::Event& event,
                                      const ReplyCallback& on_reply) {
  if (!frozen() || std::holds_alternative<registry::BindingClosed>(event)) {
    return false;
  }
  if (on_reply) replies_.emplace_back(on_reply, not_ready());
  return true;
}

void NameService::set_gates(const partition::GateSettings& settings,
                            const partition::Readiness& readiness) {
  unsigned closed = 0;
  for (std::size_t i = 0; i < partition::kOperations; ++i) {
    const auto operation = static_cast<partition::Operation>(i);
    if (!partition::gate_open(settings, readiness, operation)) {
      closed |= 1U << i;
    }
  }
  {
    const std::lock_guard lock(state_view_mutex_);
    readiness_ = readiness;
  }
  const bool told = tells_routes();
  closed_gates_.store(closed, std::memory_order_release);
  if (!told && tells_routes()) route_feed_.publish_everything();
}

base::Error NameService::gate_refusal(partition::Operation operation) const {
  const std::lock_guard lock(state_view_mutex_);
  return partition::gate_refusal(readiness_, operation);
}

void NameService::resume() {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  if (!paused_at_) return;
  const base::Instant now = shell_.executor->now();
  const base::Duration paused = now - *std::exchange(paused_at_, std::nullopt);
  // While restarting, brokers were heard.
  if (!std::exchange(restarting_, false)) step(registry::ClockGap{paused});
  lifecycle_.resume(now);
  next_scan_ = now + settings_.scan_interval;
  publish_table();
  publish_state();
}

void NameService::start_resync(std::string reason) {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  lifecycle_.start_resync(std::move(reason), shell_.executor->now());
  publish_state();
}

void NameService::start_copying() {
  lifecycle_.start_copying(shell_.executor->now());
  publish_state();
}

void NameService::end_copying(bool copied) {
  lifecycle_.end_copying(copied, shell_.executor->now());
  publish_table();
  publish_state();
}

registry::Reply NameService::apply_from_peers(const registry::Event& event) {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  if (stopped_) return {};
  registry::Effects effects = step(event);
  const auto* adopted = std::get_if<registry::Register>(&event);
  if (adopted != nullptr &&
      !std::holds_alternative<base::Error>(effects.reply)) {
    lifecycle_.on_registered(adopted->request.broker, shell_.executor->now());
  }
  if (!std::exchange(publishing_, true)) {
    shell_.executor->post([self = self_] {
      if (*self == nullptr) return;
      (*self)->publishing_ = false;
      (*self)->publish_table();
    });
  }
  return std::move(effects.reply);
}

void NameService::on_resynced() {
  lifecycle_.on_resynced();
  resynced_ = true;
  publish_state();
}

}  // namespace waypost::service
