#ifndef WAYPOST_NAMESRV_HANDLERS_CLUSTER_PEER_LINK_H_
#define WAYPOST_NAMESRV_HANDLERS_CLUSTER_PEER_LINK_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "base/log_pace.h"
#include "wire/model/peer_messages.h"
#include "wire/rpc/channel.h"
#include "wire/rpc/peer_auth.h"
#include "wire/transport/network.h"

namespace waypost::handlers {

struct PeerLinkSettings {
  model::PeerName self;
  std::string version;  // of the program, for hello
  std::string secret;   // empty: none is asked for
  // For a connection and its handshake together.
  base::Duration connect_timeout = std::chrono::seconds(2);
  // A call that is not answered within this closes the connection.
  base::Duration call_timeout = std::chrono::seconds(5);
  // For answers that may be large.
  base::Duration stream_timeout = std::chrono::seconds(25);
  std::size_t payload_max_bytes = codec::kPayloadMaxBytesDefault;
};

// Our connection to one peer: made again with each heartbeat while there is
// none, at the next of its addresses; closed when a call is not answered. Loop
// thread.
class PeerLink : public rpc::ChannelObserver {
 public:
  // What happens to it; never inside a call of the owner's.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_link_answer(PeerLink& link,
                                const model::PeerHeartbeat& heartbeat) = 0;
    virtual void on_link_failure(PeerLink& link, const base::Error& error) = 0;
    // A connection that was in use has ended; `by_peer`: its side closed it.
    virtual void on_link_ended(PeerLink& link, bool by_peer) = 0;
  };

  PeerLink(base::Executor& executor, transport::Network& network,
           const PeerLinkSettings& settings, Owner& owner, base::Logger logger);
  ~PeerLink() override;
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  void set_addresses(std::vector<base::Endpoint> addresses);
  // The address in use, or to be tried next.
  const base::Endpoint& address() const { return addresses_[current_]; }
  bool ready() const { return phase_ == Phase::kReady; }

  void beat(std::string heartbeat_payload);
  // Connects first where there is no connection; kUnavailable when that fails
  // or too much waits. From the loop.
  void call(codec::FrameKind kind, std::string payload,
            std::function<void(base::Result<std::string>)> on_answer);
  // A call whose answer says nothing and that may get lost: dropped while there
  // is no connection, or too many of them are unanswered.
  void tell(codec::FrameKind kind, std::string payload);
  // A call with an answer of several frames; `last` comes with an error, too.
  using OnPart = std::function<void(base::Result<std::string>, bool last)>;
  void stream(codec::FrameKind kind, std::string payload,
              base::Duration deadline, OnPart on_part);
  void close(const std::string& why);

 private:
  enum class Phase : std::uint8_t { kIdle, kConnecting, kProving, kReady };

  void on_connected(const model::HelloReply& reply) override;
  void on_disconnected(const base::Error& error) override;
  void on_push(codec::FrameKind kind,
               std::span<const std::byte> payload) override;

  void connect();
  void prove();
  void become_ready();
  void send_beat();
  void fail_waiting(const base::Error& error);

  base::Executor& executor_;
  transport::Network& network_;
  const PeerLinkSettings& settings_;
  Owner& owner_;
  const base::Logger logger_;
  std::vector<base::Endpoint> addresses_;
  std::size_t current_ = 0;
  std::unique_ptr<rpc::Channel> channel_;
  Phase phase_ = Phase::kIdle;
  bool closing_ = false;  // by ourselves
  std::optional<rpc::AuthCaller> auth_;
  // It is tried again with each heartbeat.
  base::LogPace disbelief_{std::chrono::minutes(1)};
  std::string waiting_beat_;
  std::size_t unanswered_tells_ = 0;
  struct Waiting {
    codec::FrameKind kind;
    std::string payload;
    base::Duration deadline;
    OnPart on_part;
  };
  std::vector<Waiting> waiting_;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_CLUSTER_PEER_LINK_H_
