#ifndef WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINE_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINE_H_

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/executor.h"
#include "base/log.h"
#include "base/random.h"
#include "client_sdk/core/nameserver_choice.h"
#include "wire/rpc/channel.h"
#include "wire/transport/network.h"

namespace waypost::client {

class NameserverLine;

// Told on the loop's thread, never inside a call into the line.
class LineOwner {
 public:
  virtual ~LineOwner() = default;
  virtual void on_line_connected(NameserverLine& line,
                                 const model::HelloReply& reply) = 0;
  // It could not be made or has ended; its calls have failed before.
  virtual void on_line_ended(NameserverLine& line,
                             const base::Error& error) = 0;
  // It stands, but did not answer a ping.
  virtual void on_line_silent(NameserverLine& line,
                              const base::Error& error) = 0;
  virtual void on_line_push(NameserverLine& line, codec::FrameKind kind,
                            std::span<const std::byte> payload) = 0;
};

struct LineSettings {
  rpc::ChannelOptions channel;
  // The usual budget of a call, of which a slow connection may take half.
  base::Duration budget = std::chrono::seconds(3);
  // After this much silence a ping is sent; 0: none by itself.
  base::Duration ping_interval{0};
  base::Duration ping_timeout = std::chrono::seconds(1);
};

// A connection to one nameserver. Pings it when it is idle: a machine that
// hangs keeps its connections, and who asks nothing for half a minute would
// find out half a minute late. Loop thread only; destroying it ends everything
// without callbacks.
class NameserverLine final : private rpc::ChannelObserver {
 public:
  NameserverLine(base::Executor& executor, transport::Network& network,
                 LineOwner& owner, ServerId server,
                 const Nameserver& nameserver, LineSettings settings,
                 base::Random& random, base::Logger logger);
  ~NameserverLine() override;
  NameserverLine(const NameserverLine&) = delete;
  NameserverLine& operator=(const NameserverLine&) = delete;

  ServerId server() const { return server_; }
  const std::string& name() const { return name_; }
  bool ready() const { return channel_.state() == rpc::Channel::State::kReady; }
  bool connecting() const {
    return channel_.state() == rpc::Channel::State::kConnecting;
  }
  std::size_t pending_calls() const { return channel_.pending_calls(); }

  // Nobody is to be asked on it any more. False: it was retired before.
  bool retire() { return !std::exchange(retired_, true); }
  bool retired() const { return retired_; }

  // It was left before it could show what it is worth, and goes on: whoever
  // finds no better one comes back to it.
  bool late() const { return late_; }
  void set_late(bool late) { late_ = late; }
  bool goes_on_late() const {
    return late_ && !retired_ && (connecting() || ready());
  }
  // Its owner has told of it since it is the current one.
  bool announced() const { return announced_; }
  void set_announced(bool announced) { announced_ = announced; }

  // REQUIRES: connecting().
  base::Duration connecting_for() const { return executor_.now() - began_; }

  // Connecting and hello are two round trips; a question and its answer are one
  // and what the nameserver takes. So who was asked while connecting and has
  // had less time since than that took has not failed to answer.
  bool cut_short() const {
    return connecting() || (ready() && executor_.now() - ready_at_ < setup_);
  }
  // How long to wait for an answer where `share` is what a nameserver gets:
  // longer when the connection is slow, up to half of `budget`.
  base::Duration patience(base::Duration share, base::Duration budget) const {
    return std::max(share, std::min(setup_, budget / 2));
  }
  // REQUIRES: ready().
  const model::HelloReply& hello() const { return hello_; }

  void connect();
  void close(const std::string& why) { channel_.close(why); }

  // As rpc::Channel's.
  rpc::CallId call(codec::FrameKind kind, std::string payload,
                   base::Duration deadline, rpc::AnswerCallback on_answer);
  void cancel(rpc::CallId call) { channel_.cancel(call); }

  // Asks for a sign of life within `timeout`, unless that is under way.
  void ping(base::Duration timeout);

 private:
  void on_connected(const model::HelloReply& reply) override;
  void on_disconnected(const base::Error& error) override;
  void on_push(codec::FrameKind kind,
               std::span<const std::byte> payload) override;
  void note_answer(const base::Result<rpc::AnswerPart>& result);
  void on_pong(const base::Result<rpc::AnswerPart>& result);
  void arm_idle_timer();
  void on_idle();
  void note_beginning();

  base::Executor& executor_;
  LineOwner& owner_;
  const ServerId server_;
  const std::string name_;
  const LineSettings settings_;
  const base::Duration ping_interval_;  // with jitter
  base::Instant heard_{};               // when it last said something
  rpc::CallId ping_ = 0;                // under way
  bool retired_ = false;
  bool late_ = false;
  bool announced_ = false;
  base::Instant began_{};  // to connect
  base::Instant ready_at_{};
  base::Duration setup_{0};  // from the one to the other; 0: not ready yet
  model::HelloReply hello_;
  std::unique_ptr<base::Timer> idle_timer_;
  rpc::Channel channel_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINE_H_
