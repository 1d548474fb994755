#ifndef WAYPOST_TESTS_PROCESSES_SYSTEM_H_
#define WAYPOST_TESTS_PROCESSES_SYSTEM_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "tests/support/nameserver_process.h"
#include "tests/support/process.h"
#include "tests/support/route_query.h"
#include "waypost/waypost.hpp"

namespace waypost::processes {

using support::Milliseconds;
using support::scaled;
using support::wait_until;
using Names = std::vector<std::string>;

inline constexpr const char* kTopic = "orders";

// A real waypost-agent with a topic file of its own.
class AgentProcess {
 public:
  struct Options {
    std::string broker_name;
    std::string broker_address = "127.0.0.1:1";  // nothing listens there
    std::vector<std::string> nameservers;
    std::string profile = "rocketmq-4";
    std::vector<std::string> more_arguments;
  };
  explicit AgentProcess(Options options);

  void set_topics(const std::vector<std::string>& names);
  void start();
  support::Process& process() { return *process_; }

 private:
  const Options options_;
  support::TempDir dir_;
  std::unique_ptr<support::Process> process_;
};

// The stub broker, or a real mosquitto; both can be stopped and killed.
class BrokerProcess {
 public:
  static BrokerProcess stub();
  // Nothing when it is not installed.
  static std::optional<BrokerProcess> mosquitto();

  support::Process& process() { return *process_; }
  const std::string& address() const { return address_; }

 private:
  std::unique_ptr<support::TempDir> dir_;
  std::unique_ptr<support::Process> process_;
  std::string address_;
};

// Nameservers and agents with what tests ask of them again and again.
class System {
 public:
  explicit System(std::size_t nameservers, std::string profile = "rocketmq-4",
                  std::vector<std::string> nameserver_arguments = {});

  // An agent of broker `name`, started; its broker serves kTopic.
  AgentProcess& add_agent(const std::string& name,
                          std::vector<std::string> more_arguments = {},
                          const std::string& broker_address = "127.0.0.1:1");

  std::vector<std::string> addresses() const;
  // Options for a client of these nameservers that starts at the first.
  ClientOptions client_options() const;

  bool all_have(const Names& brokers,
                Milliseconds limit = scaled(Milliseconds(10'000)));
  // Everything that was said, for failures.
  std::string transcript() const;

  std::vector<std::unique_ptr<support::NameserverProcess>> nameservers;
  std::vector<std::unique_ptr<AgentProcess>> agents;

 private:
  const std::string profile_;
};

// Names of the broker groups of a client's route.
Names brokers_of(const Route& route);

}  // namespace waypost::processes

#endif  // WAYPOST_TESTS_PROCESSES_SYSTEM_H_
