#ifndef WAYPOST_TESTS_SUPPORT_ALLOCATION_METER_H_
#define WAYPOST_TESTS_SUPPORT_ALLOCATION_METER_H_

#include <cstddef>

namespace waypost::support {

// Counts what operator new hands out on this thread while one exists. Linking
// waypost_allocation_meter replaces the global operators; one meter at a time.
class AllocationMeter {
 public:
  AllocationMeter();
  ~AllocationMeter();
  AllocationMeter(const AllocationMeter&) = delete;
  AllocationMeter& operator=(const AllocationMeter&) = delete;

  // Most bytes that were held at one time, beyond those held at the start.
  std::size_t peak_bytes() const;
};

}  // namespace waypost::support

#endif  // WAYPOST_TESTS_SUPPORT_ALLOCATION_METER_H_
