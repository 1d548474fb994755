#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_ADMIN_REQUESTS_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_ADMIN_REQUESTS_H_

#include "namesrv/handlers/native/native_context.h"
#include "wire/codec/frame.h"
#include "wire/rpc/session.h"

namespace waypost::handlers {

// Answers what operators ask: key-value configuration, permission overrides,
// deletion of topics, settings. False, and nothing done, for any other kind.
// What is read comes from what this loop sees; what changes is answered when it
// is on the disk, and refused with kDenied where the settings allow no changes
// here.
bool answer_admin(NativeContext& context, rpc::ServerSession& session,
                  const codec::FrameView& frame);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_ADMIN_REQUESTS_H_
