// Stands for an application in tests of real processes: asks its nameserver for
// a topic's route several times a second and prints how each question went and
// what the route is after it, beside all that the SDK tells, as JSON lines.
//
//   waypost-test-route-recorder --client.nameservers H:P,... --topic orders

#include <chrono>
#include <cstdio>
#include <string>

#include "client_sdk/examples/arguments.h"
#include "client_sdk/examples/event_line.h"
#include "client_sdk/examples/sdk_events.h"
#include "client_sdk/examples/stop_signal.h"
#include "waypost/waypost.hpp"

namespace waypost::examples {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(150);

std::string names_of(const Route& route) {
  std::string names;
  for (const RouteGroup& group : route.groups) {
    names += (names.empty() ? "" : " ") + group.name;
  }
  return names;
}

void ask(Client& client, const std::string& topic,
         std::chrono::nanoseconds budget) {
  const auto asked = std::chrono::steady_clock::now();
  const Status answered = client.refresh(topic, budget);
  const auto took = std::chrono::steady_clock::now() - asked;
  // The cached one: a question that failed leaves it as it is.
  const auto route = client.route(topic, budget);
  print_event("asked", {{"ok", answered.has_value()},
                        {"ms", milliseconds(took)},
                        {"why", answered ? "" : answered.error().to_string()},
                        {"nameserver", client.stats().nameserver},
                        {"brokers", route ? names_of(*route) : ""},
                        {"missing", !route || route->missing}});
}

int run(const Arguments& arguments) {
  const StopSignal stop;
  ClientOptions options = arguments.client();
  options.on_event = print_sdk_event;
  const std::chrono::nanoseconds budget = options.rpc_timeout;
  auto client = Client::create(std::move(options));
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().to_string().c_str());
    return 1;
  }
  auto next = std::chrono::steady_clock::now();
  while (!stop.wait_until(next)) {
    ask(*client, arguments.text("topic"), budget);
    next = std::max(next + kPeriod, std::chrono::steady_clock::now());
  }
  return 0;
}

}  // namespace
}  // namespace waypost::examples

int main(int argc, char** argv) {
  return waypost::examples::run(
      waypost::examples::Arguments(argc, argv, {{"topic", "orders"}}));
}
