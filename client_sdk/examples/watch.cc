// Prints what happens to the brokers of some topics, as it happens: routes that
// change, brokers that leave, join and become suspect, masters that change,
// nameservers that are left for others.
//
//   waypost-watch TOPIC... [KEY=VALUE]...
//   WAYPOST_NAMESERVERS=10.0.0.1:9876,10.0.0.2:9876 waypost-watch orders
//
// Ends on Ctrl-C.

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

#include "client_sdk/examples/stop_signal.h"
#include "waypost/waypost.hpp"

namespace {

int complain(const waypost::Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 1;
}

// TOPIC... [KEY=VALUE]..., over what the environment says.
waypost::Result<waypost::ClientOptions> read_options(int argc, char** argv) {
  const waypost::Error usage{
      waypost::ErrorCode::kInvalidArgument,
      "usage: waypost-watch TOPIC... [KEY=VALUE]...",
      "for one, client.nameservers=127.0.0.1:9876; docs/options.md has all"};
  waypost::ClientOptions options;
  options.name = "waypost-watch";
  if (auto set = options.set_from_environment(); !set) return set.error();
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("-")) return usage;
    const auto equals = word.find('=');
    auto set =
        equals == std::string_view::npos
            ? options.set("client.topics", word)
            : options.set(word.substr(0, equals), word.substr(equals + 1));
    if (!set) return set.error();
  }
  if (options.topics.empty()) return usage;
  return options;
}

void print(const waypost::Event& event) {
  const auto since = event.wall_time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t time = seconds.count();
  std::tm parts{};
  localtime_r(&time, &parts);
  std::printf("%02d:%02d:%02d.%03lld %s\n", parts.tm_hour, parts.tm_min,
              parts.tm_sec,
              static_cast<long long>(
                  std::chrono::floor<std::chrono::milliseconds>(since - seconds)
                      .count()),
              event.to_string().c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  auto options = read_options(argc, argv);
  if (!options) return complain(options.error());
  // Events are taken here, on the main thread, rather than in a handler.
  options->event_delivery = waypost::EventDelivery::kPoll;
  const waypost::examples::StopSignal stop;
  auto client = waypost::Client::create(*options);
  if (!client) return complain(client.error());
  while (!stop.wait_until(std::chrono::steady_clock::now())) {
    client->wait_for_events(std::chrono::milliseconds(200));
    for (const auto& event : client->poll_events()) print(event);
  }
  static_cast<void>(client->close());
  for (const auto& event : client->poll_events()) print(event);
  return 0;
}
