// Register: may it, what does it change, do it. Nothing is touched before all
// that can refuse it has been asked.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/units.h"
#include "namesrv/registry/prepare.h"
#include "namesrv/registry/registry_impl.h"

namespace waypost::registry {
namespace {

// A reason travels to listings and logs; a page of probe output does not.
constexpr std::size_t kReasonMaxBytes = 256;

base::Status limit_reached(const Register& event, const std::string& what,
                           std::size_t limit) {
  return base::fail(base::ErrorCode::kTooLarge,
                    "registration of " + event.request.broker.to_string() +
                        " refused: this nameserver takes at most " +
                        std::to_string(limit) + " " + what);
}

bool is_native_incremental(const Register& event) {
  return event.origin == Origin::kNative &&
         event.request.mode == model::RegisterMode::kIncremental;
}

HealthVerdict verdict_of(const model::RegisterRequest& request) {
  if (request.healthy) return {};
  return {false, request.verdict_action,
          request.health_reason.substr(0, kReasonMaxBytes)};
}

std::string counts_of(const std::vector<TopicChange>& changes) {
  std::size_t added = 0;
  std::size_t removed = 0;
  for (const TopicChange& change : changes) {
    if (change.held == nullptr) ++added;
    if (!change.queues) ++removed;
  }
  return std::to_string(added) + " added, " +
         std::to_string(changes.size() - added - removed) + " changed, " +
         std::to_string(removed) + " removed";
}

}  // namespace

Reply Registry::Impl::on(const Register& event, base::Instant now,
                         Effects& effects) {
  if (!event.prepared) {
    Register prepared = event;
    if (auto ok = prepare(prepared); !ok) return ok.error();
    return on(prepared, now, effects);
  }
  Broker* known = directory_.find(event.request.broker);
  if (event.adopted) {
    if (auto ok = admit_adopted(event, known); !ok) return ok.error();
  }
  if (event.origin == Origin::kRemoting) {
    return register_remoting(event, now, effects);
  }
  if (auto ok = admit(event, known); !ok) return ok.error();
  const std::vector<TopicChange> changes = changes_of(event, known);
  if (auto ok = admit_growth(event, changes); !ok) return ok.error();

  const bool is_new = known == nullptr;
  std::optional<GroupBefore> before;
  if (is_new || known->address != event.request.address ||
      known->remoting != nullptr) {
    before = look_at(event.request.broker.broker_name);
  }
  Broker& broker = is_new ? enter(event, now, effects) : *known;
  renew(broker, event, now, effects);
  const bool was_remoting = broker.remoting != nullptr;
  if (was_remoting) leave_remoting(broker);
  take_topics(broker, event, changes, is_new, effects);
  if (was_remoting) topics_.settle(*broker.group);
  if (before) note_members(*broker.group, *before, broker, effects);
  judge(broker, &Broker::own, verdict_of(event.request), effects);
  return model::RegisterReply{};
}

base::Status Registry::Impl::admit(const Register& event, const Broker* known) {
  const model::RegisterRequest& request = event.request;
  const Group* group = directory_.find_group(request.broker.broker_name);
  if (group != nullptr && group->cluster != request.cluster) {
    return base::fail(
        base::ErrorCode::kConflict,
        "broker name " + group->name.value() + " belongs to cluster " +
            group->cluster.value() + " here, this registration says cluster " +
            request.cluster.value(),
        "choose another broker name, or unregister the brokers of that name "
        "first");
  }
  return known != nullptr ? admit_known(event, *known)
                          : admit_new(event, group);
}

base::Status Registry::Impl::admit_known(const Register& event,
                                         const Broker& known) const {
  const model::Epoch epoch = event.request.epoch;
  const std::string name = known.key.to_string();
  if (event.apply_if == ApplyIf::kNewerEpoch && epoch < known.epoch) {
    return base::fail(
        base::ErrorCode::kStale,
        name + " is registered with epoch " +
            std::to_string(known.epoch.value()) +
            ", this registration has the older epoch " +
            std::to_string(epoch.value()),
        "a newer process has taken its place; stop this one, or restart it for "
        "a newer epoch");
  }
  if (event.apply_if == ApplyIf::kNewerEpoch && epoch == known.epoch &&
      known.bound && event.binding < known.binding) {
    return base::fail(base::ErrorCode::kStale,
                      name +
                          " has registered over a newer connection with "
                          "the same epoch " +
                          std::to_string(epoch.value()),
                      "close this connection");
  }
  if (is_native_incremental(event) && epoch != known.epoch) {
    return base::fail(base::ErrorCode::kNotFound,
                      name + " is registered with epoch " +
                          std::to_string(known.epoch.value()) +
                          ", an incremental registration of epoch " +
                          std::to_string(epoch.value()) +
                          " has nothing to build on",
                      "register all topics");
  }
  return {};
}

base::Status Registry::Impl::admit_new(const Register& event,
                                       const Group* group) const {
  if (is_native_incremental(event)) {
    return base::fail(base::ErrorCode::kNotFound,
                      event.request.broker.to_string() +
                          " is not registered here, an incremental "
                          "registration has nothing to build on",
                      "register all topics");
  }
  if (directory_.brokers().size() >= settings_.brokers_max) {
    return limit_reached(event, "brokers", settings_.brokers_max);
  }
  if (group != nullptr && group->replicas.size() >= settings_.replicas_max) {
    return limit_reached(event, "replicas of one broker name",
                         settings_.replicas_max);
  }
  return {};
}

std::vector<TopicChange> Registry::Impl::changes_of(const Register& event,
                                                    const Broker* known) const {
  if (event.topics == TopicsPolicy::kIgnore) return {};
  const TopicList none;
  const TopicList& held = known == nullptr ? none : known->topics;
  if (known != nullptr && !event.content.is_none() &&
      event.content == known->content) {
    return {};
  }
  return event.topics == TopicsPolicy::kReplace
             ? changes_to_replace(held, event.request.topics)
             : changes_to_merge(held, event.request.topics,
                                event.request.removed);
}

std::size_t Registry::Impl::topics_to_change(const Register& event,
                                             std::size_t limit) {
  const std::vector<model::TopicConfig>& topics = event.request.topics;
  const Broker* known = directory_.find(event.request.broker);
  const bool remoting = event.origin == Origin::kRemoting;
  if (!event.prepared || event.topics == TopicsPolicy::kIgnore) return 0;
  if (known != nullptr && !event.content.is_none() &&
      event.content == known->content) {
    return 0;
  }
  if (topics.size() <= limit) return topics.size();
  // Where not all of it may fit nothing is taken before the whole is judged.
  if (topics_.pair_count() + topics.size() > settings_.topics_max) return 0;
  if (remoting && !brings_another_version(event, known)) return 0;
  const TopicList none;
  const TopicList* held = &none;
  if (remoting) {
    const Group* group =
        directory_.find_group(event.request.broker.broker_name);
    if (group != nullptr) held = &group->topics;
  } else if (known != nullptr) {
    held = &known->topics;
  }
  return count_different(*held, topics, limit);
}

base::Status Registry::Impl::admit_growth(
    const Register& event, const std::vector<TopicChange>& changes) const {
  const auto pairs = static_cast<std::ptrdiff_t>(topics_.pair_count());
  const std::ptrdiff_t grows = growth(changes);
  // What shrinks is always welcome, also when the limit has been lowered.
  if (grows <= 0 ||
      pairs + grows <= static_cast<std::ptrdiff_t>(settings_.topics_max)) {
    return {};
  }
  return limit_reached(event, "topics of all brokers together",
                       settings_.topics_max);
}

base::Duration Registry::Impl::expiry_of(const Register& event) const {
  if (event.request.expiry > base::Duration::zero()) {
    return std::clamp(event.request.expiry, settings_.expiry_min,
                      settings_.expiry_max);
  }
  return event.origin == Origin::kNative ? settings_.agent_expiry
                                         : settings_.broker_expiry;
}

void Registry::Impl::note_topics(const Broker& broker,
                                 const std::vector<TopicChange>& changes,
                                 Effects& effects) {
  note(broker, BrokerChange::What::kTopicsChanged, counts_of(changes), effects);
}

Broker& Registry::Impl::enter(const Register& event, base::Instant now,
                              Effects& effects) {
  const model::BrokerKey& key = event.request.broker;
  const Liveness::Id id =
      liveness_.add(expiry_of(event), event.origin == Origin::kNative, now);
  Broker& broker = directory_.add(key, event.request.cluster, id);
  broker.epoch = event.request.epoch;
  broker.largest_epoch = epochs_.find(key);
  epochs_.forget(key);
  directory_.place(broker, event.request.address);
  broker.zone = event.request.zone;
  broker.vouched = vouched_.contains(key);
  broker.indirect = event.adopted;
  if (event.adopted) ++indirect_count_;
  liveness_.set_explained(id, broker.vouched);
  Group& group = *broker.group;
  if (group.replicas.size() == 1) {
    const auto set = permissions_.find(group.name);
    if (set != permissions_.end()) group.permission = set->second;
    group.slot = editor_.add_group(show_group(group, liveness_));
  }
  touch(group);
  note(broker,
       event.adopted ? BrokerChange::What::kIndirect
                     : BrokerChange::What::kRegistered,
       event.request.address.to_string(), effects);
  effects.roster_changed = true;
  return broker;
}

void Registry::Impl::renew(Broker& broker, const Register& event,
                           base::Instant now, Effects& effects) {
  const model::RegisterRequest& request = event.request;
  if (event.adopted) {
    // Of an older process, which is not here any more.
    if (!broker.indirect) {
      tell(broker, HoldingChange::What::kReleased, effects);
    }
    make_indirect(broker, "a peer hears a newer process of it", now, effects);
  } else {
    make_direct(broker, now, effects);
    heard(broker, now, effects);
    directory_.bind(broker, event.binding);
    if (!event.part) tell(broker, HoldingChange::What::kHeld, effects);
  }
  broker.handover_grace.reset();
  broker.origin = event.origin;
  broker.cluster = request.cluster;
  liveness_.set_expiry(broker.liveness, expiry_of(event),
                       event.origin == Origin::kNative && !event.adopted);
  if (broker.epoch != request.epoch) {
    note(broker, BrokerChange::What::kRegistered,
         "epoch " + std::to_string(request.epoch.value()) + " after " +
             std::to_string(broker.epoch.value()),
         effects);
    broker.epoch = request.epoch;
  }
  broker.largest_epoch = std::max(broker.largest_epoch, request.epoch);
  if (broker.address != request.address) {
    note(broker, BrokerChange::What::kAddressChanged,
         broker.address.to_string() + " -> " + request.address.to_string(),
         effects);
    depart(broker, model::DepartureReason::kReplaced,
           "it registers at " + request.address.to_string() + " now");
    directory_.place(broker, request.address);
    touch(*broker.group);
  }
  if (broker.zone != request.zone) {
    broker.zone = request.zone;
    touch(*broker.group);
  }
}

void Registry::Impl::take_topics(Broker& broker, const Register& event,
                                 const std::vector<TopicChange>& changes,
                                 bool is_new, Effects& effects) {
  if (event.topics == TopicsPolicy::kIgnore) return;
  Group& group = *broker.group;
  if (!changes.empty()) {
    topics_.apply(group, broker.topics, changes);
    if (!is_new && !event.part) note_topics(broker, changes, effects);
  }
  if (event.content.is_none() || event.content != broker.content) {
    const bool all = event.topics == TopicsPolicy::kReplace;
    topics_.bring_anew(group, broker.topics,
                       all ? nullptr : &event.request.topics);
  }
  // An incremental registration leaves a list that nobody has digested.
  broker.content = event.content;
  broker.stated = event.request.topics_digest;
}

}  // namespace waypost::registry
