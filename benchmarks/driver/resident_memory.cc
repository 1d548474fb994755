#include "benchmarks/driver/resident_memory.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

namespace waypost::bench {

base::Result<std::size_t> parse_resident_bytes(std::string_view status) {
  constexpr std::string_view kKey = "\nVmRSS:";
  const std::size_t at = status.find(kKey);
  if (at != std::string_view::npos) {
    std::string_view line = status.substr(at + kKey.size());
    line = line.substr(0, line.find('\n'));
    line.remove_prefix(std::min(line.find_first_of("0123456789"), line.size()));
    std::size_t kib = 0;
    const auto read =
        std::from_chars(line.data(), line.data() + line.size(), kib);
    if (read.ec == std::errc{}) return kib * 1024;
  }
  return base::fail(base::ErrorCode::kMalformed, "no VmRSS in the status");
}

base::Result<std::size_t> resident_bytes(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/status";
  std::ifstream file(path);
  auto bytes = parse_resident_bytes(
      std::string(std::istreambuf_iterator<char>(file), {}));
  if (!bytes) return tl::unexpected(bytes.error().with_context(path));
  return bytes;
}

}  // namespace waypost::bench
