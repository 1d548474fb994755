#include "wire/transport/tcp_options.h"

#include <algorithm>
#include <limits>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace waypost::transport {
namespace {

// Probes sent before silence counts as the end; Linux allows at most 127.
constexpr int kKeepaliveProbes = 4;
// The kernel refuses larger ones (MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL).
constexpr std::int64_t kKeepaliveMaxSeconds = 32767;

void set_option(int descriptor, int level, int name, int value) {
  setsockopt(descriptor, level, name, &value, sizeof value);
}

int keepalive_seconds(base::Duration duration) {
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(duration).count();
  return static_cast<int>(
      std::clamp<std::int64_t>(seconds, 1, kKeepaliveMaxSeconds));
}

int whole_milliseconds(base::Duration duration) {
  const auto ms =
      std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(
      std::clamp<std::int64_t>(ms, 1, std::numeric_limits<int>::max()));
}

}  // namespace

void apply_tcp_options(int descriptor, const ConnectionOptions& options) {
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keepalive > base::Duration::zero()) {
    // The system's default of 9 probes 75 s apart would add 11 minutes.
    const auto interval = options.keepalive / kKeepaliveProbes;
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE,
               keepalive_seconds(options.keepalive));
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL,
               keepalive_seconds(interval));
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
  }
  if (options.user_timeout > base::Duration::zero()) {
    set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT,
               whole_milliseconds(options.user_timeout));
  }
}

}  // namespace waypost::transport
