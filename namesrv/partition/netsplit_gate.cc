#include "namesrv/partition/netsplit_gate.h"

namespace waypost::partition {

Link link_of(bool worker, bool socket, bool handshake_done) {
  if (!worker) return Link::kDown;
  if (!socket) return Link::kInit;
  return handshake_done ? Link::kUp : Link::kDown;
}

void Readiness::check(const model::PeerNames& members,
                      const std::map<model::PeerName, MemberHealth>& health) {
  table_.clear();
  bool all_fine = true;
  for (const model::PeerName& name : members) {
    const auto known = health.find(name);
    const bool fine = known != health.end() && known->second.fine();
    table_.emplace(name, fine);
    all_fine = all_fine && fine;
  }
  if (ready_ && !all_fine) ++detected_;
  if (!ready_ && all_fine) ++resolved_;
  ready_ = all_fine;
}

model::PeerNames Readiness::missing() const {
  model::PeerNames names;
  for (const auto& [name, fine] : table_) {
    if (!fine) names.insert(name);
  }
  return names;
}

std::string_view operation_name(Operation operation) {
  static constexpr std::array<std::string_view, kOperations> kNames = {
      "register", "unregister", "query", "config"};
  return kNames[static_cast<std::size_t>(operation)];
}

bool gate_open(const GateSettings& settings, const Readiness& readiness,
               Operation operation, bool table_loaded) {
  if (!settings.all_members) return true;
  if (operation == Operation::kQuery && settings.allows(operation)) {
    return table_loaded;
  }
  return readiness.ready() || settings.allows(operation);
}

base::Error gate_refusal(const Readiness& readiness, Operation operation) {
  return {base::ErrorCode::kNotReady,
          "netsplit, missing peers " + model::to_string(readiness.missing()),
          "restart or `waypostctl cluster forget` them, or set cluster.allow-" +
              std::string(operation_name(operation)) + "-during-netsplit = on"};
}

}  // namespace waypost::partition
