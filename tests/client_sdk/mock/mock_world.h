#ifndef WAYPOST_TESTS_CLIENT_SDK_MOCK_MOCK_WORLD_H_
#define WAYPOST_TESTS_CLIENT_SDK_MOCK_MOCK_WORLD_H_

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/wait.h"
#include "waypost/testing/mock_nameserver.hpp"
#include "waypost/waypost.hpp"

namespace waypost::testing {

// Long enough for the slowest machine under a sanitizer; nothing waits for it
// when all is well.
inline constexpr auto kPatience = std::chrono::seconds(60);

inline MockNameserver start_mock() {
  auto mock = MockNameserver::start();
  REQUIRE_MESSAGE(mock, mock.error().to_string());
  return std::move(*mock);
}

// Two nameservers that know a topic, and a client that has its route from the
// first one. Unless asked, the client is quiet for half a minute.
class MockWorld {
 public:
  // Of a question; each nameserver gets half of it. Generous, for a question is
  // to be answered within it on a machine that has much else to do.
  static std::chrono::nanoseconds budget() {
    return std::chrono::milliseconds(2500);
  }

  static ClientOptions quiet() {
    ClientOptions options;
    options.ping_interval = std::chrono::nanoseconds(0);
    return options;
  }

  explicit MockWorld(ClientOptions options = quiet(),
                     std::chrono::nanoseconds question = budget()) {
    options.rpc_timeout = question;
    options.on_event = [](const Event&) {};
    // Where the machine stands still meanwhile, a client goes to the second;
    // then all begins anew.
    for (int attempt = 0; !begin(options); ++attempt) {
      REQUIRE(attempt < 10);
      client.reset();
      first = start_mock();
      second = start_mock();
    }
  }

  // Of the route in use.
  std::size_t brokers() {
    const auto route = client->route("orders", std::chrono::seconds(1));
    return route ? route->groups.size() : 0;
  }

  MockNameserver first = start_mock();
  MockNameserver second = start_mock();
  std::optional<Client> client;

 private:
  bool begin(ClientOptions options) {
    options.nameservers = {first.address(), second.address()};
    options.start_nameserver = first.address();
    for (MockNameserver* each : {&first, &second}) {
      each->set_route("orders", {{"broker-a", "10.0.0.1:10911"},
                                 {"broker-b", "10.0.0.2:10911"}});
    }
    auto made = Client::create(std::move(options));
    REQUIRE_MESSAGE(made, made.error().to_string());
    client.emplace(std::move(*made));
    REQUIRE(client->route("orders", kPatience));
    const ClientStats stats = client->stats();
    return stats.nameserver == first.address() && stats.switches == 0;
  }
};

}  // namespace waypost::testing

#endif  // WAYPOST_TESTS_CLIENT_SDK_MOCK_MOCK_WORLD_H_
