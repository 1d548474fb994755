#include "tests/support/sim/sim_network.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "tests/support/sim/sim_connection.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::sim {
namespace {

bool is_numeric(const std::string& host) {
  return host.find(':') != std::string::npos ||
         std::all_of(host.begin(), host.end(), [](char c) {
           return c == '.' || std::isdigit(static_cast<unsigned char>(c)) != 0;
         });
}

class SimListener : public transport::Listener {
 public:
  SimListener(SimNode& node, SimKernel::Bound bound)
      : node_(node), life_(node.life()), bound_(std::move(bound)) {}
  ~SimListener() override {
    if (node_.life() == life_) node_.kernel().stop_listening(bound_.id);
  }
  const base::Endpoint& local() const override { return bound_.local; }

 private:
  SimNode& node_;
  const std::uint64_t life_;
  SimKernel::Bound bound_;
};

class ResolveOperation : public transport::Operation {
 public:
  ResolveOperation(SimWorld& world, SimExecutor& executor,
                   const std::string& host, base::Duration deadline,
                   transport::ResolveCallback on_resolved)
      : on_resolved_(std::move(on_resolved)) {
    if (is_numeric(host)) {
      answer_after(executor, base::Duration(0), {{{host}, {}}});
      return;
    }
    const auto* entry = world.find_host(host);
    const auto delay = std::chrono::microseconds(world.random().below(3000));
    if (entry != nullptr && entry->behaviour == SimWorld::Lookup::kHangs) {
      answer_after(executor, deadline,
                   base::fail(base::ErrorCode::kTimedOut,
                              "resolve " + host + ": no answer"));
    } else if (entry == nullptr ||
               entry->behaviour == SimWorld::Lookup::kFails ||
               entry->addresses.empty()) {
      answer_after(executor, delay,
                   base::fail(base::ErrorCode::kUnavailable,
                              "resolve " + host + ": no such host"));
    } else {
      answer_after(executor, delay, {{entry->addresses, entry->ttl}});
    }
  }

 private:
  void answer_after(SimExecutor& executor, base::Duration delay,
                    base::Result<transport::ResolvedHost> answer) {
    timer_ =
        executor.run_after(delay, [this, answer = std::move(answer)]() mutable {
          // The callback may destroy this.
          const auto on_resolved = std::exchange(on_resolved_, nullptr);
          on_resolved(std::move(answer));
        });
  }

  transport::ResolveCallback on_resolved_;
  std::unique_ptr<base::Timer> timer_;
};

// Name lookup, then one address after another.
class ConnectOperation : public transport::Operation {
 public:
  ConnectOperation(SimWorld& world, SimNode& node, SimExecutor& executor,
                   SimNetwork& network, base::Endpoint endpoint,
                   base::Duration deadline,
                   transport::ConnectionOptions options,
                   transport::ConnectCallback on_connected)
      : world_(world),
        node_(node),
        executor_(executor),
        endpoint_(std::move(endpoint)),
        options_(options),
        on_connected_(std::move(on_connected)),
        due_(executor.now() + deadline) {
    deadline_ = executor.run_after(deadline, [this] {
      finish(error(base::ErrorCode::kTimedOut, "no answer in time"));
    });
    resolve_ = network.resolve(endpoint_.host, deadline, [this](auto result) {
      if (!result) {
        finish(tl::unexpected(
            std::move(result.error())
                .with_context("connect to " + endpoint_.to_string())));
        return;
      }
      addresses_ = std::move(result->addresses);
      try_next();
    });
  }
  ~ConnectOperation() override {
    *alive_ = false;
    if (socket_ != nullptr) socket_->shut();
  }

 private:
  using Outcome = base::Result<std::unique_ptr<transport::Connection>>;

  tl::unexpected<base::Error> error(base::ErrorCode code,
                                    const std::string& why) const {
    return base::fail(code, "connect to " + endpoint_.to_string() + ": " + why);
  }

  void try_next() {
    if (socket_ != nullptr) std::exchange(socket_, nullptr)->shut();
    if (tried_ == addresses_.size()) {
      finish(error(base::ErrorCode::kUnavailable, "connection refused"));
      return;
    }
    const std::string& address = addresses_[tried_++];
    // An address that hangs must leave time for the next.
    const auto left =
        static_cast<base::Duration::rep>(addresses_.size() - tried_ + 1);
    attempt_ = executor_.run_after((due_ - executor_.now()) / left, [this] {
      if (tried_ < addresses_.size()) try_next();
    });
    SimNode* to =
        address == "127.0.0.1" ? &node_ : world_.find_address(address);
    if (to == nullptr) return;  // packets go nowhere
    socket_ = node_.kernel().connect(
        *to, base::Endpoint{address, endpoint_.port}, options_);
    socket_->set_notify([this] { look_later(); });
  }

  void look_later() {
    world_.schedule(EventKind::kTask, &executor_, base::Duration(0),
                    [this, weak = std::weak_ptr(alive_)] {
                      if (!weak.expired()) look();
                    });
  }

  void look() {
    if (socket_ == nullptr) return;
    if (socket_->failure()) {
      try_next();
    } else if (socket_->state() == SimSocket::State::kOpen) {
      auto socket = std::exchange(socket_, nullptr);
      finish(std::make_unique<SimConnection>(world_, executor_,
                                             std::move(socket), options_));
    }
  }

  void finish(Outcome outcome) {
    if (!on_connected_) return;
    deadline_.reset();
    attempt_.reset();
    resolve_.reset();
    if (socket_ != nullptr) std::exchange(socket_, nullptr)->shut();
    // The callback may destroy this.
    const auto on_connected = std::exchange(on_connected_, nullptr);
    on_connected(std::move(outcome));
  }

  SimWorld& world_;
  SimNode& node_;
  SimExecutor& executor_;
  base::Endpoint endpoint_;
  transport::ConnectionOptions options_;
  transport::ConnectCallback on_connected_;
  base::Instant due_;
  std::vector<std::string> addresses_;
  std::size_t tried_ = 0;
  std::shared_ptr<SimSocket> socket_;
  std::unique_ptr<transport::Operation> resolve_;
  std::unique_ptr<base::Timer> deadline_;
  std::unique_ptr<base::Timer> attempt_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

base::Result<std::unique_ptr<transport::Listener>> SimNetwork::listen(
    const base::Endpoint& endpoint, const transport::ListenOptions& options,
    transport::AcceptCallback on_accept) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  auto bound = node_.kernel().listen(
      endpoint, options, executor_,
      [this, options, on_accept = std::move(on_accept)](auto socket) {
        on_accept(std::make_unique<SimConnection>(
            world_, executor_, std::move(socket), options.connection));
      });
  if (!bound) return tl::unexpected(std::move(bound.error()));
  return std::make_unique<SimListener>(node_, std::move(*bound));
}

std::unique_ptr<transport::Operation> SimNetwork::connect(
    const base::Endpoint& endpoint, base::Duration deadline,
    const transport::ConnectionOptions& options,
    transport::ConnectCallback on_connected) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  return std::make_unique<ConnectOperation>(world_, node_, executor_, *this,
                                            endpoint, deadline, options,
                                            std::move(on_connected));
}

std::unique_ptr<transport::Operation> SimNetwork::resolve(
    const std::string& host, base::Duration deadline,
    transport::ResolveCallback on_resolved) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  return std::make_unique<ResolveOperation>(world_, executor_, host, deadline,
                                            std::move(on_resolved));
}

}  // namespace waypost::sim
