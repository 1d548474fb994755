#ifndef WAYPOST_TESTS_NAMESRV_REGISTRY_NAIVE_REGISTRY_H_
#define WAYPOST_TESTS_NAMESRV_REGISTRY_NAIVE_REGISTRY_H_

// The registry's rules written down in the plainest way: flat maps, every
// question answered by walking all of it. What the property test compares the
// real one with.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "namesrv/registry/registry.h"

namespace waypost::registry {

class NaiveRegistry {
 public:
  explicit NaiveRegistry(RegistrySettings settings) : settings_(settings) {}

  // "reply", or the name of the error's code.
  std::string step(const Event& event, base::Instant now);
  // Of the last step: "what name/id", sorted.
  const std::vector<std::string>& changes() const { return changes_; }
  // Of the last step: connections to close, and members to tell of a new
  // smallest id, as text.
  const std::vector<std::string>& notices() const { return notices_; }

  // Topic to the route as text, of all topics.
  std::map<std::string, std::string> routes() const;
  // "cluster name/id address health epoch topics silence expiry", by key.
  std::vector<std::string> brokers() const;
  model::ClusterView view() const;
  model::Epoch largest_epoch(const model::BrokerKey& key) const;

 private:
  struct Judgement {
    bool healthy = true;
    bool removes = true;
    std::string reason;
    friend bool operator==(const Judgement&, const Judgement&) = default;
  };
  using Topics = std::map<std::string, model::QueueData>;
  struct Broker {
    std::string cluster;
    base::Endpoint address;
    std::string zone;
    Origin origin = Origin::kNative;
    std::uint64_t epoch = 0;
    std::uint64_t binding = 0;
    bool open = true;
    base::Duration expiry{0};
    base::Duration heard{0};
    bool suspect = false;
    std::optional<base::Duration> grace;
    std::optional<base::Duration> departs;
    std::optional<base::Duration> held_until;
    Judgement own;
    Judgement observed;
    std::optional<base::Duration> observed_until;
    std::uint64_t observed_by = 0;
    Topics topics;
    // What its last full registration listed, if it has just that.
    std::optional<Topics> content;
    model::Digest stated;
    // Over remoting.
    std::string at;  // its address, as it wrote it
    std::string ha;
    std::optional<bool> acting;
    model::DataVersion version;
    model::Digest body;
    bool remoting() const { return origin == Origin::kRemoting; }
    bool bad() const { return !own.healthy || !observed.healthy; }
    bool hidden() const {
      return (!own.healthy && own.removes) ||
             (!observed.healthy && observed.removes);
    }
  };
  using Brokers = std::map<model::BrokerKey, Broker>;
  // What a name has besides its brokers, while it has any.
  struct Group {
    std::string cluster;
    Topics topics;  // registered over remoting
    std::map<std::string, model::Permission> wiped;
  };

  std::string on(const Register& event);
  std::string on(const Heartbeat& event);
  std::string on(const Verdict& event);
  std::string on(const Observe& event);
  std::string on(const Unregister& event);
  std::string on(const Handover& event);
  std::string on(const BindingClosed& event);
  std::string on(const BindingIdle& event);
  std::string on(const Scan& event);
  std::string on(const ClockGap& event);
  // Peers are not its business.
  static std::string on(const SettleGap&) { return "-"; }
  // naive_remoting.cc
  std::string on(const RegisterUnchanged& event);
  std::string on(const BrokerHeartbeat& event);
  std::string on(const QueryDataVersion& event);
  std::string on(const RemotingUnregister& event);
  std::string on(const ChangeWritePermission& event);
  std::string on(const OverridePermission& event);
  std::string on(const DeleteTopic& event);
  std::string on(const RegisterTopic& event);
  std::string on(const Retune& event);
  std::string on(const Sweep&) { return "-"; }
  // It has no peers.
  std::string on(const Vouch&) { return "-"; }
  std::string on(const Bury&) { return "-"; }
  std::string on(const DropIndirect&) { return "-"; }
  std::string register_remoting(const Register& event);
  std::string remoting_reply(const model::BrokerKey& key) const;
  std::set<model::BrokerKey> written_at(const std::string& address) const;
  // The topics that routes show of a name; null: none.
  const Topics* shown(const std::string& name) const;
  void bring_anew(const std::string& name, const Topics& from,
                  const std::vector<model::TopicConfig>* topics);
  struct Smallest {
    std::optional<model::BrokerKey> key;
    std::string at;
    std::string ha;
    friend bool operator==(const Smallest&, const Smallest&) = default;
  };
  Smallest smallest(const std::string& name) const;
  void note_smallest(const std::string& name, const std::string& offline,
                     const std::string& ha);
  void forget_bodies(const std::string& name);
  void forget_what_is_gone();
  model::Permission permission(const std::string& name,
                               const std::string& topic) const;

  std::string refusal(const Register& event) const;
  Broker& enter(const Register& event);
  Broker* holder(const model::BrokerKey& key, model::Epoch epoch,
                 model::BindingId binding);
  void heard(const model::BrokerKey& key, Broker& broker);
  void judge(const model::BrokerKey& key, Judgement Broker::*which,
             const Judgement& judgement);
  void observe(const model::BrokerKey& key, const Judgement& judgement,
               base::Duration lapses_after, model::BindingId by);
  void lapse();
  void suspect(const std::set<model::BrokerKey>& gone);
  std::set<model::BrokerKey> expired();
  void remove(const model::BrokerKey& key, const std::string& what);
  void note(const std::string& what, const model::BrokerKey& key);

  const RegistrySettings settings_;
  base::Duration now_{0};  // awake
  base::Duration outside_{0};
  Brokers brokers_;
  std::map<model::BrokerKey, std::uint64_t> epochs_;
  std::vector<base::Duration> raised_;
  bool braking_ = false;
  bool entered_ = false;                  // by the last enter()
  std::map<std::string, Smallest> gone_;  // groups before the step
  std::vector<std::string> changes_;
  std::vector<std::string> notices_;
  std::map<std::string, Group> groups_;
  std::map<std::string, model::Permission> overrides_;
  bool delete_with_registration_ = false;
};

}  // namespace waypost::registry

#endif  // WAYPOST_TESTS_NAMESRV_REGISTRY_NAIVE_REGISTRY_H_
