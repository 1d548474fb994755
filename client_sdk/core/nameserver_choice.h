#ifndef WAYPOST_CLIENT_SDK_CORE_NAMESERVER_CHOICE_H_
#define WAYPOST_CLIENT_SDK_CORE_NAMESERVER_CHOICE_H_

// Which nameserver to ask. A client stays with one as long as it answers
// (thousands of clients that change servers for no reason are load for nothing)
// and starts at a random one, so that clients spread. A failure raises a
// server's penalty, which halves as time goes by; who has to move on goes to
// the one with the smallest penalty, so that two servers that fail in turns do
// not keep a client from the third. Nothing draws it back to where it came
// from.

#include <cstddef>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace waypost::client {

class NameserverChoice {
 public:
  static constexpr base::Duration kPenaltyHalfLife = std::chrono::seconds(30);

  // `count` is at least 1. `pinned`: the one to start with.
  NameserverChoice(std::size_t count, std::optional<std::size_t> pinned,
                   base::Random& random);

  std::size_t count() const { return penalties_.size(); }
  std::size_t current() const { return current_; }

  void on_failure(std::size_t server, base::Instant now);
  void on_success(std::size_t server);

  // The best server of those not in `tried` (one flag each): the one with the
  // smallest penalty, among equals the current one, then the next in the ring.
  // Nothing when all were tried. Does not move.
  std::optional<std::size_t> best_untried(const std::vector<bool>& tried,
                                          base::Instant now) const;

  // The best server other than the current; nothing when there is only one.
  std::optional<std::size_t> best_other(base::Instant now) const;

  void move_to(std::size_t server) { current_ = server; }

  // Failures that still count: one failure is 1 when it happens, 1/2 after a
  // half-life, 0 from ten half-lives on.
  double penalty(std::size_t server, base::Instant now) const;

 private:
  struct Penalty {
    double value = 0;
    base::Instant at{};
  };
  std::optional<std::size_t> best(const std::vector<bool>& excluded,
                                  base::Instant now) const;

  std::vector<Penalty> penalties_;
  std::size_t current_ = 0;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_NAMESERVER_CHOICE_H_
