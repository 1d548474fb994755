#ifndef WAYPOST_TESTS_SIM_INCIDENTS_ASKER_H_
#define WAYPOST_TESTS_SIM_INCIDENTS_ASKER_H_

#include <string>

#include "tests/sim/sim_remoting_peer.h"
#include "wire/rpc/channel.h"

namespace waypost::sim {

// Puts single questions to a service port, in both protocols.
class Asker : private rpc::ChannelObserver {
 public:
  Asker(SimWorld& world, SimNode& node, const base::Endpoint& nameserver)
      : world_(world),
        channel_(node.executor(0), node.network(0), nameserver, {}, this, {}),
        remoting_(world, node, nameserver) {}

  // The error's text, or "ok".
  std::string native(codec::FrameKind kind, std::string payload) {
    std::string answer;
    channel_.call(kind, std::move(payload), std::chrono::seconds(3),
                  [&](base::Result<rpc::AnswerPart> part) {
                    if (!part) {
                      answer = part.error().to_string();
                    } else if (part->last) {
                      answer = "ok";
                    }
                  });
    world_.run_until([&] { return !answer.empty(); }, std::chrono::seconds(5));
    return answer;
  }

  // The remark of an answer that is none of success, or "ok".
  std::string remoting(const std::string& frame) {
    const auto answer = remoting_.ask(frame);
    if (!answer) return "no answer";
    return answer->command.code == 0 ? "ok"
                                     : answer->command.remark.value_or("");
  }
  std::int32_t next_opaque() { return remoting_.next_opaque(); }

 private:
  void on_connected(const model::HelloReply&) override {}
  void on_disconnected(const base::Error&) override {}
  void on_push(codec::FrameKind, std::span<const std::byte>) override {}

  SimWorld& world_;
  rpc::Channel channel_;
  SimRemotingPeer remoting_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_INCIDENTS_ASKER_H_
