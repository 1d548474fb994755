#include "admin_cli/conversation.h"

namespace waypost::admin {
namespace {

rpc::ChannelOptions options_for(base::Duration timeout) {
  rpc::ChannelOptions options;
  options.connect_timeout = timeout;
  options.hello.role = model::PeerRole::kAdmin;
  options.hello.name = "waypostctl";
  return options;
}

}  // namespace

Conversation::Conversation(const AskContext& context,
                           const base::Endpoint& nameserver)
    : executor_(context.executor),
      timeout_(context.timeout),
      channel_(context.executor, context.network, nameserver,
               options_for(context.timeout), this, base::Logger()) {}

}  // namespace waypost::admin
