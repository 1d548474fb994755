#ifndef WAYPOST_TESTS_WIRE_TRANSPORT_ALLOCATION_COUNT_H_
#define WAYPOST_TESTS_WIRE_TRANSPORT_ALLOCATION_COUNT_H_

#include <cstddef>

namespace waypost::transport::test {

// How often operator new has been called in this process so far. Linking
// allocation_count.cc replaces it.
std::size_t allocation_count();

}  // namespace waypost::transport::test

#endif  // WAYPOST_TESTS_WIRE_TRANSPORT_ALLOCATION_COUNT_H_
