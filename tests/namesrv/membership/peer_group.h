#ifndef WAYPOST_TESTS_NAMESRV_MEMBERSHIP_PEER_GROUP_H_
#define WAYPOST_TESTS_NAMESRV_MEMBERSHIP_PEER_GROUP_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "namesrv/membership/membership.h"

namespace waypost::membership {

// Several memberships that call each other each second, without any delay, over
// links that can be cut in one or both directions. Transcript: "name: what".
class PeerGroup {
 public:
  explicit PeerGroup(MembershipSettings settings = {}) : settings_(settings) {}

  // A process starts at `address`; of a name that has one, the old one is gone.
  void start(const std::string& name, const std::string& address,
             const std::vector<std::string>& seeds);
  // Gone without a word; the others see nothing but silence.
  void kill(const std::string& name) { nodes_.erase(name); }
  // Its connections are closed by its kernel.
  void die(const std::string& name);
  // It runs again after it did not for `gap`; while asleep it neither sends nor
  // answers.
  void sleep(const std::string& name) { asleep_.insert(name); }
  void wake(const std::string& name, base::Duration gap);

  // No message from one to the other; `cut` in both directions.
  void cut_one_way(const std::string& from, const std::string& to) {
    cut_.insert({from, to});
  }
  void cut(const std::string& one, const std::string& other);
  void heal() { cut_.clear(); }

  void run(base::Duration how_long);
  void step(const std::string& name, const Event& event);

  Membership& at(const std::string& name) {
    return *nodes_.at(name).membership;
  }
  bool runs(const std::string& name) const { return nodes_.contains(name); }
  std::vector<std::string> names() const;
  base::Instant now() const { return now_; }
  // What a nameserver answers that it is; serving unless said otherwise.
  void set_state(const std::string& name, model::ServerState state) {
    states_[name] = state;
  }

  // Since the last call.
  std::string take_transcript() { return std::exchange(transcript_, {}); }

 private:
  struct Node {
    base::Endpoint address;
    std::unique_ptr<Membership> membership;
  };

  void beat(const std::string& name);
  void call(const std::string& from, const Membership::Target& target);
  void probe(const std::string& from, const AskProbe& ask);
  bool passes(const std::string& from, const std::string& to) const;
  model::PeerHeartbeat heartbeat_of(const std::string& name) const;
  void note(const std::string& name, const Effect& effect);

  MembershipSettings settings_;
  std::map<std::string, Node> nodes_;
  std::map<std::string, model::ServerState> states_;
  std::set<std::pair<std::string, std::string>> cut_;
  std::set<std::string> asleep_;
  base::Instant now_{std::chrono::hours(1000)};
  std::uint64_t lives_ = 0;
  std::string transcript_;
};

base::Endpoint address_of(const std::string& text);

}  // namespace waypost::membership

#endif  // WAYPOST_TESTS_NAMESRV_MEMBERSHIP_PEER_GROUP_H_
