#include "tests/support/allocation_meter.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace waypost::support {
namespace {

struct Counts {
  bool counting = false;
  std::ptrdiff_t held = 0;
  std::ptrdiff_t peak = 0;
};
thread_local Counts counts;

}  // namespace

AllocationMeter::AllocationMeter() { counts = {true, 0, 0}; }
AllocationMeter::~AllocationMeter() { counts.counting = false; }

std::size_t AllocationMeter::peak_bytes() const {
  return static_cast<std::size_t>(counts.peak);
}

static void* allocate(std::size_t size) noexcept {
  void* const memory = std::malloc(std::max<std::size_t>(size, 1));
  if (memory != nullptr && counts.counting) {
    counts.held += static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
    counts.peak = std::max(counts.peak, counts.held);
  }
  return memory;
}

static void release(void* memory) noexcept {
  if (memory != nullptr && counts.counting) {
    counts.held -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  }
  std::free(memory);
}

}  // namespace waypost::support

void* operator new(std::size_t size) {
  void* const memory = waypost::support::allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return waypost::support::allocate(size);
}
void operator delete(void* memory) noexcept {
  waypost::support::release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  waypost::support::release(memory);
}
