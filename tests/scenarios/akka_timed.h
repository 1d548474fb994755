#ifndef WAYPOST_TESTS_SCENARIOS_AKKA_TIMED_H_
#define WAYPOST_TESTS_SCENARIOS_AKKA_TIMED_H_

#include "tests/scenarios/scenario.h"

namespace waypost::scenarios {

// Kind resolver: events with instants to one member's resolver.
Json akka_resolver(const Json& scenario);

// Kind multi_node: a cut through a whole group, decided by each side's leader.
Json akka_multi_node(const Json& scenario);

}  // namespace waypost::scenarios

#endif  // WAYPOST_TESTS_SCENARIOS_AKKA_TIMED_H_
