#include "namesrv/registry/registry.h"

#include <utility>
#include <variant>

#include "namesrv/registry/registry_impl.h"

namespace waypost::registry {

std::string_view broker_change_name(BrokerChange::What what) {
  switch (what) {
    case BrokerChange::What::kRegistered:
      return "registered";
    case BrokerChange::What::kUnregistered:
      return "unregistered";
    case BrokerChange::What::kConnectionClosed:
      return "connection-closed";
    case BrokerChange::What::kExpired:
      return "expired";
    case BrokerChange::What::kSuspect:
      return "suspect";
    case BrokerChange::What::kNoLongerSuspect:
      return "no-longer-suspect";
    case BrokerChange::What::kUnhealthy:
      return "unhealthy";
    case BrokerChange::What::kHealthy:
      return "healthy";
    case BrokerChange::What::kAddressChanged:
      return "address-changed";
    case BrokerChange::What::kTopicsChanged:
      return "topics-changed";
    case BrokerChange::What::kBrakeEngaged:
      return "brake-engaged";
    case BrokerChange::What::kBrakeReleased:
      return "brake-released";
    case BrokerChange::What::kReplaced:
      return "replaced";
    case BrokerChange::What::kPermissionChanged:
      return "permission-changed";
    case BrokerChange::What::kIndirect:
      return "indirect";
    case BrokerChange::What::kDirect:
      return "direct";
    case BrokerChange::What::kGoneAtPeers:
      return "gone-at-peers";
  }
  return "unknown";
}

Registry::Registry(RegistrySettings settings)
    : impl_(std::make_unique<Impl>(settings)) {}
Registry::~Registry() = default;

Effects Registry::step(const Event& event, base::Instant now) {
  return impl_->step(event, now);
}
RouteChanges Registry::take_changes() { return impl_->take_changes(); }

const RouteTable& Registry::table() const { return impl_->table(); }
model::Epoch Registry::largest_epoch(const model::BrokerKey& broker) const {
  return impl_->largest_epoch(broker);
}
model::BrokerPage Registry::list_brokers(const model::PageRequest& page,
                                         base::Instant now) const {
  return impl_->list_brokers(page, now);
}
model::TopicPage Registry::list_topics(const model::PageRequest& page) const {
  return impl_->list_topics(page);
}
void Registry::fill(model::ClusterView& view, base::Instant now) const {
  impl_->fill(view, now);
}
std::vector<Registry::Known> Registry::known_brokers() const {
  return impl_->known_brokers();
}
std::optional<model::Holding> Registry::holding(
    const model::BrokerKey& broker) const {
  return impl_->holding(broker);
}
std::optional<model::HeldRegistration> Registry::registration(
    const model::BrokerKey& broker) const {
  return impl_->registration(broker);
}
std::vector<model::BrokerKey> Registry::held_brokers() const {
  return impl_->held_brokers();
}
std::size_t Registry::topics_to_change(const Register& event,
                                       std::size_t limit) {
  return impl_->topics_to_change(event, limit);
}
base::Duration Registry::smallest_expiry() const {
  return impl_->smallest_expiry();
}

Registry::Impl::Impl(RegistrySettings settings)
    : settings_(settings),
      editor_(names_),
      topics_(names_, editor_, settings.swept_above),
      liveness_(LivenessSettings{.suspect_after = settings.suspect_after,
                                 .expiry_brake = settings.expiry_brake}),
      epochs_(settings.epochs_remembered) {}

Effects Registry::Impl::step(const Event& event, base::Instant now) {
  Effects effects;
  editor_.begin();
  if (const auto* gap = std::get_if<ClockGap>(&event)) {
    clock_.skip(gap->gap, now);
  }
  const base::Instant awake = clock_.read(now);
  effects.reply = std::visit(
      [&](const auto& one) { return on(one, awake, effects); }, event);
  note_gone(effects);
  show_touched();
  effects.table_changed = editor_.changed();
  effects.sweep_wanted = topics_.has_to_sweep();
  // Whether routes changed is known only now.
  if (auto* reply = std::get_if<model::RegisterReply>(&effects.reply)) {
    reply->changed = effects.table_changed;
  } else if (auto* remoting =
                 std::get_if<RemotingRegisterReply>(&effects.reply)) {
    remoting->changed = effects.table_changed;
  } else if (auto* verdict = std::get_if<model::VerdictReply>(&effects.reply)) {
    verdict->changed = effects.table_changed;
  }
  return effects;
}

Reply Registry::Impl::on(const ClockGap&, base::Instant, Effects&) {
  for (const auto& [key, broker] : directory_.brokers()) {
    if (!broker.indirect) directory_.find(key)->unheard = true;
  }
  return {};
}

Reply Registry::Impl::on(const Sweep& event, base::Instant, Effects&) {
  topics_.sweep(event.topics_max);
  return {};
}

Broker* Registry::Impl::holder(const model::BrokerKey& key, model::Epoch epoch,
                               model::BindingId binding) {
  Broker* broker = directory_.find(key);
  if (broker == nullptr || broker->epoch != epoch) return nullptr;
  return broker->binding == binding ? broker : nullptr;
}

void Registry::Impl::touch(Group& group) {
  if (group.dirty) return;
  group.dirty = true;
  touched_.push_back(&group);
}

void Registry::Impl::show_touched() {
  for (Group* group : touched_) {
    group->dirty = false;
    editor_.set_group(group->slot, show_group(*group, liveness_));
  }
  touched_.clear();
}

void Registry::Impl::note(const Broker& broker, BrokerChange::What what,
                          std::string detail, Effects& effects) {
  effects.changes.push_back(
      {what, broker.group->cluster, broker.key, std::move(detail)});
}

}  // namespace waypost::registry
