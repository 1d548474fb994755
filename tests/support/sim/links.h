#ifndef WAYPOST_TESTS_SUPPORT_SIM_LINKS_H_
#define WAYPOST_TESTS_SUPPORT_SIM_LINKS_H_

#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/random.h"

namespace waypost::sim {

// How long a packet takes: uniform in [min, max].
struct Delay {
  base::Duration min = std::chrono::microseconds(100);
  base::Duration max = std::chrono::milliseconds(2);
};

// Which direction between two nodes carries packets and how fast; by node name.
// A pure value.
class Links {
 public:
  explicit Links(Delay usual) : usual_(usual) {}

  void cut_one_way(const std::string& from, const std::string& to) {
    cut_.insert({from, to});
  }
  void heal_one_way(const std::string& from, const std::string& to) {
    cut_.erase({from, to});
  }
  // Nothing passes between the node and any other, loopback excepted.
  void isolate(const std::string& node) { isolated_.insert(node); }
  void rejoin(const std::string& node) { isolated_.erase(node); }
  void heal_all() {
    cut_.clear();
    isolated_.clear();
  }

  bool passes(const std::string& from, const std::string& to) const {
    if (from == to) return true;
    return !isolated_.contains(from) && !isolated_.contains(to) &&
           !cut_.contains({from, to});
  }

  void set_delay(const std::string& from, const std::string& to, Delay delay) {
    delays_[{from, to}] = delay;
  }
  base::Duration draw_delay(const std::string& from, const std::string& to,
                            base::Random& random) const {
    if (from == to) return std::chrono::microseconds(20);
    const auto found = delays_.find({from, to});
    const Delay& delay = found == delays_.end() ? usual_ : found->second;
    const auto spread =
        static_cast<std::uint64_t>((delay.max - delay.min).count());
    return delay.min + base::Duration(static_cast<base::Duration::rep>(
                           random.below(spread + 1)));
  }

 private:
  using Direction = std::pair<std::string, std::string>;

  Delay usual_;
  std::set<Direction> cut_;
  std::set<std::string> isolated_;
  std::map<Direction, Delay> delays_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SUPPORT_SIM_LINKS_H_
