#include "client_sdk/mock/mock_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/codec/frame.h"

namespace waypost::testing {
namespace {

constexpr std::size_t kInputMaxBytes = codec::kPayloadMaxBytesDefault + 4096;
constexpr int kBacklog = 1024;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* as_sockaddr(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// On: binds to a port that old connections still have. Off: nobody else binds
// to ours.
void share_port(int socket, bool shared) {
  const int value = shared ? 1 : 0;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value);
}

tl::unexpected<base::Error> failed(const std::string& what) {
  return base::fail(base::ErrorCode::kUnavailable,
                    "mock nameserver: " + what + ": " + std::strerror(errno));
}

void reset_when_closed(int socket) {
  const linger none{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

// The process's signals are its own threads' business; a thread inherits its
// maker's mask.
std::thread thread_without_signals(const std::function<void()>& body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(body);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

Descriptor::~Descriptor() {
  if (valid()) ::close(number_);
}

MockServer::MockServer(std::string name) : script(std::move(name)) {}

MockServer::~MockServer() {
  if (!thread_.joinable()) return;
  run([this] { ending_ = true; });
  thread_.join();
}

base::Status MockServer::listen(std::uint16_t port) {
  wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.valid()) return failed("no descriptor");
  port_ = port;
  if (auto status = listen_again(); !status) return status;
  thread_ = thread_without_signals([this] {
    pthread_setname_np(pthread_self(), "mock-nameserver");
    serve();
  });
  return {};
}

// A port that was given up stays bound, so that nobody takes it and nobody who
// connects to it meets himself.
base::Status MockServer::listen_again() {
  if (listening_) return {};
  if (!listener_.valid()) {
    Descriptor socket(
        ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return failed("no descriptor");
    share_port(socket.get(), true);
    sockaddr_in address = loopback(port_);
    socklen_t size = sizeof address;
    if (::bind(socket.get(), as_sockaddr(address), size) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address),
                      &size) != 0) {
      return failed("port " + std::to_string(port_));
    }
    port_ = ntohs(address.sin_port);
    listener_ = std::move(socket);
  }
  share_port(listener_.get(), true);
  if (::listen(listener_.get(), kBacklog) != 0) {
    return failed("port " + std::to_string(port_));
  }
  listening_ = true;
  return {};
}

void MockServer::stop_listening() {
  if (!listening_) return;
  // A listener that goes resets whom it has not accepted.
  listener_ = Descriptor();
  listening_ = false;
  Descriptor keeper(
      ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  share_port(keeper.get(), true);
  const sockaddr_in address = loopback(port_);
  if (::bind(keeper.get(), as_sockaddr(address), sizeof address) == 0) {
    share_port(keeper.get(), false);
    listener_ = std::move(keeper);
  }
}

void MockServer::run(const std::function<void()>& task) {
  std::unique_lock lock(mutex_);
  tasks_.push_back(&task);
  const std::uint64_t one = 1;
  // A full counter wakes as well.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  changed_.wait(lock, [&] {
    return std::find(tasks_.begin(), tasks_.end(), &task) == tasks_.end();
  });
}

void MockServer::run_tasks() {
  while (!tasks_.empty()) {
    (*tasks_.front())();
    tasks_.pop_front();
  }
}

MockCounts MockServer::counts() const {
  const std::lock_guard lock(mutex_);
  return script.counts;
}

std::uint64_t MockServer::asked(std::string_view topic) const {
  const std::lock_guard lock(mutex_);
  const auto found = script.asked.find(topic);
  return found == script.asked.end() ? 0 : found->second;
}

bool MockServer::wait_until(
    const std::function<bool(const MockCounts&)>& enough,
    std::chrono::nanoseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout,
                           [&] { return enough(script.counts); });
}

std::vector<std::string> MockServer::client_names() const {
  std::vector<std::string> names;
  for (const auto& [id, connection] : connections_) {
    names.push_back(connection.client.name);
  }
  return names;
}

// --- The thread ---

void MockServer::serve() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const auto until = prepare();
    timespec patience{};
    const bool bounded = until != Clock::time_point::max();
    if (bounded) {
      const auto left = std::max(until - Clock::now(), Clock::duration::zero());
      const auto whole = std::chrono::floor<std::chrono::seconds>(left);
      patience.tv_sec = whole.count();
      patience.tv_nsec = std::chrono::nanoseconds(left - whole).count();
    }
    lock.unlock();
    ::ppoll(waits_.data(), waits_.size(), bounded ? &patience : nullptr,
            nullptr);
    lock.lock();
    std::uint64_t woken = 0;
    [[maybe_unused]] const auto drained =
        ::read(wake_.get(), &woken, sizeof woken);
    // Before what a fault began to hold back is looked at.
    run_tasks();
    if (listening_ && faults.accepts) accept_all();
    const auto now = Clock::now();
    for (auto at = connections_.begin(); at != connections_.end();) {
      Connection& connection = at->second;
      const bool over = (faults.reads && !read(connection)) ||
                        (faults.writes && !flush(connection, now));
      at = over ? connections_.erase(at) : std::next(at);
    }
    count_open();
    changed_.notify_all();
  }
  connections_.clear();
  listener_ = Descriptor();
}

MockServer::Clock::time_point MockServer::prepare() {
  waits_.assign({{wake_.get(), POLLIN, 0}});
  if (listening_ && faults.accepts) {
    waits_.push_back({listener_.get(), POLLIN, 0});
  }
  auto until = Clock::time_point::max();
  const auto now = Clock::now();
  for (auto& [id, connection] : connections_) {
    short events = faults.reads ? POLLIN : short{0};
    if (faults.writes && has_output(connection)) {
      auto due =
          connection.output.empty() ? now : connection.output.front().due;
      if (faults.drip > Clock::duration::zero()) {
        due = std::max(due, connection.next_byte);
      }
      if (due <= now) {
        events = static_cast<short>(events | POLLOUT);
      } else {
        until = std::min(until, due);
      }
    }
    // A connection that is not looked at must not be listed at all: its end is
    // told whatever is asked for.
    if (events != 0) waits_.push_back({connection.socket.get(), events, 0});
  }
  return until;
}

bool MockServer::has_output(const Connection& connection) const {
  return !connection.output.empty() || !connection.for_ever.empty() ||
         connection.close_when_sent;
}

void MockServer::accept_all() {
  for (;;) {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr,
                                SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) return;
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++script.counts.connections;
    connections_[++last_id_].socket = std::move(socket);
  }
}

bool MockServer::read(Connection& connection) {
  std::array<std::byte, 64UL * 1024> buffer;
  for (;;) {
    const ssize_t count =
        ::recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    script.counts.bytes_received += static_cast<std::uint64_t>(count);
    if (connection.half_open || connection.close_when_sent) continue;
    auto& input = connection.input;
    input.insert(input.end(), buffer.begin(), buffer.begin() + count);
    if (input.size() > kInputMaxBytes) return false;
    if (!take_input(connection)) return false;
  }
}

bool MockServer::take_input(Connection& connection) {
  auto& input = connection.input;
  std::size_t used = 0;
  if (!connection.preface_seen) {
    if (input.size() < codec::kPrefaceBytes) return true;
    if (!codec::check_preface(input)) return refuse();
    connection.preface_seen = true;
    used = codec::kPrefaceBytes;
  }
  while (!connection.close_when_sent) {
    const auto scan = codec::scan_frame(std::span(input).subspan(used),
                                        codec::kPayloadMaxBytesDefault);
    if (scan.outcome == codec::FrameScan::Outcome::kNeedMore) break;
    if (scan.outcome != codec::FrameScan::Outcome::kFrame) {
      return refuse();
    }
    used += scan.consumed;
    auto reply = script.answer(scan.frame, connection.client);
    say(connection, std::move(reply.bytes));
    if (!reply.for_ever.empty()) connection.for_ever = reply.for_ever;
    connection.close_when_sent = reply.close;
  }
  input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(used));
  return true;
}

bool MockServer::refuse() {
  ++script.counts.not_protocol;
  return false;
}

void MockServer::say(Connection& connection, std::string bytes) {
  if (bytes.empty() || connection.half_open) return;
  connection.output.push_back({Clock::now() + faults.delay, std::move(bytes)});
}

// A turn sends a bounded part of what is endless.
bool MockServer::flush(Connection& connection, Clock::time_point now) {
  const bool drips = faults.drip > Clock::duration::zero();
  if (drips && now < connection.next_byte) return true;
  if (connection.output.empty() && !connection.for_ever.empty()) {
    connection.output.push_back({now, connection.for_ever});
  }
  while (!connection.output.empty() && connection.output.front().due <= now) {
    const std::string& bytes = connection.output.front().bytes;
    const std::size_t left = bytes.size() - connection.sent;
    const ssize_t count =
        ::send(connection.socket.get(), bytes.data() + connection.sent,
               drips ? 1 : left, MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    connection.sent += static_cast<std::size_t>(count);
    if (connection.sent == bytes.size()) {
      connection.output.pop_front();
      connection.sent = 0;
    }
    if (drips) {
      connection.next_byte = now + faults.drip;
      return true;
    }
  }
  return !(connection.close_when_sent && connection.output.empty());
}

void MockServer::count_open() { script.counts.open = connections_.size(); }

// --- From tasks ---

void MockServer::close_all(MockClose how) {
  for (auto& [id, connection] : connections_) {
    if (how == MockClose::kReset) reset_when_closed(connection.socket.get());
    if (how != MockClose::kHalfOpen) continue;
    ::shutdown(connection.socket.get(), SHUT_WR);
    connection.half_open = true;
    connection.output.clear();
    connection.for_ever.clear();
  }
  if (how != MockClose::kHalfOpen) connections_.clear();
  count_open();
}

void MockServer::hold_back_no_longer() {
  for (auto& [id, connection] : connections_) {
    for (auto& each : connection.output) each.due = Clock::now();
    connection.for_ever.clear();
  }
}

void MockServer::send_to_all(const std::string& bytes, bool for_ever) {
  for (auto& [id, connection] : connections_) {
    if (connection.half_open) continue;
    connection.for_ever = for_ever ? bytes : "";
    if (!for_ever) say(connection, bytes);
  }
}

void MockServer::push_to_all(
    const std::function<std::string(const MockScript::Client&)>& bytes) {
  for (auto& [id, connection] : connections_) {
    if (connection.preface_seen) say(connection, bytes(connection.client));
  }
}

}  // namespace waypost::testing
