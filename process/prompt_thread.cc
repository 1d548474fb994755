#include "process/prompt_thread.h"

#include <cstdint>

#include <sys/syscall.h>
#include <unistd.h>

namespace waypost::process {
namespace {

// The least that the kernel takes.
constexpr std::uint64_t kSliceNs = 100'000;

// The kernel's struct sched_attr in its first version; glibc 2.36 has none.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;  // SCHED_OTHER
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // of SCHED_OTHER: the slice in ns
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

}  // namespace

bool make_thread_prompt() {
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0U) != 0 ||
      attributes.policy != 0) {
    return false;
  }
  attributes.size = sizeof attributes;
  attributes.runtime = kSliceNs;
  return syscall(SYS_sched_setattr, 0, &attributes, 0U) == 0;
}

}  // namespace waypost::process
