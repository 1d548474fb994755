#ifndef WAYPOST_NAMESRV_REGISTRY_PREPARE_H_
#define WAYPOST_NAMESRV_REGISTRY_PREPARE_H_

#include <string>

#include "base/endpoint.h"
#include "base/error.h"
#include "namesrv/registry/events.h"

namespace waypost::registry {

// Makes a registration ready for Registry::step, on whatever thread decoded it:
// checks names and numbers, sorts the topics by name, computes the digest over
// them (native), reads the address (remoting). This is all the work that grows
// with the number of topics of an unchanged registration; after it the registry
// compares two digests. (The digest that the broker sends is not used for that:
// nothing would force it to be of these topics.)
//
// Errors are kInvalidArgument and name the broker and what is wrong with it;
// the event is then not to be used. Thread-safe, pure. A second call does
// nothing.
base::Status prepare(Register& event);

// Where native clients reach a broker that wrote its address so; port 0 when
// they cannot. Thread-safe, pure.
base::Endpoint endpoint_of_remoting(const std::string& address);

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_PREPARE_H_
