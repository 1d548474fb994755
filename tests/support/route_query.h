#ifndef WAYPOST_TESTS_SUPPORT_ROUTE_QUERY_H_
#define WAYPOST_TESTS_SUPPORT_ROUTE_QUERY_H_

#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"
#include "tests/support/raw_client.h"
#include "wire/model/operations.h"

namespace waypost::support {

// What one nameserver says about one topic, now.
struct RouteAnswer {
  // Without an answer (no connection, none in time): code kUnavailable or
  // kTimedOut.
  std::optional<base::Error> error;
  model::VersionedRoute route;

  // Names of the broker groups, sorted.
  std::vector<std::string> brokers() const;
  // "broker-a broker-b", or the error: for messages.
  std::string to_string() const;
};

// Asks a nameserver directly over one connection, made when needed and again
// after it was lost.
class RouteInquirer {
 public:
  explicit RouteInquirer(base::Endpoint nameserver)
      : nameserver_(std::move(nameserver)) {}

  RouteAnswer ask(const std::string& topic,
                  Milliseconds limit = scaled(Milliseconds(5'000)));

 private:
  bool connect(Milliseconds limit);
  RouteAnswer read_answer(std::uint64_t id, Milliseconds limit);

  const base::Endpoint nameserver_;
  RawClient client_;
  std::uint64_t last_id_ = 0;
};

// Waits until the nameserver's route of the topic has exactly these brokers.
bool wait_for_route(const base::Endpoint& nameserver, const std::string& topic,
                    const std::vector<std::string>& brokers,
                    Milliseconds limit);

}  // namespace waypost::support

#endif  // WAYPOST_TESTS_SUPPORT_ROUTE_QUERY_H_
