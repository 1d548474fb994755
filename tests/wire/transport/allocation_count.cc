#include "tests/wire/transport/allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> g_count{0};

}  // namespace

std::size_t waypost::transport::test::allocation_count() { return g_count; }

// The other forms of new and delete call these two.
void* operator new(std::size_t size) {
  ++g_count;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
