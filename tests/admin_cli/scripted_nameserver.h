#ifndef WAYPOST_TESTS_ADMIN_CLI_SCRIPTED_NAMESERVER_H_
#define WAYPOST_TESTS_ADMIN_CLI_SCRIPTED_NAMESERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tests/support/sim/sim_world.h"
#include "wire/codec/frame.h"
#include "wire/codec/native.h"
#include "wire/model/operations.h"
#include "wire/rpc/acceptor.h"

namespace waypost::admin {

// A nameserver on a simulated machine that answers hello, and everything else
// as the test says. A kind without a script is never answered.
class ScriptedNameserver {
 public:
  using Script =
      std::function<void(rpc::ServerSession&, const codec::FrameView&)>;

  ScriptedNameserver(sim::SimWorld& world, const std::string& name,
                     const std::string& address)
      : endpoint{address, 9876},
        node(world.add_node(name, address)),
        acceptor_(
            node.executor(), node.network(), {},
            [this](rpc::ServerSession& session) {
              return std::make_unique<Handler>(*this, session);
            },
            base::Logger()) {
    // As a service port does.
    fail(codec::FrameKind::kClusterMembers,
         {base::ErrorCode::kUnsupported,
          "this nameserver does not answer cluster-members", ""});
    hello.server_name = name;
    hello.server_version = "0.1.0";
    hello.incarnation = model::Incarnation(7);
  }

  base::Status listen() { return acceptor_.listen(endpoint); }
  std::size_t connection_count() const { return acceptor_.connection_count(); }

  void on(codec::FrameKind kind, Script script) {
    scripts_[kind] = std::move(script);
  }
  // Answers with one encoded message.
  template <typename Message>
  void answer(codec::FrameKind kind, Message message) {
    on(kind, [kind, message = std::move(message)](
                 rpc::ServerSession& session, const codec::FrameView& frame) {
      session.reply(kind, codec::kFlagReply, frame.header.correlation_id,
                    codec::encode(message));
    });
  }
  void fail(codec::FrameKind kind, base::Error error) {
    on(kind, [error = std::move(error)](rpc::ServerSession& session,
                                        const codec::FrameView& frame) {
      session.reply_error(frame.header.correlation_id, error);
    });
  }

  const base::Endpoint endpoint;
  sim::SimNode& node;
  model::HelloReply hello;
  int requests = 0;  // hello not counted

 private:
  class Handler : public rpc::SessionHandler {
   public:
    Handler(ScriptedNameserver& nameserver, rpc::ServerSession& session)
        : nameserver_(nameserver), session_(session) {}

    void on_request(const codec::FrameView& frame) override {
      if (frame.header.kind == codec::FrameKind::kHello) {
        session_.reply(codec::FrameKind::kHello, codec::kFlagReply,
                       frame.header.correlation_id,
                       codec::encode(nameserver_.hello));
        return;
      }
      ++nameserver_.requests;
      const auto script = nameserver_.scripts_.find(frame.header.kind);
      if (script != nameserver_.scripts_.end()) {
        script->second(session_, frame);
      }
    }
    void on_closed(transport::CloseReason) override {}

   private:
    ScriptedNameserver& nameserver_;
    rpc::ServerSession& session_;
  };

  std::map<codec::FrameKind, Script> scripts_;
  rpc::Acceptor acceptor_;
};

}  // namespace waypost::admin

#endif  // WAYPOST_TESTS_ADMIN_CLI_SCRIPTED_NAMESERVER_H_
