#include "tests/namesrv/cluster/keeper_group.h"

#include <algorithm>

namespace waypost::cluster {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kDelay = 1ms;
constexpr base::Duration kCallTimeout = 5s;
// As a service does.
constexpr base::Duration kRecoveringMax = 5s;

base::Endpoint address_of(std::size_t i) {
  return {"10.0.0." + std::to_string(1 + i), 9877};
}

model::PeerName name_of(std::size_t i) {
  return model::PeerName(std::string(1, static_cast<char>('a' + i)));
}

std::size_t index_of(const model::PeerName& name) {
  return static_cast<std::size_t>(name.value().front() - 'a');
}

model::Incarnation incarnation_of(std::uint64_t process) {
  return model::Incarnation(1000 + process);
}

}  // namespace

// One process: what its keeper finds around it.
class KeeperGroup::Node : public PeerCalls,
                          public ServiceControl,
                          public TableControl,
                          public std::enable_shared_from_this<Node> {
 public:
  Node(KeeperGroup& group, std::size_t i) : group_(group), i_(i) {}

  void start(ClusterSettings settings, std::uint64_t life, Lease* lease) {
    model::PeerInfo self;
    self.name = name_of(i_);
    self.generation = life;
    self.incarnation = incarnation_of(life);
    self.cluster_addresses = {address_of(i_)};
    ClusterShell shell;
    shell.executor = &group_.executor();
    shell.boot_time = [this] { return group_.node_.boot_time(); };
    shell.calls = this;
    shell.service = this;
    shell.table = this;
    shell.lease = lease;
    keeper_ = std::make_unique<ClusterKeeper>(std::move(settings), self, shell);
    keeper_->start();
  }
  void end() { keeper_.reset(); }
  bool runs() const { return keeper_ != nullptr; }
  ClusterKeeper& keeper() { return *keeper_; }
  int restarts() const { return restarts_; }
  void link_closed(const model::PeerName& peer) {
    if (observer_ != nullptr) observer_->on_link_closed(peer);
  }

  // --- PeerCalls ---

  void set_observer(PeerObserver* observer) override { observer_ = observer; }

  void beat(const std::vector<Target>& targets,
            const model::PeerHeartbeat& heartbeat) override {
    for (const Target& target : targets) {
      for (std::size_t to = 0; to < group_.size(); ++to) {
        if (target.addresses.front() != address_of(to)) continue;
        if (!group_.runs(to)) {
          group_.after(kDelay, [self = shared_from_this(), to] {
            if (self->observer_ == nullptr) return;
            self->observer_->on_no_answer(address_of(to));
          });
          continue;
        }
        send(to, [this, to, heartbeat](Node& peer) {
          const auto answer = peer.keeper().on_heartbeat(heartbeat);
          peer.send(i_, [to, answer](Node& self) {
            self.observer_->on_answer(answer, address_of(to));
          });
        });
      }
    }
  }

  void probe(const model::PeerName& to, const model::PeerProbe& probe,
             std::function<void(base::Result<bool>)> on_answer) override {
    ask<bool>(to, std::move(on_answer),
              [probe](Node& peer, std::function<void(bool)> answer) {
                peer.keeper().on_probe(probe, std::move(answer));
              });
  }

  void heal(const model::PeerName& to,
            const model::HealMessage& message) override {
    if (!group_.let_pass(i_, index_of(to))) return;
    send(index_of(to), [self = name_of(i_), message](Node& peer) {
      peer.keeper().on_heal(self, message);
    });
  }

  void heal_status(const model::PeerName& to,
                   std::function<void(base::Result<model::HealStatusReply>)>
                       on_answer) override {
    ask<model::HealStatusReply>(
        to, std::move(on_answer),
        [](Node& peer,
           const std::function<void(model::HealStatusReply)>& answer) {
          answer(peer.keeper().on_heal_status());
        });
  }

  void ask_holdings(
      const model::PeerName&, const model::HoldingsQuery&,
      std::function<void(base::Result<model::HoldingsPage>)> on_page) override {
    unavailable(std::move(on_page));
  }
  void push_holdings(const model::PeerName&,
                     const model::HoldingsChange&) override {}
  void ask_registrations(
      const model::PeerName&, const model::ContentQuery&,
      std::function<void(base::Result<RegistrationPart>)> on_part) override {
    unavailable(std::move(on_part));
  }

  void ask_kv(
      const model::PeerName& to, const model::KvListRequest&,
      std::function<void(base::Result<model::KvPage>)> on_page) override {
    ask<model::KvPage>(
        to, std::move(on_page),
        [](Node&, const std::function<void(model::KvPage)>& answer) {
          answer({});
        });
  }
  void ask_overrides(
      const model::PeerName& to, const model::PageRequest&,
      std::function<void(base::Result<model::OverridePage>)> on_page) override {
    ask<model::OverridePage>(
        to, std::move(on_page),
        [](Node&, const std::function<void(model::OverridePage)>& answer) {
          answer({});
        });
  }

  void disconnect(const model::PeerName&, base::Duration) override {}

  // --- ServiceControl ---

  void pause(const std::string& reason) override {
    state_ = model::ServerState::kPaused;
    reason_ = reason;
  }
  void resume() override { state_ = model::ServerState::kServing; }
  void begin_restart(const std::string& reason) override {
    ++restarts_;
    pause(reason);
  }
  void take_configuration(
      const PeerConfiguration&,
      std::function<void(base::Result<std::size_t>)> done) override {
    group_.after(kDelay, [done = std::move(done)] { done(0); });
  }
  void end_restart(const model::PeerName&) override { resume(); }
  void start_resync(const std::string&) override {
    state_ = model::ServerState::kRecovering;
    group_.after(kRecoveringMax,
                 [self = shared_from_this()] { self->on_resynced(); });
  }
  void on_resynced() override {
    if (state_ == model::ServerState::kRecovering) resume();
  }
  void start_copying() override {
    if (state_ == model::ServerState::kPaused) return;
    state_ = model::ServerState::kStarting;
  }
  void end_copying(bool) override {
    if (state_ == model::ServerState::kStarting) resume();
  }
  void set_readiness(const partition::Readiness&) override {}
  model::ServerState state() const override { return state_; }
  std::string state_reason() const override { return reason_; }
  std::uint64_t client_connections() const override {
    return group_.clients_[i_];
  }

  // --- TableControl: no brokers ---

  void set_listener(Listener) override {}
  std::optional<model::Holding> holding(
      const model::BrokerKey&) const override {
    return std::nullopt;
  }
  std::vector<model::BrokerKey> held_brokers() const override { return {}; }
  void vouch(const model::BrokerKey&, bool, bool) override {}
  void bury(const model::BrokerKey&, model::Epoch) override {}
  bool adopt(model::HeldRegistration) override { return false; }

 private:
  void send(std::size_t to, std::function<void(Node&)> arrive) {
    group_.deliver(i_, to, std::move(arrive));
  }

  template <typename Answer>
  void unavailable(std::function<void(base::Result<Answer>)> on_answer) {
    group_.after(
        kDelay, [on_answer = std::move(on_answer), self = shared_from_this()] {
          if (!self->runs()) return;
          on_answer(base::fail(base::ErrorCode::kUnavailable, "nobody has it"));
        });
  }

  // Question and answer are a message each; without one it fails in the end.
  template <typename Answer>
  void ask(const model::PeerName& name,
           std::function<void(base::Result<Answer>)> on_answer,
           std::function<void(Node&, std::function<void(Answer)>)> question) {
    const std::size_t to = index_of(name);
    auto open = std::make_shared<std::function<void(base::Result<Answer>)>>(
        std::move(on_answer));
    const auto finish =
        [open, self = shared_from_this()](base::Result<Answer> result) {
          if (!*open || !self->runs()) return;
          std::exchange(*open, nullptr)(std::move(result));
        };
    group_.after(kCallTimeout, [finish] {
      finish(base::fail(base::ErrorCode::kTimedOut, "no answer"));
    });
    if (!group_.let_pass(i_, to)) return;
    send(to, [from = i_, to, finish, question](Node& peer) {
      KeeperGroup& group = peer.group_;
      question(peer, [&group, from, to, finish](Answer answer) {
        if (!group.let_pass(to, from)) return;
        group.deliver(to, from, [finish, answer](Node&) { finish(answer); });
      });
    });
  }

  KeeperGroup& group_;
  const std::size_t i_;
  PeerObserver* observer_ = nullptr;
  model::ServerState state_ = model::ServerState::kServing;
  std::string reason_;
  int restarts_ = 0;
  std::unique_ptr<ClusterKeeper> keeper_;
};

KeeperGroup::KeeperGroup(partition::Mode mode, std::size_t size, Adjust adjust)
    : mode_(mode),
      adjust_(std::move(adjust)),
      node_(world_.add_node("all", "10.0.1.1")),
      nodes_(size),
      clients_(size, 0),
      leases_(size, nullptr) {}

KeeperGroup::~KeeperGroup() {
  for (const auto& node : nodes_) {
    if (node) node->end();
  }
}

void KeeperGroup::start(std::size_t i) {
  ClusterSettings settings;
  settings.partition.mode = mode_;
  for (std::size_t peer = 0; peer < size(); ++peer) {
    if (peer != i) settings.peers.push_back(address_of(peer));
  }
  if (adjust_) adjust_(i, settings);
  nodes_[i] = std::make_shared<Node>(*this, i);
  nodes_[i]->start(std::move(settings), ++lives_, leases_[i]);
}

void KeeperGroup::start_all() {
  for (std::size_t i = 0; i < size(); ++i) start(i);
}

void KeeperGroup::kill(std::size_t i) {
  after(0ms, [this, node = nodes_[i], i] {
    if (!node->runs()) return;
    node->end();
    for (std::size_t other = 0; other < size(); ++other) {
      if (!runs(other) || !passes(i, other)) continue;
      after(kDelay,
            [peer = nodes_[other], i] { peer->link_closed(name_of(i)); });
    }
  });
}

void KeeperGroup::cut(std::size_t i, std::size_t j) {
  cut_.insert({i, j});
  cut_.insert({j, i});
}

void KeeperGroup::cut_off(const std::set<std::size_t>& side) {
  for (std::size_t i = 0; i < size(); ++i) {
    for (const std::size_t j : side) {
      if (!side.contains(i)) cut(i, j);
    }
  }
}

bool KeeperGroup::runs(std::size_t i) const {
  return nodes_[i] && nodes_[i]->runs();
}

ClusterKeeper& KeeperGroup::keeper(std::size_t i) {
  return nodes_[i]->keeper();
}

model::ServerState KeeperGroup::state(std::size_t i) const {
  return nodes_[i]->state();
}

bool KeeperGroup::all_serve() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
    return !node || !node->runs() ||
           node->state() == model::ServerState::kServing;
  });
}

void KeeperGroup::set_clients(std::size_t i, std::uint64_t count) {
  clients_[i] = count;
}

int KeeperGroup::restarts(std::size_t i) const { return nodes_[i]->restarts(); }

std::string KeeperGroup::lease_owner_of(std::size_t i, std::uint64_t process) {
  return lease_owner(name_of(i).value(), incarnation_of(process));
}

void KeeperGroup::set_lease(std::size_t i, Lease* lease) { leases_[i] = lease; }

bool KeeperGroup::passes(std::size_t from, std::size_t to) const {
  return !cut_.contains({from, to});
}

void KeeperGroup::deliver(std::size_t from, std::size_t to,
                          std::function<void(Node&)> arrive) {
  after(kDelay, [this, from, to, sender = nodes_[from], peer = nodes_[to],
                 arrive = std::move(arrive)] {
    if (!peer || !peer->runs() || !passes(from, to)) return;
    arrive(*peer);
  });
}

}  // namespace waypost::cluster
