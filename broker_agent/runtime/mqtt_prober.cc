#include "broker_agent/runtime/mqtt_prober.h"

#include <utility>

#include "base/random.h"
#include "broker_agent/core/mqtt_packets.h"
#include "broker_agent/core/text.h"

namespace waypost::agent {
namespace {

// After half as much again without a packet of ours the broker drops the
// connection: an agent that hangs leaves nothing behind.
constexpr std::uint16_t kKeepAliveSeconds = 60;

// 23 letters and digits, the most that every server takes.
std::string make_client_id(std::uint64_t seed) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  base::Random random(seed);
  std::string id = "waypost";
  while (id.size() < 23) id += kDigits[random.below(kDigits.size())];
  return id;
}

}  // namespace

MqttProber::MqttProber(base::Executor& executor, transport::Network& network,
                       base::Endpoint address, std::uint64_t seed)
    : address_(std::move(address)),
      client_id_(make_client_id(seed)),
      stream_(executor, network, *this) {}

void MqttProber::begin(base::Duration timeout, Done done) {
  done_ = std::move(done);
  if (state_ == State::kIdle) {
    state_ = State::kWaitsForPingresp;
    return stream_.write(mqtt::encode_pingreq());
  }
  state_ = State::kConnecting;
  stream_.open(address_, timeout);
}

std::string MqttProber::abandon() {
  std::string waited_for = waiting_for();
  done_ = nullptr;
  state_ = State::kClosed;
  stream_.drop();
  return waited_for;
}

std::string MqttProber::waiting_for() const {
  switch (state_) {
    case State::kWaitsForConnack:
      return "CONNACK";
    case State::kWaitsForPingresp:
      return "PINGRESP";
    case State::kClosed:
    case State::kConnecting:
    case State::kIdle:
      break;
  }
  return "a connection";
}

void MqttProber::on_stream_open() {
  state_ = State::kWaitsForConnack;
  stream_.write(mqtt::encode_connect(client_id_, kKeepAliveSeconds));
}

std::size_t MqttProber::on_stream_bytes(std::string_view bytes) {
  std::size_t used = 0;
  while (state_ != State::kClosed) {
    const mqtt::PacketScan scan = mqtt::scan_packet(bytes.substr(used));
    if (scan.outcome == mqtt::PacketScan::Outcome::kNeedMore) return used;
    if (scan.outcome == mqtt::PacketScan::Outcome::kMalformed) {
      fail("not MQTT: '" + format_bytes_seen(bytes.substr(used)) + "'");
      break;
    }
    used += scan.consumed;
    on_packet(scan.type, scan.body);
  }
  return bytes.size();
}

void MqttProber::on_packet(std::uint8_t type, std::string_view body) {
  if (type == mqtt::kPublish) return;
  if (type == mqtt::kConnack && state_ == State::kWaitsForConnack) {
    return on_connack(body);
  }
  if (type == mqtt::kPingresp && state_ == State::kWaitsForPingresp &&
      body.empty()) {
    state_ = State::kIdle;
    return finish({true, {}});
  }
  fail("an unexpected packet of type " + std::to_string(type) +
       " (waiting for " + waiting_for() + ")");
}

void MqttProber::on_connack(std::string_view body) {
  const mqtt::ConnectOutcome outcome = mqtt::read_connack(body);
  if (!outcome.alive) return fail(outcome.detail);
  state_ = outcome.session ? State::kIdle : State::kClosed;
  if (!outcome.session) stream_.drop();
  finish({true, {}});
}

void MqttProber::on_stream_ended(const base::Error& error) {
  // While idle nobody waits: the next attempt finds out what it means.
  if (state_ == State::kIdle) {
    state_ = State::kClosed;
    return;
  }
  fail(state_ == State::kConnecting
           ? error.message
           : error.message + " (waiting for " + waiting_for() + ")");
}

void MqttProber::fail(std::string detail) {
  state_ = State::kClosed;
  stream_.drop();
  finish({false, std::move(detail)});
}

void MqttProber::finish(ProbeResult result) {
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(result));
}

}  // namespace waypost::agent
