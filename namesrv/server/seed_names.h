#ifndef WAYPOST_NAMESRV_SERVER_SEED_NAMES_H_
#define WAYPOST_NAMESRV_SERVER_SEED_NAMES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/executor.h"
#include "base/log.h"
#include "wire/transport/network.h"

namespace waypost::server {

// The cluster addresses that `--peers` stands for: a host name in it stands for
// all of its addresses, looked up again and again.
//
// - The answer holds for its TTL, at least kAgainAfterMin and at most
//   kAgainAfterMax; where nobody said one (the hosts file), kAgainAfter.
// - A failed lookup changes nothing and is tried again after kRetryAfter. Until
//   the first answer a name stands for itself, to be looked up by whoever
//   connects.
//
// Peers that were met are members whatever the names say later; a name only
// says where to look. Our own address among them is found out by who answers.
// On one executor's thread.
class SeedNames {
 public:
  static constexpr base::Duration kAgainAfter = std::chrono::seconds(30);
  static constexpr base::Duration kAgainAfterMin = std::chrono::seconds(1);
  static constexpr base::Duration kAgainAfterMax = std::chrono::minutes(5);
  static constexpr base::Duration kRetryAfter = std::chrono::seconds(5);
  static constexpr base::Duration kLookupTimeout = std::chrono::seconds(5);
  // More than any group has: a name server's mistake must not become ours.
  static constexpr std::size_t kAddressesMax = 100;

  // `on_change` gets all addresses, in the configured order, each once;
  // whenever they have changed, never inside the constructor.
  using OnChange = std::function<void(std::vector<base::Endpoint>)>;
  SeedNames(base::Executor& executor, transport::Network& network,
            const std::vector<base::Endpoint>& configured, OnChange on_change,
            base::Logger logger);
  ~SeedNames();
  SeedNames(const SeedNames&) = delete;
  SeedNames& operator=(const SeedNames&) = delete;

 private:
  class Name;

  void tell();

  base::Executor& executor_;
  transport::Network& network_;
  const OnChange on_change_;
  const base::Logger logger_;
  std::vector<std::unique_ptr<Name>> names_;
  std::vector<base::Endpoint> told_;
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_SEED_NAMES_H_
