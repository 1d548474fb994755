// Stands for a message broker in tests of real processes: listens on a free
// port of 127.0.0.1, prints it, and answers each line "ping" with "pong". An
// executable of its own, so that it can be stopped and killed.

#include <cstdio>
#include <list>
#include <memory>
#include <string_view>

#include "wire/transport/loop.h"

namespace {

using namespace waypost::transport;  // NOLINT: main's own file

class Session : public ConnectionHandler {
 public:
  explicit Session(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)) {
    connection_->start(this);
  }
  bool ended() const { return ended_; }

  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    constexpr std::string_view kPong = "pong\n";
    for (const std::byte each : bytes) {
      if (each != std::byte{'\n'}) continue;
      connection_->write(std::as_bytes(std::span(kPong)));
    }
    return bytes.size();
  }
  void on_closed(CloseReason, const waypost::base::Error&) override {
    ended_ = true;
  }

 private:
  std::unique_ptr<Connection> connection_;
  bool ended_ = false;
};

}  // namespace

int main() {
  const auto loop = Loop::create();
  std::list<Session> sessions;
  const auto listening = loop->network().listen(
      {"127.0.0.1", 0}, {}, [&](std::unique_ptr<Connection> accepted) {
        sessions.remove_if([](const Session& each) { return each.ended(); });
        sessions.emplace_back(std::move(accepted));
      });
  if (!listening) return 1;
  std::printf("%s\n", (*listening)->local().to_string().c_str());
  std::fflush(stdout);
  loop->run();
}
