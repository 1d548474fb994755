#ifndef WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINES_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINES_H_

// A client's connections: one to its current nameserver, and those that are on
// their way out or were only made to ask a question twice.
//
// The incident this is made for: a nameserver's machine hangs with its TCP
// connections open. Nothing tells the client but its own timeouts, so each of
// them - not connected, hello not answered, ping not answered, and, told by the
// calls, question not answered - closes the socket and moves on.
//
// Over a slow link connecting may take longer than one nameserver's share of a
// call. Such a line is left, not closed: it goes on for a whole budget, beside
// others, until some nameserver answers. When nobody has, it is the next one to
// be asked, and what was begun need not begin anew.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/random.h"
#include "client_sdk/core/nameserver_choice.h"
#include "client_sdk/runtime/nameserver_line.h"
#include "waypost/options.hpp"

namespace waypost::client {

struct NameserverLinkOptions {
  // May be empty, until set_nameservers.
  std::vector<Nameserver> nameservers;
  // Address or name of the one to start with; empty: a random one.
  std::string start;
  // The usual budget of a call. Connecting to one nameserver may take it all,
  // beside calls that are elsewhere by then; waiting for a sign of life may
  // take a share of it.
  base::Duration rpc_timeout = std::chrono::seconds(3);
  // False: a call that times out on a standing connection fails and leaves the
  // connection as it is, as stock RocketMQ clients do.
  bool close_on_timeout = true;
  base::Duration ping_interval{0};  // 0: no pings
  // After a connection was lost: each pause is drawn at random from up to a
  // ceiling that grows from the one to the other, so that the clients of a
  // nameserver that restarts do not come back as one wave.
  base::Duration reconnect_min = std::chrono::seconds(1);
  base::Duration reconnect_max = std::chrono::seconds(30);
  Hedge hedge = Hedge::kOff;
  base::Duration hedge_after{0};
  std::int64_t hedge_extra_load_percent = 5;
  model::HelloRequest hello;
};

// Told on the loop's thread, never inside a call into the link but from its
// callbacks.
class NameserverLinkObserver {
 public:
  virtual ~NameserverLinkObserver() = default;
  virtual void on_nameserver_connected(const std::string& nameserver,
                                       const model::HelloReply& reply) = 0;
  // There is no connection (any more) to the current nameserver.
  virtual void on_nameserver_lost() {}
  virtual void on_nameserver_switched(const std::string& from,
                                      const std::string& to,
                                      const std::string& why) = 0;
  // A frame that the current nameserver sent unasked, but a drain notice.
  virtual void on_nameserver_push(codec::FrameKind /*kind*/,
                                  std::span<const std::byte> /*payload*/) {}
};

// Loop thread only. Destroying it ends everything without callbacks.
class NameserverLines final : private LineOwner {
 public:
  // The options and whatever is referred to must outlive it; `observer` may be
  // null.
  NameserverLines(base::Executor& executor, transport::Network& network,
                  const NameserverLinkOptions& options, base::Random random,
                  NameserverLinkObserver* observer, base::Logger logger);
  ~NameserverLines() override;
  NameserverLines(const NameserverLines&) = delete;
  NameserverLines& operator=(const NameserverLines&) = delete;

  NameserverChoice& choice() { return choice_; }
  const NameserverChoice& choice() const { return choice_; }

  // The list from now on. The connection to one that is not in it any more ends
  // at once.
  void set_nameservers(const std::vector<Nameserver>& nameservers);

  // The line to a server, which is current from now on. Lines live until they
  // are not current and have no calls.
  NameserverLine& open(ServerId server);
  // A line beside the current one; the current one if it is that server's.
  NameserverLine& open_aside(ServerId server);

  // It failed: it is closed, and its server gets a penalty. Whoever calls opens
  // another, now or by reconnecting.
  void give_up(NameserverLine& line, const std::string& why);
  // It is well, but cannot help: calls that are pending may still be answered.
  void leave(NameserverLine& line, const std::string& why);
  // It took so long that another one was asked: is it alive?
  void doubt(NameserverLine& line, base::Duration timeout) {
    line.ping(timeout);
  }
  // A call on some line is over.
  void call_ended() { sweep_soon(); }

  // It was asked while it was connecting, and could not be waited for.
  void leave_late(NameserverLine& line, const std::string& why);
  // It answered: late ones are not needed.
  void answered(const NameserverLine& line);

  // Who to ask next of those not in `tried`: who is connected, else the best.
  std::optional<ServerId> next(const ServerIds& tried) const;

  // From now on there is always a connection, or an attempt to make one.
  void keep_connected();

  // The line to the current nameserver, if it is connected.
  NameserverLine* connected_line() {
    return connected() ? line_.get() : nullptr;
  }
  // It says what makes no sense: given up, and the next one opened in a while.
  void distrust(NameserverLine& line, const std::string& why);

  bool is_current(const NameserverLine& line) const {
    return line_.get() == &line;
  }
  bool connected() const { return line_ != nullptr && line_->ready(); }
  // Empty while no nameserver is known.
  const std::string& current_name() const { return current_name_; }
  std::uint64_t switches() const { return switches_; }

 private:
  std::unique_ptr<NameserverLine> make_line(ServerId server);
  void put_aside();
  bool is_stuck(const NameserverLine& line) const;
  bool goes_on_late(ServerId server) const;
  bool bring_back(ServerId server);
  void adopt_late();
  void announce();
  bool to_be_announced() const { return connected() && !line_->announced(); }
  void move_to(ServerId server);
  void move_on(const std::string& why);
  void note_current();
  void reconnect_later();
  base::Duration next_pause();
  void sweep_soon();

  void on_line_connected(NameserverLine& line,
                         const model::HelloReply& reply) override;
  void on_line_ended(NameserverLine& line, const base::Error& error) override;
  void on_line_silent(NameserverLine& line, const base::Error& error) override;
  void on_line_push(NameserverLine& line, codec::FrameKind kind,
                    std::span<const std::byte> payload) override;
  void on_draining(NameserverLine& line, const std::string& why);

  base::Executor& executor_;
  transport::Network& network_;
  const NameserverLinkOptions& options_;
  base::Random random_;
  NameserverLinkObserver* const observer_;
  const base::Logger logger_;

  NameserverChoice choice_;
  std::string current_name_;
  std::uint64_t switches_ = 0;
  // Why the next move is made, until it is.
  std::string leaving_because_;

  std::unique_ptr<NameserverLine> line_;  // to the current one
  // Until their calls end; late ones until somebody answers.
  std::vector<std::unique_ptr<NameserverLine>> aside_;
  std::unique_ptr<base::Timer> sweep_timer_;

  bool keep_connected_ = false;
  base::Duration pause_max_;  // of the next reconnect
  std::unique_ptr<base::Timer> reconnect_timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINES_H_
