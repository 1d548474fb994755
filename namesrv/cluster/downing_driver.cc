// The downing family: a resolver, fed with what changes.

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "base/units.h"
#include "namesrv/cluster/partition_driver.h"
#include "namesrv/partition/settled_members.h"

namespace waypost::cluster {
namespace {

using namespace waypost::partition;

MemberStatus status_of(model::PeerStatus status) {
  switch (status) {
    case model::PeerStatus::kJoining:
      return MemberStatus::kJoining;
    case model::PeerStatus::kUp:
      return MemberStatus::kUp;
    case model::PeerStatus::kLeaving:
      break;
  }
  return MemberStatus::kLeaving;
}

Member member_of(const model::PeerInfo& info) {
  Member member;
  member.name = info.name;
  member.status = status_of(info.status);
  member.roles = {info.roles.begin(), info.roles.end()};
  member.up_number = info.up_number;
  return member;
}

std::string text_of(const SetDown& down) {
  std::string text = "sets to down " +
                     model::to_string({down.names.begin(), down.names.end()}) +
                     " (" + std::string(decision_name(down.decision));
  if (down.unstable) text += ", the view never came to rest";
  if (down.second_look_conflict) text += ", observations contradict each other";
  return text + ")";
}

class DowningDriver : public PartitionDriver {
 public:
  DowningDriver(const Settings& settings, PartitionActions& actions,
                Lease* lease)
      : settings_(resolver_settings(settings)),
        actions_(actions),
        lease_(lease) {
    on_new_life();
  }

  // What the others know of our earlier life means nothing to this one.
  void on_new_life() override {
    acquire_timer_.reset();
    ++resolver_life_;
    resolver_.emplace(settings_, actions_.members().self().name, "",
                      actions_.executor().now());
    told_ = {};
    settled_ = {};
    on_view_changed();
  }

  void on_view_changed() override {
    // One that is out has no say until it is admitted again.
    if (actions_.members().was_down()) return;
    const View now = look();
    const View before = std::exchange(told_, now);
    for (const auto& [name, member] : now.members) {
      const auto known = before.members.find(name);
      if (known == before.members.end() || known->second != member) {
        step(MemberChanged{member});
      }
    }
    for (const auto& [name, member] : before.members) {
      if (!now.members.contains(name)) step(MemberRemoved{name});
    }
    if (now.observations != before.observations) {
      step(ObservationsChanged{now.observations});
    }
    if (now.seen_by != before.seen_by) step(SeenChanged{now.seen_by});
    for (const model::PeerName& name : now.unreachable) {
      if (!before.unreachable.contains(name)) step(MemberUnreachable{name});
    }
    for (const model::PeerName& name : before.unreachable) {
      if (!now.unreachable.contains(name)) step(MemberReachable{name});
    }
    if (now.leader != before.leader) step(LeaderChanged{now.leader});
  }

  void on_tick() override {
    if (actions_.members().was_down()) return;
    on_view_changed();
    if (told_.unreachable.empty()) noted_.clear();
    step(ResolverTick{lease_ != nullptr && lease_->held()});
  }

 private:
  struct View {
    std::map<model::PeerName, Member> members;
    model::PeerNames unreachable;
    std::vector<Observation> observations;
    model::PeerNames seen_by;
    std::optional<model::PeerName> leader;
  };

  View look() {
    const membership::Membership& members = actions_.members();
    View view;
    view.members.emplace(members.self().name, member_of(members.self()));
    for (const auto& [name, record] : members.table().records()) {
      // One that is down or forgotten has no say and no place: it is removed.
      if (!record.member()) continue;
      // Neither has one that left in order and is gone.
      if (record.info.status == model::PeerStatus::kLeaving &&
          !members.reachable(name)) {
        continue;
      }
      view.members.emplace(name, member_of(record.info));
    }
    for (const auto& [observer, subject] : members.observations()) {
      if (!view.members.contains(observer)) continue;
      if (!view.members.contains(subject)) continue;
      view.observations.push_back({observer, subject});
      view.unreachable.insert(subject);
    }
    // One that only somebody now out of reach has heard in this life was lost
    // by nobody, and is out of reach all the same.
    for (const auto& [name, member] : view.members) {
      if (!members.reachable(name) && members.reached_by(name).empty()) {
        view.unreachable.insert(name);
      }
    }
    view.seen_by = members.seen_by();
    view.leader = members.leader();
    weigh(view);
    return view;
  }

  // Who came up while somebody was out of reach does not count yet, and does
  // not decide for those that do.
  void weigh(View& view) {
    const membership::Membership& members = actions_.members();
    const model::PeerNames reachable = members.reachable();
    SettledMembers::UpMembers up;
    bool agreed = view.observations.empty();
    for (const auto& [name, member] : view.members) {
      agreed = agreed && view.seen_by.contains(name);
      if (member.status != MemberStatus::kUp) continue;
      const bool self = name == members.self().name;
      const model::Generation generation =
          self ? members.self().generation
               : members.table().find(name)->info.generation;
      up[name] = {generation, member.up_number};
    }
    settled_.look(members.self().name, up, agreed);
    const model::PeerNames ends = members.ends_of_bad_links();
    std::optional<model::PeerName> leader;
    for (auto& [name, member] : view.members) {
      if (member.status != MemberStatus::kUp) continue;
      if (!settled_.counts(name)) {
        member.status = MemberStatus::kWeaklyUp;
      } else if (reachable.contains(name) &&
                 (!leader ||
                  (ends.contains(*leader) && !ends.contains(name)))) {
        leader = name;
      }
    }
    if (leader) view.leader = leader;
  }

  void step(const ResolverEvent& event) {
    const std::uint64_t life = resolver_life_;
    for (const ResolverEffect& effect :
         resolver_->step(event, actions_.executor().now())) {
      perform(effect);
      // It was ourselves: the rest is about an earlier life.
      if (life != resolver_life_) return;
    }
  }

  void perform(const ResolverEffect& effect) {
    if (const auto* down = std::get_if<SetDown>(&effect)) {
      const SetDown ours = of_this_side(*down);
      actions_.set_down({ours.names.begin(), ours.names.end()}, text_of(ours));
    } else if (const auto* acquire = std::get_if<AcquireLease>(&effect)) {
      acquire_timer_ = actions_.executor().run_after(
          acquire->after, [this] { acquire_lease(); });
    } else if (std::holds_alternative<ReleaseLease>(effect)) {
      release_lease();
    } else if (const auto* quorum = std::get_if<QuorumExceeded>(&effect)) {
      actions_.logger().warn(
          "more nameservers than static-quorum is meant for: a partition would "
          "set all of them to down",
          {{"members", quorum->members}, {"most", quorum->most}});
    }
  }

  // A view that does not come to rest sets everybody to down. Whoever is out of
  // reach may have decided otherwise, and where not only a majority may stay,
  // it must not be taken for down when more than half come back by themselves.
  SetDown of_this_side(SetDown down) const {
    const DowningStrategy& strategy = settings_.strategy;
    const bool majority_stays = strategy.mode == Mode::kDownAll ||
                                ((strategy.mode == Mode::kStaticQuorum ||
                                  strategy.mode == Mode::kKeepMajority) &&
                                 strategy.role.empty());
    if (down.unstable && !majority_stays) {
      std::erase_if(down.names, [this](const model::PeerName& name) {
        return told_.unreachable.contains(name);
      });
    }
    return down;
  }

  void acquire_lease() {
    if (lease_ == nullptr) return step(LeaseAnswered{false});
    lease_->acquire([this, life = resolver_life_, alive = alive_](bool held) {
      if (!*alive) return;
      const auto holder = held ? std::nullopt : member_called(lease_->holder());
      note_once(held ? "got the lease"
                : holder
                    ? "did not get the lease; " + holder->value() + " has it"
                    : "did not get the lease");
      if (life == resolver_life_) step(LeaseAnswered{held, holder});
    });
  }

  // The same answer each second is one line.
  void note_once(const std::string& action) {
    if (std::exchange(noted_, action) != action) actions_.note(action);
  }

  // Whose present process has that name as an owner of leases.
  std::optional<model::PeerName> member_called(const std::string& owner) const {
    for (const auto& [name, record] : actions_.members().table().records()) {
      if (record.member() &&
          lease_owner(name.value(), record.info.incarnation) == owner) {
        return name;
      }
    }
    return std::nullopt;
  }

  void release_lease() {
    if (lease_ == nullptr) return step(LeaseReleased{true});
    lease_->release(
        [this, life = resolver_life_, alive = alive_](bool released) {
          if (!*alive || life != resolver_life_) return;
          if (released) note_once("gave the lease back");
          step(LeaseReleased{released});
        });
  }

  const ResolverSettings settings_;
  PartitionActions& actions_;
  Lease* const lease_;
  std::optional<DowningResolver> resolver_;
  std::uint64_t resolver_life_ = 0;
  View told_;
  SettledMembers settled_;
  std::unique_ptr<base::Timer> acquire_timer_;
  std::string noted_;  // of the lease, in this cut
  struct Alive {
    ~Alive() { *flag = false; }
    std::shared_ptr<bool> flag = std::make_shared<bool>(true);
  } alive_holder_;
  const std::shared_ptr<bool> alive_ = alive_holder_.flag;
};

}  // namespace

std::unique_ptr<PartitionDriver> make_downing_driver(
    const partition::Settings& settings, PartitionActions& actions,
    Lease* lease) {
  return std::make_unique<DowningDriver>(settings, actions, lease);
}

}  // namespace waypost::cluster
