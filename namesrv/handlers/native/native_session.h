#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_NATIVE_SESSION_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_NATIVE_SESSION_H_

#include <cstdint>

#include "namesrv/handlers/native/native_context.h"
#include "wire/codec/frame.h"
#include "wire/rpc/session.h"

namespace waypost::handlers {

// One native connection: decodes a request, calls the service, encodes the
// answer. Route queries are answered here and now from the published table;
// everything that changes the table, and listings, go through the registry
// thread and come back. On the loop's thread.
class NativeSession : public rpc::SessionHandler {
 public:
  NativeSession(NativeContext& context, rpc::ServerSession& session);

  void on_request(const codec::FrameView& frame) override;
  void on_closed(transport::CloseReason reason) override;

 private:
  template <typename Event>
  void write_event(const codec::FrameView& frame);

  void hello(const codec::FrameView& frame);
  // Also *watch routes*, which is a query whose answer goes on.
  void query_routes(const codec::FrameView& frame);
  void register_broker(const codec::FrameView& frame);
  void heartbeat(const codec::FrameView& frame);
  void verdict(const codec::FrameView& frame);
  void observe(const codec::FrameView& frame);
  void unregister(const codec::FrameView& frame);
  void handover(const codec::FrameView& frame);
  void list_brokers(const codec::FrameView& frame);
  void list_topics(const codec::FrameView& frame);
  void cluster_view(const codec::FrameView& frame);

  // This connection's binding, made by its first registration.
  model::BindingId binding();

  NativeContext& context_;
  rpc::ServerSession& session_;
  model::BindingId binding_;
  bool is_client_ = false;
  bool is_watching_ = false;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_NATIVE_SESSION_H_
