#include "wire/rpc/acceptor.h"

#include <algorithm>
#include <deque>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "wire/rpc/accepted_connection.h"

namespace waypost::rpc {
namespace {

// Session ids: the loop above, a counter below.
constexpr unsigned kLoopIndexShift = 48;

// So many connections above the maximum are told why they are refused; more
// are just closed, lest refusing become a burden of its own.
constexpr std::size_t kRefusedMax = 1024;

}  // namespace

class Acceptor::Impl final : public AcceptedConnection::Owner {
 public:
  Impl(base::Executor& executor, transport::Network& network,
       AcceptorOptions options, SessionFactory native, base::Logger logger,
       RemotingFactory remoting)
      : executor_(executor),
        network_(network),
        options_(std::move(options)),
        protocols_{{executor,
                    options_.payload_max_bytes,
                    std::move(native),
                    logger,
                    {},
                    {}},
                   {executor,
                    options_.remoting_frame_max_bytes,
                    std::move(remoting),
                    logger,
                    {},
                    LargeFrameGate(executor)}},
        next_id_((std::uint64_t{options_.loop_index} << kLoopIndexShift) + 1) {
    // The largest frame must fit, whatever the transport's default is.
    auto& limit = options_.listen.connection.read_limit_bytes;
    limit =
        std::max({limit, options_.payload_max_bytes + codec::kFrameHeaderBytes,
                  options_.remoting_frame_max_bytes});
  }

  base::Status listen(const base::Endpoint& endpoint) {
    auto listener = network_.listen(
        endpoint, options_.listen,
        [this](std::unique_ptr<transport::Connection> connection) {
          on_accept(std::move(connection));
        });
    if (!listener) return tl::unexpected(listener.error());
    listener_ = std::move(*listener);
    local_ = listener_->local();
    return {};
  }
  const base::Endpoint& local() const { return local_; }
  void stop_listening() { listener_.reset(); }

  void close_all() {
    for (auto& [id, connection] : connections_) connection->close_after_flush();
  }

  ServerSession* find(std::uint64_t session_id) {
    const auto found = connections_.find(session_id);
    return found == connections_.end() ? nullptr : found->second->session();
  }

  RemotingSession* find_remoting(std::uint64_t session_id) {
    const auto found = connections_.find(session_id);
    return found == connections_.end() ? nullptr : found->second->remoting();
  }

  void for_each(const std::function<void(ServerSession&)>& visit) {
    for (auto& [id, connection] : connections_) {
      if (ServerSession* session = connection->session()) visit(*session);
    }
  }

  std::size_t connection_count() const { return connections_.size(); }

  void watch_idle(std::uint64_t id) override {
    idlers_.push({executor_.now() + options_.remoting_idle, id});
    set_idle_timer();
  }
  void forget(std::uint64_t id) override { connections_.erase(id); }

 private:
  // A connection and when it will have been idle for long enough, if nothing
  // happens on it. One for each remoting connection, looked at when it is due:
  // traffic does not touch it.
  struct Idler {
    base::Instant due;
    std::uint64_t id;

    friend bool operator>(const Idler& a, const Idler& b) {
      return a.due > b.due;
    }
  };

  struct Newcomer {
    base::Instant give_up_at;
    std::uint64_t id;
  };

  void on_accept(std::unique_ptr<transport::Connection> connection);
  void watch(std::uint64_t id);
  void on_newcomer_timer();
  void set_idle_timer();
  void on_idle_timer();

  base::Executor& executor_;
  transport::Network& network_;
  AcceptorOptions options_;
  AcceptedConnection::Protocols protocols_;
  std::uint64_t next_id_;
  base::Endpoint local_;

  // Those that may still owe their first frame, longest waiting first; all wait
  // equally long, so one timer serves them all.
  std::deque<Newcomer> newcomers_;
  std::unique_ptr<base::Timer> newcomer_timer_;

  std::priority_queue<Idler, std::vector<Idler>, std::greater<>> idlers_;
  std::unique_ptr<base::Timer> idle_timer_;

  std::unordered_map<std::uint64_t, std::unique_ptr<AcceptedConnection>>
      connections_;
  std::unique_ptr<transport::Listener> listener_;
};

void Acceptor::Impl::on_accept(
    std::unique_ptr<transport::Connection> connection) {
  const std::size_t count = connections_.size();
  if (count >= options_.connections_max + kRefusedMax) return;
  const std::uint64_t id = next_id_++;
  auto& accepted =
      *connections_
           .emplace(id, std::make_unique<AcceptedConnection>(
                            id, std::move(connection), *this, protocols_))
           .first->second;
  accepted.start();
  if (count < options_.connections_max) return watch(id);
  accepted.refuse({base::ErrorCode::kBusy,
                   "all " + std::to_string(options_.connections_max) +
                       " connections are taken",
                   "try another nameserver, or later"});
}

void Acceptor::Impl::watch(std::uint64_t id) {
  newcomers_.push_back({executor_.now() + options_.first_frame_timeout, id});
  if (newcomer_timer_) return;
  newcomer_timer_ = executor_.run_after(options_.first_frame_timeout,
                                        [this] { on_newcomer_timer(); });
}

void Acceptor::Impl::on_newcomer_timer() {
  newcomer_timer_.reset();
  const base::Instant now = executor_.now();
  while (!newcomers_.empty() && newcomers_.front().give_up_at <= now) {
    const auto found = connections_.find(newcomers_.front().id);
    newcomers_.pop_front();
    if (found == connections_.end() || found->second->established()) continue;
    found->second->close();
  }
  if (newcomers_.empty()) return;
  newcomer_timer_ = executor_.run_after(newcomers_.front().give_up_at - now,
                                        [this] { on_newcomer_timer(); });
}

void Acceptor::Impl::set_idle_timer() {
  if (idle_timer_ || idlers_.empty()) return;
  idle_timer_ = executor_.run_after(
      std::max(base::Duration::zero(), idlers_.top().due - executor_.now()),
      [this] { on_idle_timer(); });
}

// A connection that was active since goes back with its new time; the timer may
// so be set for one that has ended, which costs one look.
void Acceptor::Impl::on_idle_timer() {
  idle_timer_.reset();
  const base::Instant now = executor_.now();
  while (!idlers_.empty() && idlers_.top().due <= now) {
    const std::uint64_t id = idlers_.top().id;
    idlers_.pop();
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    base::Instant due = found->second->last_active() + options_.remoting_idle;
    if (due <= now) {
      found->second->on_idle();
      due = now + options_.remoting_idle;
    }
    idlers_.push({due, id});
  }
  set_idle_timer();
}

Acceptor::Acceptor(base::Executor& executor, transport::Network& network,
                   AcceptorOptions options, SessionFactory native,
                   base::Logger logger, RemotingFactory remoting)
    : impl_(std::make_unique<Impl>(executor, network, std::move(options),
                                   std::move(native), logger,
                                   std::move(remoting))) {}

Acceptor::~Acceptor() = default;

base::Status Acceptor::listen(const base::Endpoint& endpoint) {
  return impl_->listen(endpoint);
}

const base::Endpoint& Acceptor::local() const { return impl_->local(); }

void Acceptor::stop_listening() { impl_->stop_listening(); }

void Acceptor::close_all() { impl_->close_all(); }

ServerSession* Acceptor::find(std::uint64_t session_id) {
  return impl_->find(session_id);
}

RemotingSession* Acceptor::find_remoting(std::uint64_t session_id) {
  return impl_->find_remoting(session_id);
}

void Acceptor::for_each(const std::function<void(ServerSession&)>& visit) {
  impl_->for_each(visit);
}

std::size_t Acceptor::connection_count() const {
  return impl_->connection_count();
}

}  // namespace waypost::rpc
