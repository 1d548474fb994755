#ifndef WAYPOST_TESTS_SUPPORT_NAMESERVER_PROCESS_H_
#define WAYPOST_TESTS_SUPPORT_NAMESERVER_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace waypost::support {

// A real waypost-namesrv on a loopback port of its own, which stays its own
// while it is down, with a data directory
// that outlives its processes. Ends with this object.
class NameserverProcess {
 public:
  explicit NameserverProcess(std::string profile = "rocketmq-4",
                             std::vector<std::string> more_arguments = {});

  // Starts it and waits until it listens; again on the same port after an end.
  // False, with the transcript told to doctest, when it does not come up.
  bool start();

  Process& process() { return *process_; }
  const base::Endpoint& endpoint() const { return endpoint_; }
  std::string address() const { return endpoint_.to_string(); }
  const TempDir& data_dir() const { return data_dir_; }

 private:
  const std::string profile_;
  const std::vector<std::string> more_arguments_;
  TempDir data_dir_;
  base::Endpoint endpoint_{"127.0.0.1", unused_port()};
  std::unique_ptr<Process> process_;
};

}  // namespace waypost::support

#endif  // WAYPOST_TESTS_SUPPORT_NAMESERVER_PROCESS_H_
