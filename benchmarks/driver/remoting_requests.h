#ifndef WAYPOST_BENCHMARKS_DRIVER_REMOTING_REQUESTS_H_
#define WAYPOST_BENCHMARKS_DRIVER_REMOTING_REQUESTS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "wire/codec/remoting/command.h"

namespace waypost::bench {

// GET_ROUTEINFO_BY_TOPIC as a 4.9.8 client writes it.
remoting::Command route_query_command(remoting::Serialization serialization,
                                      const std::string& topic);

// REGISTER_BROKER as a 4.9.8 master writes it; `body` from registration_body.
remoting::Command registration_command(remoting::Serialization serialization,
                                       const std::string& broker_name,
                                       std::size_t number,
                                       std::string_view body);

// The JSON of `topics` topics, "PREFIX000042".
std::string registration_body(const std::string& topic_prefix,
                              std::size_t topics);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_REMOTING_REQUESTS_H_
