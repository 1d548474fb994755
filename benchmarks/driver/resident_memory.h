#ifndef WAYPOST_BENCHMARKS_DRIVER_RESIDENT_MEMORY_H_
#define WAYPOST_BENCHMARKS_DRIVER_RESIDENT_MEMORY_H_

#include <cstddef>
#include <string_view>

#include <sys/types.h>

#include "base/error.h"

namespace waypost::bench {

// Bytes of a process that are in memory now (VmRSS of /proc/<pid>/status).
base::Result<std::size_t> resident_bytes(pid_t pid);

// The same from that file's text.
base::Result<std::size_t> parse_resident_bytes(std::string_view status);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_RESIDENT_MEMORY_H_
