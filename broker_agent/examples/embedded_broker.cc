// A broker program that registers itself: what it takes to embed the agent.
//
//   waypost-embedded-broker NAMESERVERS BROKER_ADDRESS TOPIC...
//   waypost-embedded-broker 10.0.0.1:9876,10.0.0.2:9876 10.0.0.5:1883 orders
//
// "sick" on standard input takes the broker out of the routes, "well" puts it
// back, anything else becomes one more topic; its end ends the broker.

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

#include "waypost/agent.hpp"

namespace {

int complain(const waypost::AgentError& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 1;
}

// Runs on the agent's thread.
void print(const waypost::AgentEvent& event) {
  std::printf("%s\n", event.text.c_str());
  std::fflush(stdout);
}

// The broker's own work, in place of which this one listens to its operator.
void serve(waypost::Agent& agent, std::vector<waypost::AgentTopic> topics) {
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "sick") {
      agent.report_health(false, "its operator says so");
    } else if (line == "well") {
      agent.report_health(true, "");
    } else {
      topics.push_back({.name = line});
      if (auto set = agent.set_topics(topics); !set) complain(set.error());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr,
                 "usage: waypost-embedded-broker NAMESERVERS BROKER_ADDRESS "
                 "TOPIC...\n");
    return 2;
  }
  waypost::AgentOptions options;
  options.nameservers = {argv[1]};
  options.cluster = "examples";
  options.broker_name = "embedded";
  options.broker_address = argv[2];
  for (int i = 3; i < argc; ++i) options.topics.push_back({.name = argv[i]});
  options.on_event = print;
  auto agent = waypost::Agent::start(options);
  if (!agent) return complain(agent.error());

  serve(**agent, options.topics);

  const auto left =
      (*agent)->stop(waypost::AgentLeave::kUnregister, std::chrono::seconds(3));
  return left ? 0 : complain(left.error());
}
