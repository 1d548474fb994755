#ifndef WAYPOST_CLIENT_SDK_RUNTIME_NAME_LOOKUP_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_NAME_LOOKUP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/executor.h"
#include "base/random.h"
#include "client_sdk/core/nameserver_choice.h"
#include "wire/transport/network.h"

namespace waypost::client {

// One "name:port", looked up again and again: when the answer's time to live is
// over, at least each five minutes, at most each ten seconds. A lookup that
// fails changes nothing and is tried again sooner. Loop thread only.
class NameLookup {
 public:
  // `on_change` after each lookup; not inside the constructor.
  NameLookup(base::Executor& executor, transport::Network& network,
             base::Endpoint endpoint, base::Random random,
             std::function<void()> on_change);
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  const base::Endpoint& endpoint() const { return endpoint_; }
  // A server for each address; empty until the first lookup succeeds.
  const std::vector<Nameserver>& nameservers() const { return nameservers_; }
  // Why the last lookup failed; empty when it did not, or is the first one.
  const std::string& failure() const { return failure_; }

 private:
  void look_up();
  void on_resolved(const base::Result<transport::ResolvedHost>& host);

  base::Executor& executor_;
  transport::Network& network_;
  const base::Endpoint endpoint_;
  base::Random random_;
  base::Backoff backoff_;
  const std::function<void()> on_change_;
  std::vector<Nameserver> nameservers_;
  std::string failure_;
  std::unique_ptr<transport::Operation> operation_;
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_NAME_LOOKUP_H_
