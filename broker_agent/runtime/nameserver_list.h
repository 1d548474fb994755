#ifndef WAYPOST_BROKER_AGENT_RUNTIME_NAMESERVER_LIST_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_NAMESERVER_LIST_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/random.h"
#include "wire/transport/name_lookup.h"
#include "wire/transport/network.h"

namespace waypost::agent {

// Which nameservers there are: addresses as they are given, and all that the
// names among them stand for, looked up again and again. A broker must be
// registered with every nameserver; one name for all of them, as service
// discovery likes to have it, would otherwise mean with whichever answers. A
// lookup that fails leaves the last good list of its name. Loop thread only.
class NameserverList {
 public:
  struct Nameserver {
    base::Endpoint endpoint;  // numeric
    std::string name;         // "10.0.0.1:9876", "ns.example:9876 (10.0.0.1)"

    friend bool operator==(const Nameserver&, const Nameserver&) = default;
  };
  // A name may say what it likes; a broker makes no more connections than this.
  static constexpr std::size_t kNameserversMax = 64;

  // A name cannot be looked up. Once, until the error is another or over.
  using OnFailure =
      std::function<void(const std::string& name, const std::string& why)>;

  // After start(): `on_change` when nameservers() is another.
  NameserverList(base::Executor& executor, transport::Network& network,
                 std::vector<base::Endpoint> given, base::Random random,
                 std::function<void()> on_change, OnFailure on_failure,
                 base::Logger logger);
  NameserverList(const NameserverList&) = delete;
  NameserverList& operator=(const NameserverList&) = delete;

  // Begins to look names up.
  void start();

  // Each address once. Before start() those that were given as numbers.
  const std::vector<Nameserver>& nameservers() const { return nameservers_; }
  static std::vector<Nameserver> numeric(
      const std::vector<base::Endpoint>& given);

 private:
  void on_looked_up(const base::Endpoint& name);
  void update();

  base::Executor& executor_;
  transport::Network& network_;
  const std::vector<base::Endpoint> given_;
  base::Random random_;
  const std::function<void()> on_change_;
  const OnFailure on_failure_;
  const base::Logger logger_;
  std::map<base::Endpoint, std::unique_ptr<transport::NameLookup>> lookups_;
  std::map<base::Endpoint, std::string> failures_;  // that were told
  std::vector<Nameserver> nameservers_;
  bool too_many_ = false;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_NAMESERVER_LIST_H_
