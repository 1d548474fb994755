#ifndef WAYPOST_BROKER_AGENT_CORE_PROBE_SPEC_H_
#define WAYPOST_BROKER_AGENT_CORE_PROBE_SPEC_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::agent {

enum class ProbeKind : std::uint8_t {
  kTcp,          // connects: sees a dead process, not a hung one, whose kernel
                 // still accepts
  kTcpExchange,  // sends and expects bytes
  kHttp,         // GET, 2xx or 3xx
  kMqtt,         // one kept MQTT 3.1.1 connection, PINGREQ
  kRocketmq,     // one kept remoting connection, a request that changes nothing
  kCommand,      // a program, exit status 0
};

// One probe as an operator asks for it:
//
//   tcp                       tcp@HOST:PORT
//   tcp-exchange:SEND/EXPECT  tcp-exchange@HOST:PORT:SEND/EXPECT
//   http://HOST[:PORT]/PATH   http:http://...   http:/PATH (at the broker)
//   mqtt                      mqtt@HOST:PORT
//   rocketmq                  rocketmq@HOST:PORT
//   command:PROGRAM ARGS...   ('..' and ".." keep blanks)
//
// Without an address the broker's own is probed. SEND and EXPECT know the
// escapes \r \n \t \0 \\ \/ and \xHH; EXPECT may stand anywhere in the answer;
// SEND may be empty, for servers that speak first.
struct ProbeSpec {
  ProbeKind kind = ProbeKind::kTcp;
  std::string name;  // what logs and verdicts call it: "mqtt"
  base::Endpoint address;
  std::string send;    // kTcpExchange; kHttp: the path
  std::string expect;  // kTcpExchange
  std::vector<std::string> command;
};

inline constexpr std::string_view kProbeKinds =
    "tcp, tcp-exchange:SEND/EXPECT, http:URL, mqtt, rocketmq, "
    "command:PROGRAM ARGS...";

// Errors are kInvalidArgument and say what is wrong with which part.
base::Result<ProbeSpec> parse_probe(std::string_view text,
                                    const base::Endpoint& broker);

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_PROBE_SPEC_H_
