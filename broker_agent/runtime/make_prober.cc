#include "base/random.h"
#include "broker_agent/core/answer_matcher.h"
#include "broker_agent/runtime/command_prober.h"
#include "broker_agent/runtime/exchange_prober.h"
#include "broker_agent/runtime/mqtt_prober.h"
#include "broker_agent/runtime/prober.h"
#include "broker_agent/runtime/rocketmq_prober.h"

namespace waypost::agent {
namespace {

std::string http_request(const ProbeSpec& spec) {
  return "GET " + spec.send +
         " HTTP/1.1\r\n"
         "Host: " +
         spec.address.to_string() +
         "\r\n"
         "User-Agent: waypost-agent\r\n"
         "Accept: */*\r\n"
         "Connection: close\r\n\r\n";
}

}  // namespace

std::unique_ptr<Prober> make_prober(const ProbeSurroundings& surroundings,
                                    const ProbeSpec& spec, std::uint64_t seed) {
  switch (spec.kind) {
    case ProbeKind::kTcp:
      break;
    case ProbeKind::kTcpExchange:
      return std::make_unique<ExchangeProber>(
          surroundings.executor, surroundings.network, spec.address, spec.send,
          std::make_unique<ExpectMatcher>(spec.expect));
    case ProbeKind::kHttp:
      return std::make_unique<ExchangeProber>(
          surroundings.executor, surroundings.network, spec.address,
          http_request(spec), std::make_unique<HttpMatcher>());
    case ProbeKind::kMqtt:
      return std::make_unique<MqttProber>(
          surroundings.executor, surroundings.network, spec.address, seed);
    case ProbeKind::kRocketmq:
      return std::make_unique<RocketmqProber>(
          surroundings.executor, surroundings.network, spec.address);
    case ProbeKind::kCommand:
      return std::make_unique<CommandProber>(surroundings.spawn, spec.command);
  }
  return std::make_unique<ExchangeProber>(surroundings.executor,
                                          surroundings.network, spec.address,
                                          std::string(), nullptr);
}

}  // namespace waypost::agent
