#include "waypost/testing/mock_nameserver.hpp"

#include <utility>

#include "client_sdk/mock/mock_server.h"

namespace waypost::testing {
namespace {

Status to_status(const base::Status& status) {
  if (status) return {};
  return Error{static_cast<ErrorCode>(status.error().code),
               status.error().message, status.error().advice};
}

}  // namespace

class MockNameserver::Impl {
 public:
  explicit Impl(const std::string& name) : server(name) {}
  mutable MockServer server;
  std::string address;
};

Result<MockNameserver> MockNameserver::start(Options options) {
  auto impl = std::make_unique<Impl>(options.name);
  const auto status = to_status(impl->server.listen(options.port));
  if (!status) return status.error();
  impl->address = "127.0.0.1:" + std::to_string(impl->server.port());
  return MockNameserver(std::move(impl));
}

MockNameserver::MockNameserver(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
MockNameserver::MockNameserver(MockNameserver&&) noexcept = default;
MockNameserver& MockNameserver::operator=(MockNameserver&&) noexcept = default;
MockNameserver::~MockNameserver() = default;

const std::string& MockNameserver::address() const { return impl_->address; }

// --- What it knows ---

void MockNameserver::set_route(std::string_view topic,
                               const std::vector<MockBroker>& brokers) {
  MockServer& server = impl_->server;
  const std::string name(topic);
  server.run([&] {
    server.script.set_route(name, brokers);
    server.push_to_all([&](const MockScript::Client& client) {
      return server.script.push(name, client);
    });
  });
}

void MockNameserver::remove_route(std::string_view topic) {
  MockServer& server = impl_->server;
  const std::string name(topic);
  server.run([&] {
    server.script.remove_route(name);
    server.push_to_all([&](const MockScript::Client& client) {
      return server.script.push(name, client);
    });
  });
}

void MockNameserver::leave(std::string_view broker, std::int64_t id,
                           ChangeReason reason, std::string_view detail) {
  MockServer& server = impl_->server;
  server.run([&] {
    const auto topics = server.script.leave(std::string(broker), id, reason,
                                            std::string(detail));
    server.push_to_all([&](const MockScript::Client& client) {
      std::string bytes = server.script.notice(topics, client);
      for (const auto& topic : topics) {
        bytes += server.script.push(topic, client);
      }
      return bytes;
    });
  });
}

// --- How it fails ---

void MockNameserver::serve() {
  MockServer& server = impl_->server;
  server.run([&] {
    server.faults = {};
    server.script.answers = MockAnswers::kRight;
    server.script.draining.reset();
    server.hold_back_no_longer();
  });
}

void MockNameserver::hang() {
  MockServer& server = impl_->server;
  server.run([&] {
    server.faults.accepts = server.faults.reads = server.faults.writes = false;
  });
}

void MockNameserver::partition(MockPartition what) {
  MockServer& server = impl_->server;
  server.run([&] {
    if (what != MockPartition::kAnswers) {
      server.faults.accepts = server.faults.reads = false;
    }
    if (what != MockPartition::kRequests) server.faults.writes = false;
  });
}

void MockNameserver::delay(std::chrono::nanoseconds by) {
  MockServer& server = impl_->server;
  server.run([&] { server.faults.delay = by; });
}

void MockNameserver::drip(std::chrono::nanoseconds between_bytes) {
  MockServer& server = impl_->server;
  server.run([&] { server.faults.drip = between_bytes; });
}

void MockNameserver::answer(MockAnswers answers) {
  MockServer& server = impl_->server;
  server.run([&] { server.script.answers = answers; });
}

void MockNameserver::send_bytes(std::string_view bytes, bool for_ever) {
  MockServer& server = impl_->server;
  server.run([&] { server.send_to_all(std::string(bytes), for_ever); });
}

void MockNameserver::close_connections(MockClose how) {
  MockServer& server = impl_->server;
  server.run([&] { server.close_all(how); });
}

void MockNameserver::drain(std::string_view reason) {
  MockServer& server = impl_->server;
  server.run([&] {
    server.script.draining = std::string(reason);
    server.push_to_all([&](const MockScript::Client&) {
      return server.script.drain_notice();
    });
  });
}

void MockNameserver::stop() {
  MockServer& server = impl_->server;
  server.run([&] {
    server.stop_listening();
    server.close_all(MockClose::kFin);
  });
}

Status MockNameserver::restart() {
  MockServer& server = impl_->server;
  base::Status status;
  server.run([&] {
    server.stop_listening();
    server.close_all(MockClose::kFin);
    ++server.script.incarnation;
    status = server.listen_again();
  });
  return to_status(status);
}

// --- What it was asked ---

MockCounts MockNameserver::counts() const { return impl_->server.counts(); }

std::uint64_t MockNameserver::asked(std::string_view topic) const {
  return impl_->server.asked(topic);
}

std::vector<std::string> MockNameserver::clients() const {
  std::vector<std::string> names;
  impl_->server.run([&] { names = impl_->server.client_names(); });
  return names;
}

bool MockNameserver::wait_until(
    const std::function<bool(const MockCounts&)>& enough,
    std::chrono::nanoseconds timeout) const {
  return impl_->server.wait_until(enough, timeout);
}

}  // namespace waypost::testing
