#include "benchmarks/driver/registration_fleet.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "benchmarks/driver/prepared_table.h"
#include "benchmarks/driver/remoting_requests.h"
#include "wire/codec/remoting/big_endian.h"

namespace waypost::bench {
namespace {

constexpr base::Duration kConnectDeadline = std::chrono::seconds(20);
constexpr std::int64_t kTickNs = 100'000'000;
const std::string kTopicPrefix = "burst-topic-";

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

base::Status system_failure(const char* what) {
  return base::fail(base::ErrorCode::kUnavailable,
                    std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

struct RegistrationFleet::Broker {
  std::unique_ptr<BlockingSocket> socket;
  remoting::Command command;
  std::string head;      // of the request being sent: all but the body
  std::size_t sent = 0;  // of head and body
  bool busy = false;     // not answered yet
  std::int64_t due_ns = 0;
  std::string answer;
};

std::string fleet_topic(std::size_t number) {
  return numbered(kTopicPrefix, number);
}

base::Result<std::unique_ptr<RegistrationFleet>> RegistrationFleet::connect(
    const base::Endpoint& target, const FleetSpec& spec) {
  std::unique_ptr<RegistrationFleet> fleet(new RegistrationFleet(
      spec, registration_body(kTopicPrefix, spec.topics)));
  fleet->poller_ = epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < spec.brokers; ++i) {
    auto socket = BlockingSocket::connect(target, kConnectDeadline);
    if (!socket) return tl::unexpected(socket.error());
    const int fd = (*socket)->fd();
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    auto broker = std::make_unique<Broker>();
    broker->socket = std::move(*socket);
    broker->command =
        registration_command(remoting::Serialization::kJson,
                             numbered("burst-broker-", i), i, fleet->body_);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u64 = i;
    epoll_ctl(fleet->poller_, EPOLL_CTL_ADD, fd, &event);
    fleet->brokers_.push_back(std::move(broker));
  }
  return fleet;
}

RegistrationFleet::RegistrationFleet(const FleetSpec& spec, std::string body)
    : spec_(spec), body_(std::move(body)) {}

RegistrationFleet::~RegistrationFleet() {
  if (poller_ >= 0) close(poller_);
}

Histogram RegistrationFleet::take_latency() {
  return std::exchange(latency_ns_, Histogram());
}

void RegistrationFleet::begin(Broker& broker, std::int64_t due_ns) {
  ++begun_;
  if (vary_) broker.command.set_ext_field("attempt", std::to_string(begun_));
  broker.head = remoting::encode_frame(broker.command);
  // The body is sent from where it is.
  remoting::store_u32(
      broker.head.data(),
      static_cast<std::uint32_t>(broker.head.size() - 4 + body_.size()));
  broker.sent = 0;
  broker.busy = true;
  broker.due_ns = due_ns;
  ++unanswered_;
}

base::Status RegistrationFleet::serve(Broker& broker) {
  const base::Status sent = send_some(broker);
  if (!sent) return sent;
  return receive_some(broker);
}

base::Status RegistrationFleet::send_some(Broker& broker) {
  while (broker.busy && broker.sent < broker.head.size() + body_.size()) {
    const auto rest = [&broker](const std::string& part, std::size_t before) {
      const std::size_t done = std::clamp<std::size_t>(
          broker.sent < before ? 0 : broker.sent - before, 0, part.size());
      return iovec{const_cast<char*>(part.data()) + done, part.size() - done};
    };
    std::array<iovec, 2> parts = {rest(broker.head, 0),
                                  rest(body_, broker.head.size())};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t count = sendmsg(broker.socket->fd(), &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return {};
    if (count < 0) return system_failure("send a registration");
    broker.sent += static_cast<std::size_t>(count);
  }
  return {};
}

base::Status RegistrationFleet::receive_some(Broker& broker) {
  std::array<char, 4096> scratch;
  while (true) {
    const ssize_t count =
        recv(broker.socket->fd(), scratch.data(), scratch.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return {};
    if (count < 0) return system_failure("receive a registration's answer");
    if (count == 0) {
      return base::fail(base::ErrorCode::kUnavailable,
                        "the server closed a broker's connection");
    }
    broker.answer.append(scratch.data(), static_cast<std::size_t>(count));
    const remoting::FrameScan scan =
        remoting::scan_frame(std::as_bytes(std::span(broker.answer)),
                             remoting::kFrameMaxBytesDefault);
    if (scan.outcome == remoting::FrameScan::Outcome::kNeedMore) continue;
    const auto response = remoting::decode_header(scan.frame);
    if (!response) return tl::unexpected(response.error());
    if (response->code != remoting::response_code::kSuccess) {
      return base::fail(base::ErrorCode::kConflict,
                        "a registration is refused: " +
                            response->remark.value_or("without a remark"));
    }
    broker.answer.erase(0, scan.frame_bytes);
    broker.busy = false;
    --unanswered_;
    latency_ns_.record(static_cast<std::uint64_t>(now_ns() - broker.due_ns));
  }
}

base::Status RegistrationFleet::work(std::int64_t until_ns,
                                     bool stop_when_idle) {
  std::array<epoll_event, 64> events;
  for (std::int64_t now = now_ns(); now < until_ns; now = now_ns()) {
    if (stop_when_idle && unanswered_ == 0) return {};
    const std::int64_t wait = std::min(until_ns - now, kTickNs);
    const timespec timeout{0, wait};
    const int count =
        epoll_pwait2(poller_, events.data(), static_cast<int>(events.size()),
                     &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      const auto index = events[static_cast<std::size_t>(i)].data.u64;
      const base::Status served = serve(*brokers_[index]);
      if (!served) return served;
    }
  }
  return {};
}

base::Status RegistrationFleet::register_all(base::Duration deadline) {
  vary_ = false;
  const std::int64_t start = now_ns();
  for (const auto& broker : brokers_) begin(*broker, start);
  for (const auto& broker : brokers_) {
    const base::Status sent = send_some(*broker);
    if (!sent) return sent;
  }
  const base::Status done = work(start + deadline.count(), true);
  if (done && unanswered_ > 0) {
    return base::fail(base::ErrorCode::kTimedOut,
                      std::to_string(unanswered_) + " of " +
                          std::to_string(brokers_.size()) +
                          " registrations are not answered");
  }
  return done;
}

base::Status RegistrationFleet::register_steadily(base::Duration interval,
                                                  base::Duration duration,
                                                  bool vary) {
  vary_ = vary;
  const std::int64_t start = now_ns();
  const std::int64_t end = start + duration.count();
  const auto step = interval.count() / static_cast<std::int64_t>(spec_.brokers);
  for (std::int64_t i = 0; start + i * step < end; ++i) {
    const std::int64_t due = start + i * step;
    base::Status done = work(due, false);
    if (!done) return done;
    Broker& broker = *brokers_[static_cast<std::size_t>(i) % brokers_.size()];
    if (broker.busy) {
      return base::fail(base::ErrorCode::kTimedOut,
                        "a registration is not answered within the interval");
    }
    begin(broker, due);
    done = send_some(broker);
    if (!done) return done;
  }
  return work(end + kConnectDeadline.count(), true);
}

}  // namespace waypost::bench
