#ifndef WAYPOST_TESTS_SUPPORT_SIM_SIM_WORLD_H_
#define WAYPOST_TESTS_SUPPORT_SIM_SIM_WORLD_H_

// A whole distributed system in one thread, on a virtual clock and a seeded
// network. The code under test takes base::Executor and transport::Network and
// cannot tell the difference; 150 seconds pass in a millisecond, and the same
// seed gives the same run, event by event.
//
//   SimWorld world({.seed = 7});
//   SimNode& server = world.add_node("ns-a", "10.0.0.1");
//   SimNode& client = world.add_node("app", "10.0.0.9");
//   rpc::Acceptor acceptor(server.executor(), server.network(), ...);
//   acceptor.listen({"10.0.0.1", 9876});
//   rpc::Channel channel(client.executor(), client.network(), ...);
//   channel.call(...);
//   CHECK(world.run_until([&] { return answered; }, 1s));
//   server.freeze();             // hangs; its connections stay open
//   world.run_for(10min);
//   server.thaw();               // everything queued is delivered
//
// Lifetime: objects that use a node's executor or network are destroyed before
// the world. For a crash: node.crash(), destroy the node's objects (in any
// order, nothing runs on a crashed node), node.restart(), make new ones.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "tests/support/sim/event_queue.h"
#include "tests/support/sim/links.h"
#include "tests/support/sim/sim_executor.h"
#include "tests/support/sim/sim_kernel.h"
#include "tests/support/sim/sim_network.h"

namespace waypost::sim {

class SimWorld;

struct WorldOptions {
  std::uint64_t seed = 1;
  Delay delay{};    // of each packet, each way
  double loss = 0;  // share of packets that vanish and are sent again
  // Shares of packets that arrive twice, and that may overtake earlier ones.
  // The streams above see neither: what it costs is time.
  double duplication = 0;
  double reordering = 0;
  // A stream is cut at random into pieces of up to this many bytes.
  std::size_t segment_max_bytes = 1460;
};

// A machine with one program on it.
class SimNode {
 public:
  SimNode(SimWorld& world, std::string name, std::string address);

  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }

  // The loops of the program, made when first asked for. Each executor with its
  // network is one thread of the program.
  SimExecutor& executor(std::size_t loop = 0);
  SimNetwork& network(std::size_t loop = 0);
  SimKernel& kernel() { return kernel_; }

  // SIGSTOP, or a machine that hangs with its connections open: no executor
  // runs; the kernel goes on acknowledging and accepting.
  void freeze();
  // Runs what came due meanwhile: timers first, then the rest as it arrived.
  void thaw();
  // The whole machine sleeps (laptop lid, paused VM): as freeze, but its
  // kernel does not answer either, and its monotonic clock stands still.
  void suspend();
  void resume();
  bool running() const { return !frozen_ && !crashed_; }
  bool asleep() const { return asleep_; }

  // The program dies: nothing of it runs any more, peers get RST. Connects are
  // refused until restart().
  void crash();
  // As crash, but as SIGKILL looks from outside: peers get FIN (RST where input
  // was unread).
  void kill();
  void restart();

  void jump_wall_clock(base::Duration by) { wall_offset_ += by; }
  base::Instant monotonic_now() const;
  base::WallTime wall_now() const;
  base::Duration boot_time() const;  // CLOCK_BOOTTIME

  // Which program runs here, counted from 1; crash and kill end a life.
  std::uint64_t life() const { return life_; }

 private:
  friend class SimWorld;
  struct Loop {
    std::unique_ptr<SimExecutor> executor;
    std::unique_ptr<SimNetwork> network;
  };
  Loop& loop(std::size_t index);
  void end_life();

  SimWorld& world_;
  std::string name_;
  std::string address_;
  SimKernel kernel_;
  std::deque<Loop> loops_;
  std::vector<Event> deferred_;  // came due while frozen, in order
  bool frozen_ = false;
  bool asleep_ = false;
  bool crashed_ = false;
  std::uint64_t life_ = 1;
  base::Instant asleep_since_;
  base::Duration slept_{0};
  base::Duration wall_offset_{0};
};

class SimWorld {
 public:
  explicit SimWorld(WorldOptions options = {});
  ~SimWorld();
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  // The node's name resolves to its address.
  SimNode& add_node(const std::string& name, const std::string& address);
  SimNode& node(const std::string& name);

  base::Instant now() const { return now_; }
  base::Instant start() const { return base::Instant(kStart); }
  base::Duration elapsed() const { return now_ - base::Instant(kStart); }
  void run_for(base::Duration duration);
  // Runs until `done()` after some event; false when `limit` has passed first.
  bool run_until(const std::function<bool()>& done, base::Duration limit);

  // Packets vanish, connections stay open; both ends find out by their timeouts
  // if at all. Packets already under way are lost too.
  void cut(const std::string& a, const std::string& b);
  void cut_one_way(const std::string& from, const std::string& to);
  void heal(const std::string& a, const std::string& b);
  // As a pulled network cable: the node from all others.
  void isolate(const std::string& node) { links_.isolate(node); }
  void rejoin(const std::string& node) { links_.rejoin(node); }
  void heal_all() { links_.heal_all(); }
  // For both directions.
  void set_delay(const std::string& a, const std::string& b, Delay delay);

  // Host names: what they resolve to, and whether lookups fail or hang.
  enum class Lookup : std::uint8_t { kWorks, kFails, kHangs };
  void add_host(const std::string& name, std::vector<std::string> addresses,
                base::Duration ttl = {});
  void set_lookup(const std::string& name, Lookup behaviour);

  base::Random& random() { return random_; }
  const WorldOptions& options() const { return options_; }
  // Digest of all that happened so far: equal for equal runs.
  std::uint64_t fingerprint() const { return fingerprint_; }
  std::uint64_t event_count() const { return event_count_; }
  // Bytes that programs on these two nodes have given their connections with
  // each other, both ways.
  std::uint64_t bytes_between(const std::string& a, const std::string& b);

  // --- For the simulator's own parts ---

  void schedule(EventKind kind, SimExecutor* target, base::Duration delay,
                std::function<void()> run);
  // Runs `arrive` at the other node's kernel after the link's delay, not before
  // `earliest`, unless the packet is lost. Returns when it arrives.
  base::Instant send_packet(SimNode& from, SimNode& to, base::Instant earliest,
                            std::function<void()> arrive);
  SimNode* find_address(const std::string& address);
  struct HostEntry {
    std::vector<std::string> addresses;
    base::Duration ttl{0};
    Lookup behaviour = Lookup::kWorks;
  };
  const HostEntry* find_host(const std::string& name) const;
  void count_bytes(const SimNode& from, const SimNode& to, std::size_t bytes);
  // What was to run on the node's executors never will.
  void drop_events_of(const SimNode& node);
  const SimExecutor* current_executor() const { return current_; }

 private:
  static constexpr base::Duration kStart = std::chrono::hours(1000);

  void step();
  void note(const Event& event);

  WorldOptions options_;
  base::Random random_;
  Links links_;
  EventQueue queue_;
  base::Instant now_{kStart};
  const SimExecutor* current_ = nullptr;
  std::map<std::string, std::unique_ptr<SimNode>> nodes_;  // by name
  std::map<std::string, HostEntry> hosts_;
  std::map<std::pair<const SimNode*, const SimNode*>, std::uint64_t> bytes_;
  std::uint64_t fingerprint_ = 0;
  std::uint64_t event_count_ = 0;
  std::uint64_t events_at_now_ = 0;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SUPPORT_SIM_SIM_WORLD_H_
