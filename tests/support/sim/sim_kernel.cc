#include "tests/support/sim/sim_kernel.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/support/sim/sim_world.h"

namespace waypost::sim {
namespace {

bool covers(const base::Endpoint& listening, const base::Endpoint& asked) {
  return listening.port == asked.port &&
         (listening.host == asked.host || listening.host == "0.0.0.0" ||
          listening.host == "::");
}

}  // namespace

base::Result<SimKernel::Bound> SimKernel::listen(
    const base::Endpoint& endpoint, const transport::ListenOptions& options,
    SimExecutor& executor, OnAccept on_accept) {
  const bool ours = endpoint.host == node_.address() ||
                    endpoint.host == node_.name() ||
                    endpoint.host == "0.0.0.0" || endpoint.host == "::" ||
                    endpoint.host == "127.0.0.1";
  if (!ours) {
    return base::fail(
        base::ErrorCode::kInvalidArgument,
        "listen on " + endpoint.to_string() + ": not an address of this host");
  }
  base::Endpoint local = endpoint;
  if (local.host == node_.name()) local.host = node_.address();
  if (local.port == 0) local.port = ++last_listen_port_;
  for (const auto& [id, other] : listening_) {
    const bool shared = options.reuse_port && other.options.reuse_port;
    if (!shared && (covers(other.local, local) || covers(local, other.local))) {
      return base::fail(
          base::ErrorCode::kUnavailable,
          "listen on " + local.to_string() + ": address already in use");
    }
  }
  const std::uint64_t id = ++last_id_;
  listening_[id] =
      Listening{local, options, &executor, std::move(on_accept), {}};
  return Bound{id, local};
}

void SimKernel::stop_listening(std::uint64_t id) {
  const auto found = listening_.find(id);
  if (found == listening_.end()) return;
  const auto waiting = std::move(found->second.waiting);
  listening_.erase(found);
  for (const auto& [arrival, socket] : waiting) socket->reset();
}

std::shared_ptr<SimSocket> SimKernel::connect(
    SimNode& to, const base::Endpoint& remote,
    const transport::ConnectionOptions& options) {
  const std::string host =
      remote.host == "127.0.0.1" ? remote.host : node_.address();
  auto socket = std::make_shared<SimSocket>(
      world_, node_, base::Endpoint{host, ++last_local_port_}, remote, options);
  sockets_.insert(socket);
  socket->connect_to(to);
  return socket;
}

void SimKernel::on_syn(const std::shared_ptr<SimSocket>& client) {
  if (client->state() == SimSocket::State::kDead) return;
  if (const auto known = client->other_end()) {
    known->answer_syn(client);
    return;
  }
  Listening* listener = choose_listener(client->peer());
  if (listener == nullptr) {
    world_.send_packet(node_, client->node(), base::Instant{},
                       [client] { client->on_reset(); });
    return;
  }
  if (listener->waiting.size() >=
      static_cast<std::size_t>(std::max(listener->options.backlog, 1))) {
    return;  // the SYN is dropped; it will be sent again
  }
  auto socket = std::make_shared<SimSocket>(world_, node_, client->peer(),
                                            client->local(),
                                            listener->options.connection);
  sockets_.insert(socket);
  const std::uint64_t arrival = ++last_id_;
  const auto id =
      std::find_if(listening_.begin(), listening_.end(), [&](const auto& each) {
        return &each.second == listener;
      })->first;
  socket->set_on_established([this, id, arrival, weak = std::weak_ptr(socket)] {
    if (const auto established = weak.lock()) {
      on_established(id, arrival, established);
    }
  });
  socket->answer_syn(client);
}

void SimKernel::on_established(std::uint64_t listener, std::uint64_t arrival,
                               const std::shared_ptr<SimSocket>& socket) {
  const auto found = listening_.find(listener);
  if (found == listening_.end()) {
    socket->reset();
    return;
  }
  found->second.waiting[arrival] = socket;
  world_.schedule(EventKind::kTask, found->second.executor, base::Duration(0),
                  [this, listener, arrival] { hand_over(listener, arrival); });
}

void SimKernel::hand_over(std::uint64_t listener, std::uint64_t arrival) {
  const auto found = listening_.find(listener);
  if (found == listening_.end()) return;
  const auto socket = std::move(found->second.waiting.at(arrival));
  found->second.waiting.erase(arrival);
  // The callback may stop listening.
  const OnAccept on_accept = found->second.on_accept;
  on_accept(socket);
}

SimKernel::Listening* SimKernel::choose_listener(
    const base::Endpoint& endpoint) {
  std::vector<Listening*> candidates;
  for (auto& [id, each] : listening_) {
    if (covers(each.local, endpoint)) candidates.push_back(&each);
  }
  if (candidates.empty()) return nullptr;
  return candidates[world_.random().below(candidates.size())];
}

void SimKernel::close_all(bool with_reset) {
  listening_.clear();
  // In the order of local and peer address, not of pointers: runs repeat.
  std::vector<std::shared_ptr<SimSocket>> sockets(sockets_.begin(),
                                                  sockets_.end());
  std::sort(sockets.begin(), sockets.end(), [](const auto& a, const auto& b) {
    return std::pair(a->local(), a->peer()) < std::pair(b->local(), b->peer());
  });
  for (const auto& socket : sockets) {
    if (with_reset) {
      socket->reset();
    } else {
      socket->shut();
    }
  }
}

void SimKernel::forget(SimSocket& socket) {
  sockets_.erase(socket.shared_from_this());
}

}  // namespace waypost::sim
