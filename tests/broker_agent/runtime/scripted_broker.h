#ifndef WAYPOST_TESTS_BROKER_AGENT_RUNTIME_SCRIPTED_BROKER_H_
#define WAYPOST_TESTS_BROKER_AGENT_RUNTIME_SCRIPTED_BROKER_H_

#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/executor.h"
#include "wire/codec/remoting/command.h"
#include "wire/transport/network.h"

namespace waypost::agent::testing {

// A server that answers whatever a test wants it to, on any network.
class ScriptedBroker {
 public:
  // What to send for the bytes that arrived, "" for nothing.
  using Answer = std::function<std::string(std::string_view)>;

  ScriptedBroker(base::Executor& executor, transport::Network& network,
                 const base::Endpoint& listen)
      : executor_(executor) {
    auto listener = network.listen(
        listen, {}, [this](std::unique_ptr<transport::Connection> connection) {
          ++accepted_;
          connections_.push_back(
              std::make_unique<Peer>(*this, std::move(connection)));
        });
    WAYPOST_ASSERT(listener.has_value());
    listener_ = std::move(*listener);
  }

  const base::Endpoint& endpoint() const { return listener_->local(); }

  void set_answer(Answer answer) { answer_ = std::move(answer); }
  // What a whole request is: answers are for these. Without it whatever arrives
  // together is one.
  using RequestBytes = std::function<std::size_t(std::string_view)>;
  void set_requests(RequestBytes request_bytes) {
    request_bytes_ = std::move(request_bytes);
  }
  void set_greeting(std::string greeting) { greeting_ = std::move(greeting); }
  // Closes the connection after an answer.
  void set_closes(bool closes) { closes_ = closes; }
  // Sends answers one byte each `pace`.
  void set_drip(base::Duration pace) { pace_ = pace; }
  void stop_listening() { listener_.reset(); }
  void close_all() {
    for (auto& each : connections_) each->connection().close();
  }

  int accepted() const { return accepted_; }
  int answered() const { return answered_; }
  int open_connections() const {
    int open = 0;
    for (const auto& each : connections_) open += each->open() ? 1 : 0;
    return open;
  }

 private:
  class Peer final : public transport::ConnectionHandler {
   public:
    Peer(ScriptedBroker& owner,
         std::unique_ptr<transport::Connection> connection)
        : owner_(owner), connection_(std::move(connection)) {
      connection_->start(this);
      send(owner_.greeting_);
    }
    transport::Connection& connection() { return *connection_; }
    bool open() const { return open_; }

    std::size_t on_bytes(std::span<const std::byte> bytes) override {
      const std::string got(
          static_cast<const char*>(static_cast<const void*>(bytes.data())),
          bytes.size());
      const std::size_t used =
          owner_.request_bytes_ ? owner_.request_bytes_(got) : got.size();
      if (used > 0 && owner_.answer_) send(owner_.answer_(got.substr(0, used)));
      return used;
    }
    void on_closed(transport::CloseReason, const base::Error&) override {
      open_ = false;
      timer_.reset();
    }

   private:
    void send(const std::string& text) {
      if (text.empty()) return;
      ++owner_.answered_;
      if (owner_.pace_ != base::Duration{0}) {
        waiting_ += text;
        return drip();
      }
      connection_->write(std::as_bytes(std::span(text)));
      if (owner_.closes_) {
        connection_->close_after_flush(std::chrono::seconds(1));
      }
    }
    void drip() {
      if (waiting_.empty() || !open_) return;
      connection_->write(std::as_bytes(std::span(waiting_).first(1)));
      waiting_.erase(0, 1);
      timer_ = owner_.executor_.run_after(owner_.pace_, [this] { drip(); });
    }

    ScriptedBroker& owner_;
    std::unique_ptr<transport::Connection> connection_;
    std::string waiting_;
    std::unique_ptr<base::Timer> timer_;
    bool open_ = true;
  };

  base::Executor& executor_;
  std::unique_ptr<transport::Listener> listener_;
  std::list<std::unique_ptr<Peer>> connections_;
  Answer answer_;
  RequestBytes request_bytes_;
  std::string greeting_;
  bool closes_ = false;
  base::Duration pace_{0};
  int accepted_ = 0;
  int answered_ = 0;
};

// A broker that speaks just enough MQTT: CONNACK, PINGRESP.
inline ScriptedBroker::Answer mqtt_answer(char connack_code = '\0') {
  return [connack_code](std::string_view bytes) -> std::string {
    if (bytes.starts_with('\x10')) {
      return std::string("\x20\x02\0", 3) + connack_code;
    }
    if (bytes.starts_with('\xc0')) return std::string("\xd0\0", 2);
    return {};
  };
}

// A broker that answers every remoting request with that code.
inline ScriptedBroker::Answer rocketmq_answer(std::int32_t code = 0) {
  return [code](std::string_view bytes) {
    const auto scan = remoting::scan_frame(std::as_bytes(std::span(bytes)),
                                           remoting::kFrameMaxBytesDefault);
    const auto request = remoting::decode_header(scan.frame);
    WAYPOST_ASSERT(request.has_value());
    return remoting::encode_frame(remoting::make_response(*request, code));
  };
}

// How long the remoting frame at the front is; 0: it is not all there.
inline std::size_t rocketmq_request_bytes(std::string_view bytes) {
  const auto scan = remoting::scan_frame(std::as_bytes(std::span(bytes)),
                                         remoting::kFrameMaxBytesDefault);
  return scan.outcome == remoting::FrameScan::Outcome::kFrame ? scan.frame_bytes
                                                              : 0;
}

}  // namespace waypost::agent::testing

#endif  // WAYPOST_TESTS_BROKER_AGENT_RUNTIME_SCRIPTED_BROKER_H_
