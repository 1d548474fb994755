// Signs of life over remoting, and unregistering. Any connection may carry
// them: what counts is who registered the address.

#include <algorithm>

#include "namesrv/registry/prepare.h"
#include "namesrv/registry/registry_impl.h"

namespace waypost::registry {

std::vector<Broker*> Registry::Impl::find_remoting(
    const std::string& address) const {
  std::vector<Broker*> brokers =
      directory_.find_at(endpoint_of_remoting(address));
  std::erase_if(brokers, [&](const Broker* broker) {
    return broker->remoting == nullptr || broker->remoting->address != address;
  });
  return brokers;
}

Reply Registry::Impl::on(const RegisterUnchanged& event, base::Instant now,
                         Effects& effects) {
  RegisterUnchangedReply reply;
  Broker* broker = directory_.find(event.broker);
  if (broker == nullptr || broker->remoting == nullptr) return reply;
  const RemotingState& state = *broker->remoting;
  if (event.body.is_none() || state.body != event.body ||
      state.address != event.address) {
    return reply;
  }
  make_direct(*broker, now, effects);
  heard(*broker, now, effects);
  tell(*broker, HoldingChange::What::kHeld, effects);
  directory_.bind(*broker, event.binding);
  broker->handover_grace.reset();
  reply.known = true;
  reply.reply = remoting_reply(*broker);
  return reply;
}

Reply Registry::Impl::on(const BrokerHeartbeat& event, base::Instant now,
                         Effects& effects) {
  BrokerHeartbeatReply reply;
  for (Broker* broker : find_remoting(event.address)) {
    heard(*broker, now, effects);
    reply.known = true;
  }
  return reply;
}

Reply Registry::Impl::on(const QueryDataVersion& event, base::Instant now,
                         Effects& effects) {
  DataVersionReply reply;
  for (Broker* broker : find_remoting(event.address)) {
    const model::DataVersion& held = broker->remoting->version;
    const bool same = event.version == held;
    if (same) heard(*broker, now, effects);
    if (same || !reply.held) reply.held = held;
    reply.changed = reply.changed && !same;
  }
  return reply;
}

Reply Registry::Impl::on(const RemotingUnregister& event, base::Instant,
                         Effects& effects) {
  Broker* broker = directory_.find(event.broker);
  if (broker == nullptr || broker->remoting == nullptr ||
      broker->remoting->address != event.address) {
    return model::UnregisterReply{};
  }
  remove(*broker, BrokerChange::What::kUnregistered, "", effects);
  return model::UnregisterReply{.removed = true};
}

}  // namespace waypost::registry
