#ifndef WAYPOST_CLIENT_SDK_CORE_NAMESERVER_CHOICE_H_
#define WAYPOST_CLIENT_SDK_CORE_NAMESERVER_CHOICE_H_

// Which nameserver to ask. A client stays with one as long as it answers
// (thousands of clients that change servers for no reason are load for nothing)
// and starts at a random one, so that clients spread. A failure raises a
// server's penalty, which halves as time goes by; who has to move on goes to
// the one with the smallest penalty, so that two servers that fail in turns do
// not keep a client from the third. Nothing draws it back to where it came
// from.
//
// Each client has the servers in an order of its own: of those that leave one
// server together, not all shall arrive at the same next one.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/random.h"

namespace waypost::client {

struct Nameserver {
  base::Endpoint address;
  std::string name;  // as people know it

  friend bool operator==(const Nameserver&, const Nameserver&) = default;
};

// Each as its own address says.
std::vector<Nameserver> unnamed(const std::vector<base::Endpoint>& addresses);

// A server of the list, for as long as its address is in it; never used twice.
using ServerId = std::uint32_t;
using ServerIds = std::set<ServerId>;

// Of one question: a connection that stood when it was asked and ended before
// the answer says that a nameserver was restarted, or dropped idle connections,
// not that it is dead. When nobody else is left to be asked, that one is asked
// once more, on a new connection. A value.
class SecondChance {
 public:
  // An attempt failed; `stood`: its connection did, when it was asked.
  void on_failure(ServerId server, bool stood, base::ErrorCode code) {
    if (stood && code == base::ErrorCode::kUnavailable && !server_) {
      server_ = server;
    }
  }
  // The server to be asked again, once.
  std::optional<ServerId> take() {
    if (!server_ || std::exchange(taken_, true)) return std::nullopt;
    return server_;
  }

 private:
  std::optional<ServerId> server_;
  bool taken_ = false;
};

class NameserverChoice {
 public:
  static constexpr base::Duration kPenaltyHalfLife = std::chrono::seconds(30);

  // The list may be empty. `pinned`: the address or name of the one to start
  // with, if it is in the first list that is not empty.
  NameserverChoice(const std::vector<Nameserver>& servers, std::string pinned,
                   base::Random random);

  // The servers from now on. Those that stay keep their id and penalty. When
  // the current one has gone, the best of the others is current.
  void update(const std::vector<Nameserver>& servers, base::Instant now);

  std::size_t count() const { return servers_.size(); }
  // Nothing while the list is empty.
  std::optional<ServerId> current() const { return current_; }
  // Null when it is not in the list (any more).
  const Nameserver* find(ServerId server) const;

  // Unknown ids are ignored.
  void on_failure(ServerId server, base::Instant now);
  void on_success(ServerId server);

  // The best server of those not in `tried`: the one with the smallest penalty,
  // among equals the current one, then the next in the ring. Nothing when all
  // were tried. Does not move.
  std::optional<ServerId> best_untried(const ServerIds& tried,
                                       base::Instant now) const;
  std::size_t untried(const ServerIds& tried) const;

  // The best server other than the current; nothing when there is only one.
  std::optional<ServerId> best_other(base::Instant now) const;

  // REQUIRES: it is in the list.
  void move_to(ServerId server) { current_ = server; }

  // Failures that still count: one failure is 1 when it happens, 1/2 after a
  // half-life, 0 from ten half-lives on.
  double penalty(ServerId server, base::Instant now) const;

 private:
  struct Server {
    ServerId id = 0;
    Nameserver nameserver;
    double penalty = 0;
    base::Instant penalty_at{};
  };
  static double penalty(const Server& server, base::Instant now);
  Server* find_server(ServerId id);
  void start();

  const std::string pinned_;
  base::Random random_;
  std::vector<Server> servers_;  // the ring
  std::optional<ServerId> current_;
  ServerId last_id_ = 0;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_NAMESERVER_CHOICE_H_
