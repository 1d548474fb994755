#include "wire/transport/uv_connector.h"

#include <utility>

#include "base/units.h"
#include "wire/transport/socket_address.h"
#include "wire/transport/tcp_options.h"
#include "wire/transport/uv_connection.h"
#include "wire/transport/uv_error.h"
#include "wire/transport/uv_loop.h"

namespace waypost::transport {

struct UvConnector::Attempt {
  uv_connect_t request{};
  UvConnector* owner = nullptr;

  static void done(uv_connect_t* request, int status) {
    const std::unique_ptr<Attempt> self(static_cast<Attempt*>(request->data));
    if (self->owner != nullptr) self->owner->on_attempt_done(status);
  }
};

UvConnector::UvConnector(UvLoop& loop, const base::Endpoint& endpoint,
                         base::Duration deadline,
                         const ConnectionOptions& options,
                         ConnectCallback on_connected)
    : loop_(loop),
      endpoint_(endpoint),
      give_up_at_(loop.now() + deadline),
      options_(std::make_shared<const ConnectionOptions>(options)),
      on_connected_(std::move(on_connected)) {
  if (SocketAddress::parse(endpoint_.host, endpoint_.port)) {
    addresses_.push_back(endpoint_.host);
    try_next();
    return;
  }
  resolving_ = loop_.network().resolve(
      endpoint_.host, deadline,
      [this](auto host) { on_resolved(std::move(host)); });
}

UvConnector::~UvConnector() { drop_attempt(); }

void UvConnector::on_resolved(base::Result<ResolvedHost> host) {
  if (!host) {
    return finish(tl::unexpected(
        host.error().with_context("connect to " + endpoint_.to_string())));
  }
  addresses_ = std::move(host->addresses);
  try_next();
}

void UvConnector::try_next() {
  const auto left = give_up_at_ - loop_.now();
  const auto untried = addresses_.size() - next_address_;
  const bool out_of_time = next_address_ > 0 && left <= base::Duration::zero();
  if (untried == 0 || out_of_time) {
    last_error_.message =
        "connect to " + endpoint_.to_string() + ": " + failures_;
    return finish(tl::unexpected(std::move(last_error_)));
  }
  share_ = left / static_cast<base::Duration::rep>(untried);
  const int status = start_attempt(addresses_[next_address_]);
  timer_ = loop_.run_after(
      status == 0 ? share_ : base::Duration::zero(), [this, status] {
        on_attempt_failed(status == 0 ? UV_ETIMEDOUT : status);
      });
}

int UvConnector::start_attempt(const std::string& address) {
  const auto target = SocketAddress::parse(address, endpoint_.port);
  if (!target) return UV_EINVAL;
  auto tcp = std::make_unique<uv_tcp_t>();
  const auto family = static_cast<unsigned>(target->family());
  int status = uv_tcp_init_ex(loop_.uv(), tcp.get(), family);
  if (status != 0) return status;
  tcp_.reset(tcp.release());
  uv_os_fd_t descriptor = -1;
  uv_fileno(reinterpret_cast<uv_handle_t*>(tcp_.get()), &descriptor);
  apply_tcp_options(descriptor, *options_);
  auto attempt = std::make_unique<Attempt>();
  attempt->owner = this;
  attempt->request.data = attempt.get();
  status = uv_tcp_connect(&attempt->request, tcp_.get(), target->get(),
                          &Attempt::done);
  if (status == 0) attempt_ = attempt.release();
  return status;
}

void UvConnector::drop_attempt() {
  if (attempt_ != nullptr) attempt_->owner = nullptr;
  attempt_ = nullptr;
  tcp_.reset();
}

void UvConnector::on_attempt_done(int status) {
  attempt_ = nullptr;
  if (status != 0) return on_attempt_failed(status);
  uv_os_fd_t descriptor = -1;
  uv_fileno(reinterpret_cast<uv_handle_t*>(tcp_.get()), &descriptor);
  const base::Endpoint peer{addresses_[next_address_], endpoint_.port};
  // Nobody listens, and the kernel chose the very port as our own: TCP's
  // simultaneous open has connected the socket to itself.
  if (SocketAddress::local_of(descriptor) ==
      SocketAddress::peer_of(descriptor)) {
    return on_attempt_failed(UV_ECONNREFUSED);
  }
  finish(std::make_unique<UvConnection>(loop_, tcp_.release(), peer, options_));
}

void UvConnector::on_attempt_failed(int status) {
  drop_attempt();
  const std::string& address = addresses_[next_address_];
  last_error_ = uv_error(status, "");
  if (!failures_.empty()) failures_ += "; ";
  if (address != endpoint_.host) failures_ += address + ": ";
  failures_ += status == UV_ETIMEDOUT
                   ? "no answer within " + base::format_duration(share_)
                   : uv_error_text(status);
  ++next_address_;
  try_next();
}

void UvConnector::finish(base::Result<std::unique_ptr<Connection>> result) {
  timer_.reset();
  const auto on_connected = std::exchange(on_connected_, nullptr);
  on_connected(std::move(result));
}

}  // namespace waypost::transport
