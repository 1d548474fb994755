#ifndef WAYPOST_CLIENT_SDK_EXAMPLES_MQTT_LINK_H_
#define WAYPOST_CLIENT_SDK_EXAMPLES_MQTT_LINK_H_

// One MQTT connection to one broker, with what libmosquitto leaves to the
// application: a deadline for every acknowledgement, a deadline for connecting,
// and an end that does not wait for a broker that hangs.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace waypost::examples {

struct MqttOptions {
  std::string host;
  std::uint16_t port = 0;
  std::string client_id;
  // False: the broker keeps subscriptions and what it could not deliver while
  // this client is away.
  bool clean_session = true;
  std::string subscribe_to;  // at QoS 1, on every connection; empty: nothing
  // Called on the link's thread; must not call into the link.
  std::function<void(std::string_view payload)> on_message;
  // Connected, and subscribed where asked for; or why not (any more). On the
  // link's thread.
  std::function<void(bool connected, const std::string& why)> on_state;
};

// Connects in the background, and again whenever the connection is lost. Has a
// thread of its own; every method may be called from any thread.
class MqttLink {
 public:
  explicit MqttLink(MqttOptions options);
  // Ends at once with a reset: nothing that was not acknowledged is sent by the
  // kernel later, when a hung broker comes back.
  ~MqttLink();
  MqttLink(const MqttLink&) = delete;
  MqttLink& operator=(const MqttLink&) = delete;

  // Publishes at QoS 1 and waits for the PUBACK within `budget`. Returns an
  // empty text, or why the message is not known to have arrived; then drop the
  // link, because what it still has to send would arrive late.
  std::string publish(const std::string& topic, std::string_view payload,
                      std::chrono::nanoseconds budget);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waypost::examples

#endif  // WAYPOST_CLIENT_SDK_EXAMPLES_MQTT_LINK_H_
