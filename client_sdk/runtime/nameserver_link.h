#ifndef WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINK_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINK_H_

// A client's way to its nameservers: one connection to one of them at a time,
// and for each call as many attempts as there are nameservers.
//
// The incident this is made for: a nameserver's machine hangs with its TCP
// connections open. Nothing tells the client but its own timeouts, so each of
// them - not connected, hello not answered, call not answered, answer not
// completed - closes the socket and moves on, and each attempt's deadline is
// such that every nameserver gets its turn within the call's budget.

#include <cstdint>
#include <map>
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
#include "wire/rpc/channel.h"
#include "wire/transport/network.h"

namespace waypost::client {

struct NameserverLinkOptions {
  std::vector<base::Endpoint> nameservers;  // at least one
  std::optional<std::size_t> start;         // random when not given
  // The usual budget of a call; connecting to one nameserver may take its
  // share of it.
  base::Duration rpc_timeout = std::chrono::seconds(3);
  // False: a call that times out on a standing connection fails and leaves the
  // connection as it is, as stock RocketMQ clients do.
  bool close_on_timeout = true;
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
};

// Takes the answer to a call. Must not destroy the link.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  // An attempt starts; what parts of an earlier one brought may come again.
  virtual void on_attempt(const std::string& nameserver) = 0;
  // One frame. An error ends the attempt, and the next nameserver is asked.
  virtual base::Status on_part(const rpc::AnswerPart& part) = 0;
  // The call is over: the nameserver that answered, or what each of them did.
  // Always the last event, never inside the link's call().
  virtual void on_done(const base::Result<std::string>& nameserver) = 0;
};

// Loop thread only. Destroying it ends everything without callbacks.
class NameserverLink {
 public:
  using CallId = std::uint64_t;

  // `observer` may be null. All references must outlive the link.
  NameserverLink(base::Executor& executor, transport::Network& network,
                 NameserverLinkOptions options, base::Random random,
                 NameserverLinkObserver* observer, base::Logger logger);
  ~NameserverLink();
  NameserverLink(const NameserverLink&) = delete;
  NameserverLink& operator=(const NameserverLink&) = delete;

  // Asks until one nameserver answers, all have failed, or `budget` is over.
  // `sink` must outlive the call.
  CallId call(codec::FrameKind kind, std::string payload, base::Duration budget,
              AnswerSink& sink);
  // No more events for its sink. Unknown ids are ignored.
  void cancel(CallId call);

  const std::string& current() const { return names_[choice_.current()]; }
  bool connected() const;
  std::uint64_t switches() const { return switches_; }

 private:
  class Line;
  struct Call;
  using CallPtr = std::shared_ptr<Call>;

  void attempt(const CallPtr& call);
  void on_answer(const CallPtr& call, base::Result<rpc::AnswerPart> result);
  void on_attempt_failed(const CallPtr& call, const base::Error& error);
  void finish(const CallPtr& call, const base::Result<std::string>& result);
  base::Error give_up(const Call& call) const;

  Line& line_to(std::size_t server);
  // Gives up the current line because of `why`; its pending calls fail.
  void drop_line(Line& line, const std::string& why);
  // The same, but calls that are pending on it may still be answered.
  void leave_line(Line& line);
  void move_to(std::size_t server, const std::string& why);
  void sweep_soon();

  void on_line_connected(Line& line, const model::HelloReply& reply);
  void on_line_disconnected(Line& line, const base::Error& error);
  void on_line_push(Line& line, codec::FrameKind kind,
                    std::span<const std::byte> payload);

  base::Executor& executor_;
  transport::Network& network_;
  const NameserverLinkOptions options_;
  std::vector<std::string> names_;
  base::Random random_;
  NameserverLinkObserver* const observer_;
  const base::Logger logger_;

  NameserverChoice choice_;
  std::uint64_t switches_ = 0;
  // Why the next move is made, until it is.
  std::string leaving_because_;
  CallId last_call_ = 0;
  std::map<CallId, CallPtr> calls_;
  std::unique_ptr<Line> line_;                  // to the current nameserver
  std::vector<std::unique_ptr<Line>> leaving_;  // until their calls are over
  std::unique_ptr<base::Timer> sweep_timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINK_H_
