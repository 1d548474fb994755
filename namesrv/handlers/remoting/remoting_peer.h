#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_REMOTING_PEER_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_REMOTING_PEER_H_

#include "namesrv/handlers/remoting/remoting_context.h"
#include "namesrv/handlers/remoting/response.h"
#include "wire/codec/remoting/frame.h"
#include "wire/rpc/remoting_session.h"

namespace waypost::handlers {

// One remoting connection: decodes a request, calls the service, encodes the
// answer as the Java server does. Route queries are answered here and now;
// what changes the table goes through the registry thread and comes back, one
// request of a connection after the other. On the loop's thread.
class RemotingPeer : public rpc::RemotingHandler {
 public:
  RemotingPeer(RemotingContext& context, rpc::RemotingSession& session)
      : context_(context), session_(session) {}

  void on_frame(const remoting::FrameView& frame) override;
  void on_idle() override;
  void on_closed(transport::CloseReason reason) override;

 private:
  void dispatch(const Request& request);

  // This connection's binding, made by its first registration.
  model::BindingId binding();

  RemotingContext& context_;
  rpc::RemotingSession& session_;
  model::BindingId binding_;
  bool idle_ = false;  // and therefore closed
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_REMOTING_PEER_H_
