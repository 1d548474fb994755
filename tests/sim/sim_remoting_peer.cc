#include "tests/sim/sim_remoting_peer.h"

#include <utility>

#include <doctest/doctest.h>

namespace waypost::sim {

using namespace std::chrono_literals;

class SimRemotingPeer::Handler : public transport::ConnectionHandler {
 public:
  explicit Handler(SimRemotingPeer& peer) : peer_(peer) {}

  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    heard_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (auto answer = support::take_answer(heard_)) {
      peer_.answers_.push_back(std::move(*answer));
    }
    return bytes.size();
  }
  void on_closed(transport::CloseReason, const base::Error&) override {
    peer_.closed_ = true;
    peer_.closed_at_ = peer_.world_.now();
  }

 private:
  SimRemotingPeer& peer_;
  std::string heard_;
};

SimRemotingPeer::SimRemotingPeer(SimWorld& world, SimNode& node,
                                 const base::Endpoint& nameserver)
    : world_(world),
      node_(node),
      nameserver_(nameserver),
      handler_(std::make_unique<Handler>(*this)) {}

SimRemotingPeer::~SimRemotingPeer() = default;

void SimRemotingPeer::connect() {
  if (connection_) return;
  connecting_ =
      node_.network().connect(nameserver_, 5s, {}, [this](auto result) {
        REQUIRE(result.has_value());
        connection_ = std::move(*result);
        connection_->start(handler_.get());
      });
  REQUIRE(world_.run_until([this] { return connection_ != nullptr; }, 5s));
}

void SimRemotingPeer::say(const std::string& frame) {
  connect();
  node_.executor().post(
      [this, frame] { connection_->write(std::as_bytes(std::span(frame))); });
}

std::optional<support::RemotingAnswer> SimRemotingPeer::ask(
    const std::string& frame) {
  const std::size_t before = answers_.size();
  say(frame);
  if (!world_.run_until([&] { return answers_.size() > before || closed_; },
                        5s) ||
      answers_.size() == before) {
    return std::nullopt;
  }
  auto answer = std::move(answers_.back());
  answers_.pop_back();
  return answer;
}

void SimRemotingPeer::hang_up() {
  node_.executor().post([this] { connection_->close(); });
}

bool SimRemotingPeer::registers(const support::RemotingBroker& broker) {
  const auto answer = ask(support::register_request(broker, next_opaque()));
  return answer && answer->command.code == remoting::response_code::kSuccess;
}

std::vector<std::string> SimRemotingPeer::route(const std::string& topic) {
  const auto answer = ask(support::route_request(topic, next_opaque()));
  return answer ? answer->brokers() : std::vector<std::string>{"no answer"};
}

}  // namespace waypost::sim
