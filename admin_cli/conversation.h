#ifndef WAYPOST_ADMIN_CLI_CONVERSATION_H_
#define WAYPOST_ADMIN_CLI_CONVERSATION_H_

#include <optional>
#include <span>

#include "admin_cli/questions.h"
#include "wire/rpc/channel.h"

namespace waypost::admin {

// One connection to one nameserver for as long as one question takes; what the
// questions share.
class Conversation : public Question, private rpc::ChannelObserver {
 public:
  Conversation(const AskContext& context, const base::Endpoint& nameserver);

 protected:
  rpc::Channel& channel() { return channel_; }
  base::Duration timeout() const { return timeout_; }
  // The server's hello, once it has come.
  const std::optional<model::HelloReply>& hello() const { return hello_; }
  base::Instant now() const { return executor_.now(); }

 private:
  void on_connected(const model::HelloReply& reply) override {
    hello_ = reply;
    on_hello();
  }
  void on_disconnected(const base::Error&) override {}  // calls fail by it too
  void on_push(codec::FrameKind, std::span<const std::byte>) override {}
  virtual void on_hello() {}

  base::Executor& executor_;
  const base::Duration timeout_;
  std::optional<model::HelloReply> hello_;
  rpc::Channel channel_;
};

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_CONVERSATION_H_
