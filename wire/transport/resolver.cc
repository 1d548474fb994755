#include "wire/transport/resolver.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include <netdb.h>
#include <sys/time.h>

#include "base/units.h"
#include "wire/transport/socket_address.h"
#include "wire/transport/uv_loop.h"

namespace waypost::transport {
namespace {

// Each server is asked this often, so a lost datagram costs a part of the
// deadline only. The times are bounds for one wait.
constexpr int kTries = 3;
constexpr std::int64_t kTryMinMs = 100;
constexpr std::int64_t kTryMaxMs = 5000;

// A name with more addresses is cut: nobody tries so many one after another.
constexpr std::size_t kAddressesMax = 64;

bool initialise_ares() {
  static std::once_flag once;
  static int status = ARES_SUCCESS;
  std::call_once(once, [] { status = ares_library_init(ARES_LIB_INIT_ALL); });
  return status == ARES_SUCCESS;
}

std::vector<std::string> addresses_of(const ares_addrinfo& found) {
  std::vector<std::string> addresses;
  for (const ares_addrinfo_node* node = found.nodes;
       node != nullptr && addresses.size() < kAddressesMax;
       node = node->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, node->ai_addr,
                std::min<std::size_t>(node->ai_addrlen, sizeof storage));
    std::string host = SocketAddress::to_endpoint(storage).host;
    const bool known =
        std::find(addresses.begin(), addresses.end(), host) != addresses.end();
    if (!host.empty() && !known) addresses.push_back(std::move(host));
  }
  return addresses;
}

// The shortest of all records on the way to the addresses.
base::Duration ttl_of(const ares_addrinfo& found) {
  std::optional<int> ttl;
  const auto take = [&ttl](int seconds) {
    if (seconds >= 0) ttl = std::min(ttl.value_or(seconds), seconds);
  };
  for (const auto* node = found.nodes; node != nullptr; node = node->ai_next) {
    take(node->ai_ttl);
  }
  for (const auto* name = found.cnames; name != nullptr; name = name->next) {
    take(name->ttl);
  }
  return std::chrono::seconds(ttl.value_or(0));
}

}  // namespace

struct Resolver::Socket {
  Resolver& resolver;
  const ares_socket_t descriptor;
  UvHandle<uv_poll_t> poll;

  static void on_ready(uv_poll_t* handle, int status, int events) {
    auto* const self = static_cast<Socket*>(handle->data);
    // An error shows when c-ares reads or writes. This socket may be gone
    // after the call.
    const bool readable = status != 0 || (events & UV_READABLE) != 0;
    const bool writable = status != 0 || (events & UV_WRITABLE) != 0;
    self->resolver.process(readable ? self->descriptor : ARES_SOCKET_BAD,
                           writable ? self->descriptor : ARES_SOCKET_BAD);
  }
};

Resolver::Resolver(UvLoop& loop, const std::string& host,
                   base::Duration deadline, const ResolverOptions& options,
                   ResolveCallback on_resolved)
    : loop_(loop), host_(host), on_resolved_(std::move(on_resolved)) {
  start(deadline, options);
}

void Resolver::start(base::Duration deadline, const ResolverOptions& options) {
  if (SocketAddress::parse(host_, 0)) {
    return finish_soon(ResolvedHost{{host_}, {}});
  }
  const int status = open_channel(deadline, options);
  if (status != ARES_SUCCESS) return finish_soon(failed(status));
  deadline_ = loop_.run_after(deadline, [this, deadline] {
    finish_soon(base::fail(base::ErrorCode::kTimedOut,
                           "look up '" + host_ + "': no answer within " +
                               base::format_duration(deadline),
                           "check the name servers in /etc/resolv.conf"));
  });
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(
      channel_.get(), host_.c_str(), nullptr, &hints,
      [](void* self, int answer, int, ares_addrinfo* found) {
        static_cast<Resolver*>(self)->on_answer(answer, found);
      },
      this);
  arm_retry();
}

Resolver::~Resolver() {
  // ares_destroy calls back with ARES_EDESTRUCTION and closes its sockets.
  done_ = true;
  channel_.reset();
}

int Resolver::open_channel(base::Duration deadline,
                           const ResolverOptions& options) {
  if (!initialise_ares()) return ARES_ENOTINITIALIZED;
  ares_options settings{};
  settings.sock_state_cb_data = this;
  settings.sock_state_cb = [](void* self, ares_socket_t descriptor,
                              int readable, int writable) {
    static_cast<Resolver*>(self)->on_socket_state(descriptor, readable != 0,
                                                  writable != 0);
  };
  settings.tries = kTries;
  // c-ares doubles the wait with each try: 1 + 2 + 4 parts. One is left, so
  // that addresses of one family are told when nobody answers for the other.
  settings.timeout = static_cast<int>(
      std::clamp(base::to_ms(deadline) / 8, kTryMinMs, kTryMaxMs));
  ares_channel channel = nullptr;
  int status = ares_init_options(
      &channel, &settings,
      ARES_OPT_SOCK_STATE_CB | ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS);
  if (status != ARES_SUCCESS) return status;
  channel_.reset(channel);
  if (!options.servers.empty()) {
    status = ares_set_servers_ports_csv(channel, options.servers.c_str());
  }
  return status;
}

void Resolver::on_socket_state(ares_socket_t descriptor, bool readable,
                               bool writable) {
  if (!readable && !writable) {
    sockets_.erase(descriptor);
    return;
  }
  auto& socket = sockets_[descriptor];
  if (socket == nullptr) {
    socket = std::make_unique<Socket>(Socket{*this, descriptor, nullptr});
    auto* const poll = new uv_poll_t;
    if (uv_poll_init(loop_.uv(), poll, descriptor) != 0) {
      // Without polling the deadline ends the lookup.
      delete poll;
      sockets_.erase(descriptor);
      return;
    }
    poll->data = socket.get();
    socket->poll.reset(poll);
  }
  uv_poll_start(socket->poll.get(),
                (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
                &Socket::on_ready);
}

void Resolver::process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_.get(), readable, writable);
  if (!done_) arm_retry();
}

// c-ares asks again, or asks the next server, when it is called in time.
void Resolver::arm_retry() {
  timeval left{};
  if (done_ || ares_timeout(channel_.get(), nullptr, &left) == nullptr) return;
  retry_ =
      loop_.run_after(std::chrono::seconds(left.tv_sec) +
                          std::chrono::microseconds(left.tv_usec),
                      [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
}

void Resolver::on_answer(int status, ares_addrinfo* found) {
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(
      found, &ares_freeaddrinfo);
  if (done_) return;
  if (status != ARES_SUCCESS) return finish_soon(failed(status));
  ResolvedHost host{addresses_of(*owned), ttl_of(*owned)};
  if (host.addresses.empty()) return finish_soon(failed(ARES_ENODATA));
  finish_soon(std::move(host));
}

void Resolver::finish_soon(Answer result) {
  done_ = true;
  result_ = std::move(result);
  retry_.reset();
  deadline_ = loop_.run_after(base::Duration::zero(), [this] { finish(); });
}

void Resolver::finish() {
  channel_.reset();
  const auto on_resolved = std::exchange(on_resolved_, nullptr);
  on_resolved(std::move(result_));
}

tl::unexpected<base::Error> Resolver::failed(int status) const {
  using base::ErrorCode;
  const std::string message =
      "look up '" + host_ + "': " + ares_strerror(status);
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
      return base::fail(ErrorCode::kNotFound, message,
                        "check the name, or give a numeric address");
    case ARES_ETIMEOUT:
      return base::fail(ErrorCode::kTimedOut, message,
                        "check the name servers in /etc/resolv.conf");
    case ARES_EBADNAME:
      return base::fail(ErrorCode::kInvalidArgument, message);
    default:
      return base::fail(ErrorCode::kUnavailable, message,
                        "check the name servers in /etc/resolv.conf");
  }
}

}  // namespace waypost::transport
