#ifndef WAYPOST_NAMESRV_REGISTRY_PEER_EVENTS_H_
#define WAYPOST_NAMESRV_REGISTRY_PEER_EVENTS_H_

// What other nameservers do to the registry, and what they are to be told.
// events.h puts these beside the others.
//
// A broker is *indirect* when it is in the table because peers hear it: its
// registration came from one of them (Register::adopted), or it has gone from
// here while somebody vouches for it. It comes back to us with its next
// registration.

#include <cstdint>

#include "wire/model/ids.h"

namespace waypost::registry {

// A reachable peer hears the broker: neither a close nor silence removes it.
// It may come before the broker. Not answered.
struct Vouch {
  model::BrokerKey broker;
  // False: nobody reachable hears it any more.
  bool vouched = true;
  // Those who did say that it has gone: an indirect one goes at once, and the
  // expiry brake believes the silence of another. Otherwise they are out of
  // reach: an indirect one is given its expiry.
  bool released = false;
};
// The broker unregistered at a peer, with this epoch or as a remoting broker:
// it goes, unless a newer process of it is registered. Not answered.
struct Bury {
  model::BrokerKey broker;
  model::Epoch epoch;
};
// All that only peers have told goes. Not answered.
struct DropIndirect {};

// An effect, where RegistrySettings::tells_holdings: peers may have to know.
struct HoldingChange {
  enum class What : std::uint8_t {
    kHeld,      // it registered here; told again each time it does
    kReleased,  // it is not heard here any more, or an indirect one went
    kUnregistered,
  };
  What what = What::kHeld;
  model::BrokerKey broker;
  model::Epoch epoch;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_PEER_EVENTS_H_
