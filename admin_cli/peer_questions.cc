#include "admin_cli/peer_questions.h"

#include <utility>

#include "admin_cli/conversation.h"
#include "wire/codec/peer.h"
#include "wire/rpc/call.h"
#include "wire/rpc/peer_auth.h"

namespace waypost::admin {
namespace {

using base::Endpoint;
using base::Error;
using base::ErrorCode;
using codec::FrameKind;

// What the caller should give instead, where the port's answer shows it.
Error no_cluster_port() {
  return {ErrorCode::kUnsupported,
          "no cluster port at this address, a service port answers",
          "--cluster-ports takes the addresses that nameservers have as "
          "--cluster-listen"};
}
Error secret_missing() {
  return {ErrorCode::kDenied, "this cluster port asks for the cluster secret",
          "name its file with --cluster.secret-file, as the nameserver does"};
}
Error secret_not_asked() {
  return {ErrorCode::kDenied, "this nameserver has no cluster secret",
          "leave --cluster.secret-file out here, or set it there"};
}
Error secret_differs() {
  return {ErrorCode::kDenied, "this nameserver has another cluster secret",
          "--cluster.secret-file names a file with the same content as the "
          "nameserver's"};
}
// For questions that a cluster port alone answers.
Error at_cluster_port(Error error) {
  if (error.code == ErrorCode::kUnavailable ||
      error.code == ErrorCode::kTimedOut) {
    error.advice =
        "does it run, is this the address of its --cluster-listen, and is that "
        "open to this machine?";
  }
  return error;
}

// A conversation at a cluster port.
class PeerConversation : public Conversation {
 public:
  PeerConversation(const AskContext& context, const Endpoint& nameserver,
                   std::string secret)
      : Conversation(context, nameserver), secret_(std::move(secret)) {}

 protected:
  // kUnsupported: no cluster port.
  void prove(std::function<void(base::Status)> then) {
    if (secret_.empty()) return then({});
    then_ = std::move(then);
    auth_.emplace(secret_, model::PeerName("waypostctl"));
    say(auth_->first(), [this](base::Result<model::PeerAuth> answer) {
      if (!answer) return then_(tl::unexpected(first_refused(answer.error())));
      const auto next = auth_->second(*answer);
      if (!next) return then_(tl::unexpected(secret_differs()));
      say(*next, [this](const base::Result<model::PeerAuth>& done) {
        if (done) return then_({});
        then_(tl::unexpected(done.error().code == ErrorCode::kDenied
                                 ? secret_differs()
                                 : done.error()));
      });
    });
  }

  template <typename Reply>
  void ask(FrameKind kind, std::string payload,
           rpc::ReplyCallback<Reply> on_reply) {
    rpc::call_encoded<Reply>(
        channel(), kind, std::move(payload), timeout(),
        [this, on_reply = std::move(on_reply)](base::Result<Reply> reply) {
          if (reply) return on_reply(std::move(reply));
          on_reply(tl::unexpected(refused(reply.error())));
        });
  }

 private:
  void say(const model::PeerAuth& message,
           rpc::ReplyCallback<model::PeerAuth> on_reply) {
    rpc::call_encoded<model::PeerAuth>(channel(), FrameKind::kPeerAuth,
                                       codec::encode(message), timeout(),
                                       std::move(on_reply));
  }

  static Error first_refused(const Error& error) {
    switch (error.code) {
      case ErrorCode::kUnsupported:
        return no_cluster_port();
      case ErrorCode::kDenied:
        return secret_not_asked();
      default:
        return error;
    }
  }

  Error refused(const Error& error) const {
    switch (error.code) {
      case ErrorCode::kUnsupported:
        return no_cluster_port();
      case ErrorCode::kDenied:
        return secret_.empty() ? secret_missing() : error;
      default:
        return error;
    }
  }

  const std::string secret_;
  std::optional<rpc::AuthCaller> auth_;
  std::function<void(base::Status)> then_;
};

class ShowQuestion final : public PeerConversation {
 public:
  using PeerConversation::PeerConversation;

  void start(OnAnswer<ClusterShown> on_answer) {
    on_answer_ = std::move(on_answer);
    prove([this](const base::Status& proven) {
      if (!proven && proven.error().code != ErrorCode::kUnsupported) {
        return on_answer_(tl::unexpected(proven.error()));
      }
      ask_view();
    });
  }

 private:
  void ask_view() {
    ask<model::ClusterView>(FrameKind::kClusterView, "",
                            [this](base::Result<model::ClusterView> view) {
                              if (!view)
                                return on_answer_(tl::unexpected(view.error()));
                              shown_.emplace(std::move(*view));
                              ask_peers();
                            });
  }

  void ask_peers() {
    ask<model::ClusterMembers>(
        FrameKind::kClusterMembers, "",
        [this](base::Result<model::ClusterMembers> peers) {
          if (peers) {
            shown_->peers = std::move(*peers);
          } else if (peers.error().code != ErrorCode::kUnsupported) {
            return on_answer_(tl::unexpected(peers.error()));
          }
          on_answer_(std::move(*shown_));
        });
  }

  OnAnswer<ClusterShown> on_answer_;
  std::optional<ClusterShown> shown_;
};

// One request, one reply, and what `conclude` makes of it.
template <typename Answer, typename Reply>
class PeerCall final : public PeerConversation {
 public:
  using PeerConversation::PeerConversation;

  void start(FrameKind kind, std::string payload,
             std::function<Answer(Reply)> conclude,
             OnAnswer<Answer> on_answer) {
    prove([this, kind, payload = std::move(payload),
           conclude = std::move(conclude),
           on_answer = std::move(on_answer)](const base::Status& proven) {
      if (!proven) {
        return on_answer(tl::unexpected(at_cluster_port(proven.error())));
      }
      this->template ask<Reply>(
          kind, payload, [conclude, on_answer](base::Result<Reply> reply) {
            if (!reply) {
              return on_answer(tl::unexpected(at_cluster_port(reply.error())));
            }
            on_answer(conclude(std::move(*reply)));
          });
    });
  }
};

std::unique_ptr<Question> ask_change(
    const AskContext& context, const Endpoint& cluster_port,
    const std::string& secret, FrameKind kind, std::string payload,
    std::function<Change(model::ChangeReply)> conclude,
    OnAnswer<Change> on_answer) {
  auto question = std::make_unique<PeerCall<Change, model::ChangeReply>>(
      context, cluster_port, secret);
  question->start(kind, std::move(payload), std::move(conclude),
                  std::move(on_answer));
  return question;
}

std::string forget_detail(bool forgotten, bool changed) {
  if (!changed) return forgotten ? "is forgotten" : "is not forgotten";
  return forgotten ? "is no peer any more; the peers that this nameserver "
                     "reaches hear of it"
                   : "may come back; the peers that this nameserver reaches "
                     "hear of it";
}

}  // namespace

std::unique_ptr<Question> ask_cluster_shown(const AskContext& context,
                                            const Endpoint& nameserver,
                                            const std::string& secret,
                                            OnAnswer<ClusterShown> on_answer) {
  auto question = std::make_unique<ShowQuestion>(context, nameserver, secret);
  question->start(std::move(on_answer));
  return question;
}

std::unique_ptr<Question> ask_cluster_shown_at(
    const AskContext& context, const ClusterPort& port,
    const std::string& secret, OnAnswer<ClusterShown> on_answer) {
  if (!port.at) {
    return answer_later(context, [port, on_answer = std::move(on_answer)] {
      if (!port.view) return on_answer(tl::unexpected(port.at.error()));
      on_answer(ClusterShown(*port.view));
    });
  }
  return ask_cluster_shown(context, *port.at, secret,
                           [port, on_answer = std::move(on_answer)](
                               base::Result<ClusterShown> told) {
                             if (told) return on_answer(std::move(told));
                             const base::Error why =
                                 at_cluster_port(told.error());
                             if (!port.view)
                               return on_answer(tl::unexpected(why));
                             ClusterShown shown(*port.view);
                             shown.peers_unknown = why;
                             on_answer(std::move(shown));
                           });
}

std::unique_ptr<Question> ask_partitions(
    const AskContext& context, const Endpoint& cluster_port,
    const std::string& secret, OnAnswer<model::PartitionList> on_answer) {
  auto question =
      std::make_unique<PeerCall<model::PartitionList, model::PartitionList>>(
          context, cluster_port, secret);
  question->start(
      FrameKind::kListPartitions, "",
      [](model::PartitionList list) { return list; }, std::move(on_answer));
  return question;
}

std::unique_ptr<Question> ask_clear_partitions(const AskContext& context,
                                               const Endpoint& cluster_port,
                                               const std::string& secret,
                                               OnAnswer<Change> on_answer) {
  return ask_change(
      context, cluster_port, secret, FrameKind::kClearPartitions, "",
      [](model::ChangeReply reply) {
        return Change{reply.changed, reply.changed
                                         ? "records that are over are gone"
                                         : "no record was over"};
      },
      std::move(on_answer));
}

std::unique_ptr<Question> ask_forget_peer(
    const AskContext& context, const Endpoint& cluster_port,
    const std::string& secret, const model::ForgetPeerRequest& request,
    OnAnswer<Change> on_answer) {
  return ask_change(
      context, cluster_port, secret, FrameKind::kForgetPeer,
      codec::encode(request),
      [request](model::ChangeReply reply) {
        return Change{reply.changed,
                      request.name.value() + " " +
                          forget_detail(request.forgotten, reply.changed)};
      },
      std::move(on_answer));
}

}  // namespace waypost::admin
