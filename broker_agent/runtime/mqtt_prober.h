#ifndef WAYPOST_BROKER_AGENT_RUNTIME_MQTT_PROBER_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_MQTT_PROBER_H_

#include <cstdint>
#include <string>

#include "broker_agent/runtime/probe_stream.h"
#include "broker_agent/runtime/prober.h"

namespace waypost::agent {

// Keeps one MQTT 3.1.1 connection and sends PINGREQ on it; connects again when
// it is gone. CONNACK counts as an answer too, also one that asks for a login.
// A broker that hangs answers neither, though its kernel accepts connections.
class MqttProber final : public Prober, private ProbeStream::Owner {
 public:
  MqttProber(base::Executor& executor, transport::Network& network,
             base::Endpoint address, std::uint64_t seed);

  void begin(base::Duration timeout, Done done) override;
  std::string abandon() override;

 private:
  enum class State : std::uint8_t {
    kClosed,
    kConnecting,
    kWaitsForConnack,
    kIdle,
    kWaitsForPingresp,
  };

  void on_stream_open() override;
  std::size_t on_stream_bytes(std::string_view bytes) override;
  void on_stream_ended(const base::Error& error) override;

  void on_packet(std::uint8_t type, std::string_view body);
  void on_connack(std::string_view body);
  void finish(ProbeResult result);
  void fail(std::string detail);
  std::string waiting_for() const;

  const base::Endpoint address_;
  const std::string client_id_;
  Done done_;
  State state_ = State::kClosed;
  ProbeStream stream_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_MQTT_PROBER_H_
