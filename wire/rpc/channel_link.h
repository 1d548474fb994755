#ifndef WAYPOST_WIRE_RPC_CHANNEL_LINK_H_
#define WAYPOST_WIRE_RPC_CHANNEL_LINK_H_

#include <cstddef>
#include <memory>
#include <span>

#include "base/error.h"
#include "base/executor.h"
#include "wire/transport/connection.h"

namespace waypost::rpc {

// A channel's connection, which may be given up at any moment, also inside one
// of its own events: it then is closed at once, destroyed by a task after the
// event, and never heard of again. Made with std::make_shared. Loop thread
// only.
class ChannelLink final : public transport::ConnectionHandler,
                          public std::enable_shared_from_this<ChannelLink> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // As transport::ConnectionHandler has them.
    virtual std::size_t on_link_bytes(std::span<const std::byte> bytes) = 0;
    virtual void on_link_closed(const base::Error& error) = 0;
  };

  // The owner must live until retire().
  ChannelLink(base::Executor& executor, Owner& owner,
              std::unique_ptr<transport::Connection> connection);

  void start() { connection_->start(this); }
  void write(std::span<const std::byte> bytes) { connection_->write(bytes); }

  // No more events; ends the connection. Call it once, last.
  void retire();

  std::size_t on_bytes(std::span<const std::byte> bytes) override;
  void on_closed(transport::CloseReason reason,
                 const base::Error& error) override;

 private:
  base::Executor& executor_;
  Owner* owner_;  // null once retired
  std::unique_ptr<transport::Connection> connection_;
  bool in_event_ = false;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_CHANNEL_LINK_H_
