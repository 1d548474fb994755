#include "tests/sim/sim_broker.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace waypost::sim {

class SimBroker::Session : public transport::ConnectionHandler {
 public:
  explicit Session(std::unique_ptr<transport::Connection> connection)
      : connection_(std::move(connection)) {
    connection_->start(this);
  }
  bool ended() const { return ended_; }

  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    constexpr std::string_view kPong = "pong\n";
    const auto lines = std::count(bytes.begin(), bytes.end(), std::byte{'\n'});
    for (std::ptrdiff_t i = 0; i < lines; ++i) {
      connection_->write(std::as_bytes(std::span(kPong)));
    }
    return bytes.size();
  }
  void on_closed(transport::CloseReason, const base::Error&) override {
    ended_ = true;
  }

 private:
  std::unique_ptr<transport::Connection> connection_;
  bool ended_ = false;
};

SimBroker::SimBroker(SimNode& node) : node_(node) {
  auto listening = node.network().listen(endpoint(), {}, [this](auto accepted) {
    std::erase_if(sessions_, [](const auto& each) { return each->ended(); });
    sessions_.push_back(std::make_unique<Session>(std::move(accepted)));
  });
  WAYPOST_ASSERT(listening.has_value());
  listener_ = std::move(*listening);
}

SimBroker::~SimBroker() = default;

}  // namespace waypost::sim
