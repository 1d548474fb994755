// The smallest useful program with the SDK: finds a topic's brokers and picks
// some in turn.
//
//   waypost-lookup NAMESERVERS TOPIC [COUNT] [KEY=VALUE]...
//   waypost-lookup 10.0.0.1:9876,10.0.0.2:9876 orders 5 profile=fast

#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "waypost/waypost.hpp"

namespace {

struct Arguments {
  std::string topic;
  int count = 3;
  waypost::ClientOptions options;
};

waypost::Result<Arguments> read_arguments(
    const std::vector<std::string_view>& words) {
  const waypost::Error usage{
      waypost::ErrorCode::kInvalidArgument,
      "usage: waypost-lookup NAMESERVERS TOPIC [COUNT] [KEY=VALUE]...", ""};
  if (words.size() < 2) return usage;
  Arguments arguments;
  if (auto set = arguments.options.set("client.nameservers", words[0]); !set) {
    return set.error();
  }
  arguments.topic = words[1];
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (equals == std::string_view::npos) {
      const char* const end = words[i].data() + words[i].size();
      const auto read = std::from_chars(words[i].data(), end, arguments.count);
      if (read.ec != std::errc{} || read.ptr != end) return usage;
      continue;
    }
    auto set = arguments.options.set(words[i].substr(0, equals),
                                     words[i].substr(equals + 1));
    if (!set) return set.error();
  }
  return arguments;
}

int complain(const waypost::Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = read_arguments({argv + 1, argv + argc});
  if (!arguments) return complain(arguments.error());

  auto client = waypost::Client::create(arguments->options);
  if (!client) return complain(client.error());

  const auto route = client->route(arguments->topic);
  if (!route) return complain(route.error());
  std::printf(
      "%s\ntold by %s, %lld ms ago, digest %s\n", route->to_string().c_str(),
      route->nameserver.c_str(),
      static_cast<long long>(
          std::chrono::duration_cast<std::chrono::milliseconds>(route->age)
              .count()),
      route->digest.c_str());

  const waypost::Topic topic = client->topic(arguments->topic);
  for (int i = 0; i < arguments->count; ++i) {
    const auto pick = topic.pick();
    if (!pick) return complain(pick.error());
    std::printf("send to %s at %s, queue %u\n", pick->broker_name().c_str(),
                pick->address().c_str(), pick->queue());
    // A program that sends tells how it went:
    //   client->report(*pick, waypost::Outcome::kOk, latency);
  }
  return 0;
}
