#ifndef WAYPOST_BROKER_AGENT_RUNTIME_NAMESERVER_LINK_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_NAMESERVER_LINK_H_

#include <functional>
#include <memory>

#include "base/endpoint.h"
#include "base/executor.h"
#include "base/log.h"
#include "broker_agent/core/events.h"
#include "wire/rpc/channel.h"
#include "wire/transport/network.h"

namespace waypost::agent {

// One connection to one nameserver, from Connect to Disconnect: turns the
// core's calls into frames and what comes back into the core's events. Loop
// thread only; it may be destroyed inside its own events.
class NameserverLink final : private rpc::ChannelObserver {
 public:
  // Events and pushed notices of this connection.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_link_event(Event event) = 0;
    virtual void on_drain_notice(NameserverIndex nameserver,
                                 const model::DrainNotice& notice) = 0;
  };

  struct Options {
    base::Endpoint endpoint;
    base::Duration connect_timeout;  // hello included
    model::HelloRequest hello;
  };

  // Starts connecting. `owner` outlives it, or mute() is called.
  NameserverLink(base::Executor& executor, transport::Network& network,
                 Link link, Options options, Owner* owner, base::Logger logger);

  const Link& link() const { return link_; }

  void send(const SendRegister& call);
  void send(const SendHeartbeat& call);
  void send(const SendVerdict& call);
  void send(const SendObserve& call);
  void send(const SendUnregister& call);
  void send(const SendHandover& call);

  // No event comes any more; the socket stays open, unused.
  void mute() { owner_ = nullptr; }

 private:
  void on_connected(const model::HelloReply& reply) override;
  void on_disconnected(const base::Error& error) override;
  void on_push(codec::FrameKind kind,
               std::span<const std::byte> payload) override;

  template <typename Done, typename Call>
  void send_call(codec::FrameKind kind, const Call& call);

  const Link link_;
  Owner* owner_;
  const base::Logger logger_;
  rpc::Channel channel_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_NAMESERVER_LINK_H_
