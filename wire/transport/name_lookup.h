#ifndef WAYPOST_WIRE_TRANSPORT_NAME_LOOKUP_H_
#define WAYPOST_WIRE_TRANSPORT_NAME_LOOKUP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/executor.h"
#include "base/random.h"
#include "wire/transport/network.h"

namespace waypost::transport {

// One host name, looked up again and again: when the answer's time to live is
// over, at least each five minutes, at most each ten seconds. A lookup that
// fails changes nothing and is tried again sooner. Loop thread only.
class NameLookup {
 public:
  // `on_change` after each lookup; not inside the constructor.
  NameLookup(base::Executor& executor, Network& network, std::string host,
             base::Random random, std::function<void()> on_change);
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // Numeric, in order; empty until the first lookup succeeds.
  const std::vector<std::string>& addresses() const { return addresses_; }
  // Why the last lookup failed; empty when it did not, or is the first one.
  const std::string& failure() const { return failure_; }

 private:
  void look_up();
  void on_resolved(const base::Result<ResolvedHost>& host);

  base::Executor& executor_;
  Network& network_;
  const std::string host_;
  base::Random random_;
  base::Backoff backoff_;
  const std::function<void()> on_change_;
  std::vector<std::string> addresses_;
  std::string failure_;
  std::unique_ptr<Operation> operation_;
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_NAME_LOOKUP_H_
