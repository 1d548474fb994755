// Registers a broker and finds it: client and agent in one program.

#include <chrono>
#include <cstdio>

#include <waypost/agent.hpp>
#include <waypost/waypost.hpp>

namespace {

int complain(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return complain("usage: both NAMESERVER");
  waypost::AgentOptions broker;
  broker.nameservers = {argv[1]};
  broker.cluster = "outside";
  broker.broker_name = "broker-a";
  broker.broker_address = "127.0.0.1:1883";
  broker.topics = {{.name = "orders"}};
  auto agent = waypost::Agent::start(broker);
  if (!agent) return complain(agent.error().to_string());

  waypost::ClientOptions options;
  options.nameservers = {argv[1]};
  options.negative_ttl = std::chrono::nanoseconds(0);
  auto client = waypost::Client::create(options);
  if (!client) return complain(client.error().to_string());
  // The agent registers meanwhile.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(9);
  auto route = client->route("orders");
  while (!route && std::chrono::steady_clock::now() < until) {
    route = client->route("orders");
  }
  if (!route) return complain(route.error().to_string());
  const auto pick = client->pick("orders");
  if (!pick) return complain(pick.error().to_string());
  std::printf("%s\n%s\n", route->to_string().c_str(), pick->address().c_str());
  return 0;
}
