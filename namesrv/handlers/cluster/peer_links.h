#ifndef WAYPOST_NAMESRV_HANDLERS_CLUSTER_PEER_LINKS_H_
#define WAYPOST_NAMESRV_HANDLERS_CLUSTER_PEER_LINKS_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "namesrv/cluster/peer_calls.h"
#include "namesrv/handlers/cluster/peer_link.h"
#include "wire/rpc/session.h"

namespace waypost::handlers {

// All connections with peers, ours to them and theirs to us: a peer's link is
// closed when the last of them is. Loop thread.
class PeerLinks : public cluster::PeerCalls, public PeerLink::Owner {
 public:
  PeerLinks(base::Executor& executor, transport::Network& network,
            PeerLinkSettings settings, base::Logger logger);
  ~PeerLinks() override;

  void set_observer(cluster::PeerObserver* observer) override {
    observer_ = observer;
  }
  void beat(const std::vector<Target>& targets,
            const model::PeerHeartbeat& heartbeat) override;
  void probe(const model::PeerName& to, const model::PeerProbe& probe,
             std::function<void(base::Result<bool>)> on_answer) override;
  void heal(const model::PeerName& to,
            const model::HealMessage& message) override;
  void heal_status(const model::PeerName& to,
                   std::function<void(base::Result<model::HealStatusReply>)>
                       on_answer) override;
  void ask_holdings(
      const model::PeerName& to, const model::HoldingsQuery& query,
      std::function<void(base::Result<model::HoldingsPage>)> on_page) override;
  void push_holdings(const model::PeerName& to,
                     const model::HoldingsChange& change) override;
  void ask_registrations(
      const model::PeerName& to, const model::ContentQuery& query,
      std::function<void(base::Result<RegistrationPart>)> on_part) override;
  void ask_kv(
      const model::PeerName& to, const model::KvListRequest& request,
      std::function<void(base::Result<model::KvPage>)> on_page) override;
  void ask_overrides(
      const model::PeerName& to, const model::PageRequest& request,
      std::function<void(base::Result<model::OverridePage>)> on_page) override;
  void disconnect(const model::PeerName& peer,
                  base::Duration stay_off) override;

  // --- Connections that peers make to us ---

  // False: the peer is kept off, the session is to be closed.
  bool add_session(const model::PeerName& peer, rpc::ServerSession& session);
  // `by_peer`: its side closed it.
  void remove_session(const model::PeerName& peer, rpc::ServerSession& session,
                      bool by_peer);

  const PeerLinkSettings& settings() const { return settings_; }

 private:
  struct Entry {
    std::string key;  // the peer's name, or the address while that is unknown
    std::unique_ptr<PeerLink> link;
  };

  void on_link_answer(PeerLink& link,
                      const model::PeerHeartbeat& heartbeat) override;
  void on_link_failure(PeerLink& link, const base::Error& error) override;
  void on_link_ended(PeerLink& link, bool by_peer) override;

  // One encoded question, one decoded answer; kUnavailable where there is no
  // link.
  template <typename Answer>
  void ask(const model::PeerName& to, codec::FrameKind kind,
           std::string question,
           std::function<void(base::Result<Answer>)> on_answer);
  PeerLink* find(const model::PeerName& peer);
  bool kept_off(const std::string& key);
  void told_closed(const model::PeerName& peer);

  base::Executor& executor_;
  transport::Network& network_;
  const PeerLinkSettings settings_;
  const base::Logger logger_;
  cluster::PeerObserver* observer_ = nullptr;
  std::map<std::string, std::unique_ptr<PeerLink>> links_;
  std::map<const PeerLink*, std::string> keys_;
  std::map<const PeerLink*, model::PeerName> names_;
  std::map<model::PeerName, std::set<rpc::ServerSession*>> sessions_;
  std::map<std::string, base::Instant> off_until_;
  // Links that must not be destroyed within their own callbacks.
  std::vector<std::unique_ptr<PeerLink>> retired_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_CLUSTER_PEER_LINKS_H_
