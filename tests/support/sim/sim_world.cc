#include "tests/support/sim/sim_world.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace waypost::sim {
namespace {

// More events than this without time moving on: something spins.
constexpr std::uint64_t kEventsPerInstantMax = 1'000'000;
// 2026-01-01T00:00:00Z, an arbitrary but fixed beginning of civil time.
constexpr base::WallTime kWallStart{std::chrono::seconds(1'767'225'600)};

}  // namespace

// --- SimNode ---

SimNode::SimNode(SimWorld& world, std::string name, std::string address)
    : world_(world),
      name_(std::move(name)),
      address_(std::move(address)),
      kernel_(world, *this) {}

SimNode::Loop& SimNode::loop(std::size_t index) {
  while (loops_.size() <= index) {
    auto executor = std::make_unique<SimExecutor>(world_, *this);
    auto network = std::make_unique<SimNetwork>(world_, *this, *executor);
    loops_.push_back(Loop{std::move(executor), std::move(network)});
  }
  return loops_[index];
}

SimExecutor& SimNode::executor(std::size_t index) {
  return *loop(index).executor;
}

SimNetwork& SimNode::network(std::size_t index) { return *loop(index).network; }

void SimNode::freeze() { frozen_ = true; }

void SimNode::thaw() {
  if (!frozen_) return;
  frozen_ = false;
  std::stable_partition(
      deferred_.begin(), deferred_.end(),
      [](const Event& event) { return event.kind == EventKind::kTimer; });
  for (Event& event : std::exchange(deferred_, {})) {
    world_.schedule(event.kind, event.target, base::Duration(0),
                    std::move(event.run));
  }
}

void SimNode::suspend() {
  WAYPOST_ASSERT(!asleep_);
  asleep_since_ = world_.now();
  asleep_ = true;
  freeze();
}

void SimNode::resume() {
  WAYPOST_ASSERT(asleep_);
  slept_ += world_.now() - asleep_since_;
  asleep_ = false;
  thaw();
}

void SimNode::crash() {
  kernel_.close_all(/*with_reset=*/true);
  end_life();
}

void SimNode::kill() {
  kernel_.close_all(/*with_reset=*/false);
  end_life();
}

void SimNode::end_life() {
  crashed_ = true;
  frozen_ = false;
  asleep_ = false;
  ++life_;
  // Now, while what they refer to still exists.
  std::exchange(deferred_, {}).clear();
  world_.drop_events_of(*this);
}

void SimNode::restart() {
  WAYPOST_ASSERT(crashed_);
  crashed_ = false;
}

base::Instant SimNode::monotonic_now() const {
  return (asleep_ ? asleep_since_ : world_.now()) - slept_;
}

base::WallTime SimNode::wall_now() const {
  return kWallStart + world_.elapsed() + wall_offset_;
}

base::Duration SimNode::boot_time() const {
  return world_.now().time_since_epoch();
}

// --- SimWorld ---

SimWorld::SimWorld(WorldOptions options)
    : options_(options), random_(options.seed), links_(options.delay) {}

// Events and nodes refer to each other: events first.
SimWorld::~SimWorld() { queue_.clear(); }

SimNode& SimWorld::add_node(const std::string& name,
                            const std::string& address) {
  WAYPOST_ASSERT(!nodes_.contains(name) && find_address(address) == nullptr);
  add_host(name, {address});
  auto& slot = nodes_[name];
  slot = std::make_unique<SimNode>(*this, name, address);
  return *slot;
}

SimNode& SimWorld::node(const std::string& name) { return *nodes_.at(name); }

SimNode* SimWorld::find_address(const std::string& address) {
  for (const auto& [name, node] : nodes_) {
    if (node->address() == address) return node.get();
  }
  return nullptr;
}

void SimWorld::run_for(base::Duration duration) {
  run_until([] { return false; }, duration);
}

bool SimWorld::run_until(const std::function<bool()>& done,
                         base::Duration limit) {
  const base::Instant end = now_ + limit;
  if (done()) return true;
  while (!queue_.empty() && queue_.next_at() <= end) {
    step();
    if (done()) return true;
  }
  now_ = end;
  events_at_now_ = 0;
  return false;
}

void SimWorld::step() {
  Event event = queue_.pop();
  WAYPOST_ASSERT(event.at >= now_);
  events_at_now_ = event.at == now_ ? events_at_now_ + 1 : 0;
  WAYPOST_ASSERT(events_at_now_ < kEventsPerInstantMax);
  now_ = event.at;
  if (event.target == nullptr) {
    note(event);
    event.run();
    return;
  }
  SimNode& node = event.target->node();
  if (node.crashed_ || event.life != node.life_) return;
  if (node.frozen_) {
    node.deferred_.push_back(std::move(event));
    return;
  }
  note(event);
  current_ = event.target;
  event.run();
  event.target->end_turn();
  event.run = nullptr;  // what it captured dies on its own executor
  current_ = nullptr;
}

void SimWorld::note(const Event& event) {
  ++event_count_;
  const auto mix = [this](std::uint64_t value) {
    fingerprint_ = base::Random(fingerprint_ ^ value).next();
  };
  mix(static_cast<std::uint64_t>(event.at.time_since_epoch().count()));
  mix(event.sequence * 4 + static_cast<std::uint64_t>(event.kind));
}

void SimWorld::schedule(EventKind kind, SimExecutor* target,
                        base::Duration delay, std::function<void()> run) {
  Event event;
  event.at = now_ + delay;
  event.kind = kind;
  event.target = target;
  event.run = std::move(run);
  if (target != nullptr) {
    if (target->node().crashed_) return;
    event.life = target->node().life();
  }
  queue_.push(std::move(event));
}

void SimWorld::drop_events_of(const SimNode& node) {
  queue_.remove_if(
      [&](const SimExecutor& executor) { return &executor.node() == &node; });
}

base::Instant SimWorld::send_packet(SimNode& from, SimNode& to,
                                    base::Instant earliest,
                                    std::function<void()> arrive) {
  const auto draw_arrival = [&] {
    return now_ + links_.draw_delay(from.name(), to.name(), random_);
  };
  const auto happens = [&](double share) {
    return share > 0 && from.name() != to.name() && random_.chance(share);
  };
  base::Instant at = draw_arrival();
  if (!happens(options_.reordering)) at = std::max(at, earliest);
  const bool lost = options_.loss > 0 && random_.chance(options_.loss);
  const auto passes = [this, &from, &to] {
    return links_.passes(from.name(), to.name()) && !to.asleep_ &&
           !from.asleep_;
  };
  if (lost || !passes()) return std::max(at, earliest);
  if (happens(options_.duplication)) {
    schedule(EventKind::kKernel, nullptr, draw_arrival() - now_,
             [passes, arrive] {
               if (passes()) arrive();
             });
  }
  schedule(EventKind::kKernel, nullptr, at - now_,
           [passes, &to, arrive = std::move(arrive)] {
             if (passes() && !to.asleep_) arrive();
           });
  return std::max(at, earliest);
}

void SimWorld::cut(const std::string& a, const std::string& b) {
  links_.cut_one_way(a, b);
  links_.cut_one_way(b, a);
}

void SimWorld::cut_one_way(const std::string& from, const std::string& to) {
  links_.cut_one_way(from, to);
}

void SimWorld::heal(const std::string& a, const std::string& b) {
  links_.heal_one_way(a, b);
  links_.heal_one_way(b, a);
}

void SimWorld::set_delay(const std::string& a, const std::string& b,
                         Delay delay) {
  links_.set_delay(a, b, delay);
  links_.set_delay(b, a, delay);
}

void SimWorld::add_host(const std::string& name,
                        std::vector<std::string> addresses,
                        base::Duration ttl) {
  hosts_[name].addresses = std::move(addresses);
  hosts_[name].ttl = ttl;
}

void SimWorld::set_lookup(const std::string& name, Lookup behaviour) {
  hosts_[name].behaviour = behaviour;
}

const SimWorld::HostEntry* SimWorld::find_host(const std::string& name) const {
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? nullptr : &found->second;
}

void SimWorld::count_bytes(const SimNode& from, const SimNode& to,
                           std::size_t bytes) {
  bytes_[std::minmax(&from, &to)] += bytes;
}

std::uint64_t SimWorld::bytes_between(const std::string& a,
                                      const std::string& b) {
  const SimNode* const one = &node(a);
  const SimNode* const other = &node(b);
  const auto found = bytes_.find(std::minmax(one, other));
  return found == bytes_.end() ? 0 : found->second;
}

}  // namespace waypost::sim
