#ifndef WAYPOST_NAMESRV_HANDLERS_CLUSTER_CLUSTER_SESSION_H_
#define WAYPOST_NAMESRV_HANDLERS_CLUSTER_CLUSTER_SESSION_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/log_pace.h"
#include "namesrv/cluster/cluster_keeper.h"
#include "namesrv/handlers/cluster/peer_links.h"
#include "namesrv/service/published_table.h"
#include "wire/model/operations.h"
#include "wire/rpc/peer_auth.h"
#include "wire/rpc/session.h"

namespace waypost::handlers {

// What the sessions of the cluster port share; outlives them.
struct ClusterContext {
  base::Executor* executor = nullptr;
  cluster::ClusterKeeper* keeper = nullptr;
  // What a broker has registered here; none when it has not.
  std::function<std::optional<model::HeldRegistration>(const model::BrokerKey&)>
      registration;
  // What operators have configured here.
  std::function<std::shared_ptr<const store::HardState>()> configuration;
  PeerLinks* links = nullptr;
  // As the service port's hello and cluster view tell.
  std::function<model::HelloReply()> hello;
  std::function<model::ClusterView()> view;
  // The session of that id, or null when it has ended.
  std::function<rpc::ServerSession*(std::uint64_t)> find_session;
  base::Logger logger;
  // Of callers without the right secret, by host; beyond some hosts, of all
  // others together.
  std::map<std::string, base::LogPace> disbelief;
  base::LogPace disbelief_of_others{std::chrono::minutes(1)};
};

// One connection on the cluster port, from a peer or from waypostctl: decodes,
// asks the keeper, encodes. On the keeper's thread.
class ClusterSession : public rpc::SessionHandler {
 public:
  ClusterSession(ClusterContext& context, rpc::ServerSession& session);

  void on_request(const codec::FrameView& frame) override;
  void on_closed(transport::CloseReason reason) override;

 private:
  void authenticate(const codec::FrameView& frame);
  void heartbeat(const codec::FrameView& frame);
  void probe(const codec::FrameView& frame);
  void heal(const codec::FrameView& frame);
  void holdings(const codec::FrameView& frame);
  void holdings_change(const codec::FrameView& frame);
  void registrations(const codec::FrameView& frame);
  void clear_partitions(const codec::FrameView& frame);
  void forget(const codec::FrameView& frame);
  void kv_page(const codec::FrameView& frame);
  void override_page(const codec::FrameView& frame);
  bool admitted() const;
  base::LogPace& pace_for(const std::string& host);

  ClusterContext& context_;
  rpc::ServerSession& session_;
  std::optional<rpc::AuthAnswerer> auth_;
  std::optional<model::PeerName> peer_;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_CLUSTER_CLUSTER_SESSION_H_
