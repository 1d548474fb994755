#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_REGISTRATION_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_REGISTRATION_H_

#include "namesrv/handlers/remoting/response.h"
#include "wire/model/ids.h"

namespace waypost::handlers {

// REGISTER_BROKER. A broker sends the same ten thousand topics every 30 s: so
// the registry is asked first whether body and ext fields are those of the
// broker's last registration, by their digest, and only what is new is parsed,
// above decode_inline_max_bytes on a decode thread. `binding` is the
// connection's.
void register_broker(const Request& request, model::BindingId binding);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_REGISTRATION_H_
