#ifndef WAYPOST_WIRE_RPC_ACCEPTOR_H_
#define WAYPOST_WIRE_RPC_ACCEPTOR_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "base/endpoint.h"
#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "wire/rpc/remoting_session.h"
#include "wire/rpc/session.h"
#include "wire/transport/network.h"

namespace waypost::rpc {

struct AcceptorOptions {
  transport::ListenOptions listen;
  std::size_t payload_max_bytes = codec::kPayloadMaxBytesDefault;
  // Of a remoting frame, with its length: as the Java server's default.
  std::size_t remoting_frame_max_bytes = remoting::kFrameMaxBytesDefault;
  // A remoting connection on which nothing went either way for so long is told
  // to its handler, as the Java server's serverChannelMaxIdleTimeSeconds.
  base::Duration remoting_idle = std::chrono::seconds(120);
  // A connection that has not sent its first complete frame after this long
  // is closed: half-open connections cost a slot, not for ever.
  base::Duration first_frame_timeout = std::chrono::seconds(10);
  // Connections above this are refused with an error frame and closed.
  std::size_t connections_max = 200'000;
  // High bits of this acceptor's session ids: with a different one for each
  // loop, ids are unique in the process.
  std::uint16_t loop_index = 0;
};

// Makes the handler of a new native session, never null; the session outlives
// the handler.
using SessionFactory =
    std::function<std::unique_ptr<SessionHandler>(ServerSession& session)>;

// Listens on one loop, tells protocols apart by a connection's first byte (0x57
// 'W': native; below 0x16: RocketMQ remoting, where a factory for it was given;
// 0x16 TLS: not yet; anything else) and refuses what it does not know. Owns the
// connections. Loop thread only. Destroying it closes them; their handlers get
// on_closed(kLocal). It must not be destroyed within a call of one of its
// handlers.
class Acceptor {
 public:
  Acceptor(base::Executor& executor, transport::Network& network,
           AcceptorOptions options, SessionFactory native, base::Logger logger,
           RemotingFactory remoting = nullptr);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  base::Status listen(const base::Endpoint& endpoint);
  const base::Endpoint& local() const;
  // No new connections; those that exist live on.
  void stop_listening();
  // Closes every connection once what has been written to it is sent, or after
  // a second. No more requests are handed out; handlers get on_closed(kLocal)
  // from the loop.
  void close_all();

  // The session of that id, or null when it has ended.
  ServerSession* find(std::uint64_t session_id);
  RemotingSession* find_remoting(std::uint64_t session_id);
  void for_each(const std::function<void(ServerSession&)>& visit);
  std::size_t connection_count() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_ACCEPTOR_H_
