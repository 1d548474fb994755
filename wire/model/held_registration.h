#ifndef WAYPOST_WIRE_MODEL_HELD_REGISTRATION_H_
#define WAYPOST_WIRE_MODEL_HELD_REGISTRATION_H_

// What a broker registered, as one nameserver hands it to another.

#include <optional>
#include <string>
#include <vector>

#include "wire/model/ids.h"
#include "wire/model/operations.h"
#include "wire/model/remoting.h"

namespace waypost::model {

// What a broker said over remoting beyond the native words.
struct HeldRemoting {
  std::string address;  // as the broker wrote it
  std::string ha_address;
  DataVersion version;
  FilterServers filter_servers;
  std::vector<StaticTopicMapping> mappings;
  std::optional<bool> acting_master;  // none: it is of 4.x
  // False: a slave, whose group has its topics from others.
  bool brings_topics = true;

  friend bool operator==(const HeldRemoting&, const HeldRemoting&) = default;
};

// Asks for the registrations of brokers that the asked hears itself.
struct ContentQuery {
  std::vector<BrokerKey> brokers;
};
// One of them: a frame each, and an empty one after the last. A broker that is
// not held any more is left out.
struct HeldRegistration {
  RegisterRequest request;  // in full
  Digest content;           // as in its Holding
  std::optional<HeldRemoting> remoting;
};

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_HELD_REGISTRATION_H_
