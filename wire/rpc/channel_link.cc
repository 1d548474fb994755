#include "wire/rpc/channel_link.h"

#include <utility>

namespace waypost::rpc {

ChannelLink::ChannelLink(base::Executor& executor, Owner& owner,
                         std::unique_ptr<transport::Connection> connection)
    : executor_(executor), owner_(&owner), connection_(std::move(connection)) {}

void ChannelLink::retire() {
  owner_ = nullptr;
  if (!in_event_) return connection_.reset();
  connection_->close();
  executor_.post([self = shared_from_this()] { self->connection_.reset(); });
}

std::size_t ChannelLink::on_bytes(std::span<const std::byte> bytes) {
  if (owner_ == nullptr) return bytes.size();
  const auto self = shared_from_this();
  in_event_ = true;
  const std::size_t consumed = owner_->on_link_bytes(bytes);
  in_event_ = false;
  return consumed;
}

void ChannelLink::on_closed(transport::CloseReason, const base::Error& error) {
  if (owner_ == nullptr) return;
  const auto self = shared_from_this();
  in_event_ = true;
  owner_->on_link_closed(error);
  in_event_ = false;
}

}  // namespace waypost::rpc
