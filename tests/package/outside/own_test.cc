// An application's own failover test: its nameserver hangs.

#include <chrono>
#include <cstdio>

#include <waypost/testing/mock_nameserver.hpp>
#include <waypost/waypost.hpp>

int main() {
  auto first = waypost::testing::MockNameserver::start();
  auto second = waypost::testing::MockNameserver::start();
  if (!first || !second) return 1;
  for (auto* each : {&*first, &*second}) {
    each->set_route("orders", {{"broker-a", "127.0.0.1:1883"}});
  }
  waypost::ClientOptions options;
  options.nameservers = {first->address(), second->address()};
  options.start_nameserver = first->address();
  auto client = waypost::Client::create(options);
  if (!client || !client->route("orders")) return 1;
  first->hang();
  const auto status = client->refresh("orders", std::chrono::seconds(5));
  std::printf("%s: %s\n", client->stats().nameserver.c_str(),
              status ? "refreshed" : status.error().to_string().c_str());
  return status && client->stats().nameserver == second->address() ? 0 : 1;
}
