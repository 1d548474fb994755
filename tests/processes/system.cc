#include "tests/processes/system.h"

#include <utility>

#include <doctest/doctest.h>

namespace waypost::processes {
namespace {

using support::our_executable;
using support::Process;
using support::system_executable;
using support::TempDir;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

}  // namespace

AgentProcess::AgentProcess(Options options) : options_(std::move(options)) {
  set_topics({kTopic});
}

void AgentProcess::set_topics(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    if (!list.empty()) list += ", ";
    list += R"({"name": ")" + name +
            R"(", "read_queues": 4, "write_queues": 4, "permission": "rw"})";
  }
  support::write_file(dir_ / "topics.json", R"({"topics": [)" + list + "]}");
}

void AgentProcess::start() {
  std::vector<std::string> arguments = {our_executable("waypost-agent"),
                                        "--nameservers",
                                        joined(options_.nameservers),
                                        "--cluster",
                                        "c1",
                                        "--broker-name",
                                        options_.broker_name,
                                        "--broker-address",
                                        options_.broker_address,
                                        "--topics",
                                        dir_ / "topics.json",
                                        "--profile",
                                        options_.profile};
  arguments.insert(arguments.end(), options_.more_arguments.begin(),
                   options_.more_arguments.end());
  process_.reset();
  process_ = std::make_unique<Process>(std::move(arguments));
}

BrokerProcess BrokerProcess::stub() {
  BrokerProcess broker;
  broker.process_ = std::make_unique<Process>(
      std::vector{our_executable("waypost-test-stub-broker")});
  std::string told;
  REQUIRE(wait_until(scaled(Milliseconds(10'000)), [&] {
    told = broker.process_->out();
    return !told.empty() && told.back() == '\n';
  }));
  broker.address_ = told.substr(0, told.size() - 1);
  return broker;
}

std::optional<BrokerProcess> BrokerProcess::mosquitto() {
  const std::string program = system_executable("mosquitto");
  if (program.empty()) return std::nullopt;
  BrokerProcess broker;
  broker.dir_ = std::make_unique<TempDir>();
  const std::string config = *broker.dir_ / "mosquitto.conf";
  // It cannot take a free port itself; another process may be quicker.
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto port = std::to_string(support::unused_port());
    support::write_file(config, "listener " + port +
                                    " 127.0.0.1\nallow_anonymous true\n"
                                    "log_dest stderr\n");
    broker.address_ = "127.0.0.1:" + port;
    broker.process_ = std::make_unique<Process>(
        std::vector{program, std::string("-c"), config});
    const base::Endpoint endpoint = *base::parse_endpoint(broker.address_);
    const bool up = wait_until(scaled(Milliseconds(5'000)), [&] {
      return support::RawClient(endpoint).connected() ||
             !broker.process_->running();
    });
    if (up && broker.process_->running()) return broker;
  }
  MESSAGE("no mosquitto: " << broker.process_->transcript());
  return std::nullopt;
}

System::System(std::size_t count, std::string profile,
               std::vector<std::string> nameserver_arguments)
    : profile_(std::move(profile)) {
  for (std::size_t i = 0; i < count; ++i) {
    nameservers.push_back(std::make_unique<support::NameserverProcess>(
        profile_, nameserver_arguments));
    REQUIRE(nameservers.back()->start());
  }
}

AgentProcess& System::add_agent(const std::string& name,
                                std::vector<std::string> more_arguments,
                                const std::string& broker_address) {
  agents.push_back(std::make_unique<AgentProcess>(AgentProcess::Options{
      name, broker_address, addresses(), profile_, std::move(more_arguments)}));
  agents.back()->start();
  return *agents.back();
}

std::vector<std::string> System::addresses() const {
  std::vector<std::string> all;
  for (const auto& each : nameservers) all.push_back(each->address());
  return all;
}

ClientOptions System::client_options() const {
  auto options = ClientOptions::for_profile(profile_).value();
  options.nameservers = addresses();
  options.start_nameserver = options.nameservers.front();
  options.name = "process-test";
  return options;
}

bool System::all_have(const Names& brokers, Milliseconds limit) {
  const support::Stopwatch watch;
  for (const auto& each : nameservers) {
    const auto left = std::max(limit - watch.elapsed(), Milliseconds(1));
    if (!support::wait_for_route(each->endpoint(), kTopic, brokers, left)) {
      return false;
    }
  }
  return true;
}

std::string System::transcript() const {
  std::string text;
  for (const auto& each : nameservers) text += each->process().transcript();
  for (const auto& each : agents) text += each->process().transcript();
  return text;
}

Names brokers_of(const Route& route) {
  Names names;
  for (const auto& group : route.groups) names.push_back(group.name);
  return names;
}

}  // namespace waypost::processes
