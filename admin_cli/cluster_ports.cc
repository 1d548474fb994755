#include "admin_cli/cluster_ports.h"

#include <algorithm>
#include <utility>

#include "admin_cli/conversation.h"
#include "wire/rpc/call.h"

namespace waypost::admin {
namespace {

using base::Endpoint;
using model::NameserverAddresses;

constexpr const char* kNameIt = "name its cluster port with --cluster-ports";

bool any_address(const std::string& host) {
  return host == "0.0.0.0" || host == "::";
}

// One that listens on all its addresses tells none of them: it is the one whose
// cluster port has the same host.
bool serves_at(const NameserverAddresses& known, const Endpoint& nameserver) {
  const auto same_host = [&](const Endpoint& cluster) {
    return cluster.host == nameserver.host;
  };
  return std::any_of(
      known.service_addresses.begin(), known.service_addresses.end(),
      [&](const Endpoint& service) {
        if (service == nameserver) return true;
        return any_address(service.host) && service.port == nameserver.port &&
               std::any_of(known.cluster_addresses.begin(),
                           known.cluster_addresses.end(), same_host);
      });
}

base::Result<Endpoint> own_port(const model::ClusterView& view) {
  for (const NameserverAddresses& each : view.nameservers) {
    if (each.name == view.server_name && !each.cluster_addresses.empty()) {
      return each.cluster_addresses.front();
    }
  }
  return base::fail(
      base::ErrorCode::kUnsupported,
      "this nameserver tells no cluster port: it has none, or is older",
      std::string("start it with --cluster-listen, or ") + kNameIt);
}

base::Result<Endpoint> port_by_others(const Endpoint& nameserver,
                                      base::Error why,
                                      const Answers<model::ClusterView>& told) {
  bool anybody = false;
  for (const auto& answer : told) {
    if (!answer.result) continue;
    anybody = true;
    for (const NameserverAddresses& each : answer.result->nameservers) {
      if (each.cluster_addresses.empty() || !serves_at(each, nameserver)) {
        continue;
      }
      return each.cluster_addresses.front();
    }
  }
  why.advice =
      anybody ? std::string("no nameserver that answers knows it; ") + kNameIt
              : std::string("is it paused? Then ") + kNameIt;
  return tl::unexpected(std::move(why));
}

class ViewQuestion final : public Conversation {
 public:
  using Conversation::Conversation;
  void start(OnAnswer<model::ClusterView> on_answer) {
    rpc::cluster_view(channel(), timeout(), std::move(on_answer));
  }
};

class LaterQuestion final : public Question {
 public:
  LaterQuestion(const AskContext& context, std::function<void()> answer)
      : timer_(
            context.executor.run_after(base::Duration(0), std::move(answer))) {}

 private:
  const std::unique_ptr<base::Timer> timer_;
};

}  // namespace

ClusterPorts find_cluster_ports(const std::vector<Endpoint>& nameservers,
                                const Answers<model::ClusterView>& told) {
  ClusterPorts ports;
  for (const Endpoint& nameserver : nameservers) {
    const auto answer = std::find_if(
        told.begin(), told.end(),
        [&](const auto& each) { return each.nameserver == nameserver; });
    if (answer != told.end() && answer->result) {
      ports.push_back({nameserver, own_port(*answer->result), *answer->result});
      continue;
    }
    base::Error why =
        answer != told.end()
            ? answer->result.error()
            : base::Error{base::ErrorCode::kUnavailable,
                          "the cluster port of this nameserver is not known",
                          ""};
    ports.push_back({nameserver,
                     port_by_others(nameserver, std::move(why), told),
                     std::nullopt});
  }
  return ports;
}

std::unique_ptr<Question> ask_cluster_view(
    const AskContext& context, const Endpoint& nameserver,
    OnAnswer<model::ClusterView> on_answer) {
  auto question = std::make_unique<ViewQuestion>(context, nameserver);
  question->start(std::move(on_answer));
  return question;
}

std::unique_ptr<Question> answer_later(const AskContext& context,
                                       std::function<void()> answer) {
  return std::make_unique<LaterQuestion>(context, std::move(answer));
}

}  // namespace waypost::admin
