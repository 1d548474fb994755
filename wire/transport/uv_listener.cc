#include "wire/transport/uv_listener.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "wire/transport/listening_socket.h"
#include "wire/transport/socket_address.h"
#include "wire/transport/uv_connection.h"
#include "wire/transport/uv_error.h"
#include "wire/transport/uv_loop.h"

namespace waypost::transport {
namespace {

// Accepted in one turn at most, so that a burst of newcomers does not keep
// those who are connected waiting.
constexpr int kAcceptsPerTurn = 64;

constexpr auto kPauseWithoutDescriptors = std::chrono::milliseconds(100);
constexpr auto kReportInterval = std::chrono::seconds(1);

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

base::Result<std::unique_ptr<Listener>> UvListener::open(
    UvLoop& loop, const base::Endpoint& endpoint, const ListenOptions& options,
    AcceptCallback on_accept) {
  const auto descriptor = bind_socket(endpoint, options);
  if (!descriptor) return tl::unexpected(descriptor.error());
  if (auto listening = start_listening(*descriptor, endpoint, options.backlog);
      !listening) {
    return tl::unexpected(listening.error());
  }
  auto listener = std::make_unique<UvListener>(loop, *descriptor, options,
                                               std::move(on_accept));
  const int status = listener->start();
  if (status != 0) return tl::unexpected(listen_error(-status, endpoint));
  return listener;
}

UvListener::UvListener(UvLoop& loop, int descriptor,
                       const ListenOptions& options, AcceptCallback on_accept)
    : loop_(loop),
      descriptor_(descriptor),
      connection_options_(
          std::make_shared<const ConnectionOptions>(options.connection)),
      logger_(options.logger.for_component(base::LogComponent::kTransport)),
      on_accept_(std::make_shared<const AcceptCallback>(std::move(on_accept))),
      local_(SocketAddress::local_of(descriptor)),
      spare_descriptor_(open_spare()) {}

UvListener::~UvListener() {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  if (destroyed_ != nullptr) *destroyed_ = true;
  poll_.reset();
  ::close(descriptor_);
  if (spare_descriptor_ >= 0) ::close(spare_descriptor_);
}

int UvListener::start() {
  auto poll_handle = std::make_unique<uv_poll_t>();
  const int status = uv_poll_init(loop_.uv(), poll_handle.get(), descriptor_);
  if (status != 0) return status;
  poll_.reset(poll_handle.release());
  poll_->data = this;
  poll();
  return 0;
}

void UvListener::poll() {
  uv_poll_start(poll_.get(), UV_READABLE,
                [](uv_poll_t* handle, int status, int) {
                  auto* const self = static_cast<UvListener*>(handle->data);
                  // libuv has stopped a handle whose descriptor reports an
                  // error.
                  return status == 0 ? self->on_readable() : self->pause();
                });
}

void UvListener::on_readable() {
  const auto held = on_accept_;
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (int accepted = 0; accepted < kAcceptsPerTurn; ++accepted) {
    const bool more = accept_one();
    if (destroyed) return;
    if (!more) break;
  }
  destroyed_ = nullptr;
}

// False when nobody waits any more, or for the moment nobody can be accepted.
bool UvListener::accept_one() {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  const int descriptor =
      ::accept4(descriptor_, reinterpret_cast<sockaddr*>(&peer), &size,
                SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    hand_over(descriptor, SocketAddress::to_endpoint(peer));
    return true;
  }
  const int error = errno;
  // A peer that gave up while it waited says nothing about the next one; Linux
  // passes the network errors of the new socket on through accept.
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case ENONET:
    case EOPNOTSUPP:
      return true;
    case EAGAIN:
      return false;
    default:
      on_accept_failed(error);
      return false;
  }
}

void UvListener::hand_over(int descriptor, const base::Endpoint& peer) {
  auto connection =
      UvConnection::adopt(loop_, descriptor, peer, connection_options_);
  if (connection) (*on_accept_)(std::move(*connection));
}

void UvListener::on_accept_failed(int error) {
  const int refused = error == EMFILE || error == ENFILE ? refuse_waiting() : 0;
  // The poll handle is level-triggered: whoever still waits would wake the loop
  // again and again.
  if (refused == 0) pause();
  report(error, refused);
}

// Accepts and closes with the spare descriptor. Returns how many.
int UvListener::refuse_waiting() {
  if (spare_descriptor_ < 0) spare_descriptor_ = open_spare();
  if (spare_descriptor_ < 0) return 0;
  int refused = 0;
  ::close(spare_descriptor_);
  while (refused < kAcceptsPerTurn) {
    const int descriptor =
        ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) break;
    ::close(descriptor);
    ++refused;
  }
  spare_descriptor_ = open_spare();
  return refused;
}

void UvListener::pause() {
  uv_poll_stop(poll_.get());
  pause_ = loop_.run_after(kPauseWithoutDescriptors, [this] { poll(); });
}

void UvListener::report(int error, int refused) {
  refused_since_report_ += refused;
  const base::Instant now = loop_.now();
  if (reported_at_ != base::Instant::min() &&
      now - reported_at_ < kReportInterval) {
    return;
  }
  reported_at_ = now;
  const base::Error problem =
      uv_error(-error, "accept on " + local_.to_string());
  logger_.error(problem.to_string(),
                {{"refused", std::exchange(refused_since_report_, 0)}});
}

}  // namespace waypost::transport
