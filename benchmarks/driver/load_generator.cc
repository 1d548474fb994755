#include "benchmarks/driver/load_generator.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "benchmarks/driver/cpu_time.h"
#include "benchmarks/driver/load_connection.h"
#include "process/prompt_thread.h"

namespace waypost::bench {
namespace {

constexpr std::size_t kScratchBytes = 256 * 1024;
constexpr std::int64_t kTickNs = 50'000'000;  // looks for stuck answers

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Epoll with a timeout in nanoseconds: an open loop of 100 000 requests a
// second has 10 us between two.
class Poller {
 public:
  Poller() : fd_(epoll_create1(EPOLL_CLOEXEC)) {}
  ~Poller() { close(fd_); }
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void watch(int operation, int fd, std::size_t index, bool also_write) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (also_write) event.events |= EPOLLOUT;
    event.data.u64 = index;
    epoll_ctl(fd_, operation, fd, &event);
  }

  // The connections that have something, until the next call.
  std::span<const epoll_event> wait(std::int64_t timeout_ns) {
    const std::int64_t bounded = std::max<std::int64_t>(0, timeout_ns);
    const timespec timeout{bounded / 1'000'000'000, bounded % 1'000'000'000};
    const int count =
        epoll_pwait2(fd_, events_.data(), static_cast<int>(events_.size()),
                     &timeout, nullptr);
    return std::span(events_).first(
        count < 0 ? 0 : static_cast<std::size_t>(count));
  }

 private:
  const int fd_;
  std::vector<epoll_event> events_{1024};
};

class Generator {
 public:
  explicit Generator(const LoadPlan& plan)
      : plan_(plan), scratch_(kScratchBytes) {}

  base::Result<LoadResult> run() {
    // The kernel may delay a sleeper's wake-up by 50 us unless told otherwise.
    prctl(PR_SET_TIMERSLACK, 1UL);
    process::make_thread_prompt();
    base::Status status = open_connections();
    if (status) status = load();
    if (status) status = drain();
    if (!status) return tl::unexpected(status.error());
    return std::move(result_);
  }

 private:
  base::Status open_connections();
  base::Status load();
  base::Status drain();
  void begin_measuring();
  void end_measuring();

  // One turn of the loop: wait, read, write.
  base::Status turn(std::int64_t wake_ns);
  base::Status serve(const epoll_event& event);
  void note(const FinishedAnswer& answer, std::int64_t arrived_ns);
  void issue_due(std::int64_t now);
  base::Status flush(std::size_t index);
  base::Status check_progress(std::int64_t now);

  bool open_loop() const { return plan_.rate > 0; }
  std::int64_t due_ns(std::uint64_t request) const {
    return start_ns_ + static_cast<std::int64_t>(static_cast<double>(request) *
                                                 1e9 / plan_.rate);
  }

  const LoadPlan& plan_;
  LoadResult result_;
  Poller poller_;
  std::vector<std::unique_ptr<LoadConnection>> connections_;
  std::vector<bool> watching_writes_;
  std::vector<std::int64_t> progress_ns_;  // of each connection, the last
  std::deque<std::size_t> free_slots_;     // a connection's index for each
  std::vector<std::size_t> touched_;       // have output to flush
  std::vector<char> scratch_;
  std::vector<FinishedAnswer> finished_;

  bool issuing_ = false;
  std::uint64_t issued_ = 0;
  std::int64_t start_ns_ = 0;
  std::int64_t begin_ns_ = 0;  // of the counted stretch
  std::int64_t end_ns_ = 0;
  std::int64_t next_check_ns_ = 0;
  base::Duration cpu_at_begin_{0};
};

base::Status Generator::open_connections() {
  for (const ConnectionScript& script : plan_.connections) {
    auto connection =
        LoadConnection::connect(plan_.target, script, plan_.depth);
    if (!connection) return tl::unexpected(connection.error());
    const std::size_t index = connections_.size();
    poller_.watch(EPOLL_CTL_ADD, (*connection)->fd(), index, false);
    connections_.push_back(std::move(*connection));
    watching_writes_.push_back(false);
    progress_ns_.push_back(now_ns());
    const base::Status sent = flush(index);
    if (!sent) return sent;
  }
  const std::int64_t deadline = now_ns() + plan_.answer_timeout.count();
  const auto opened = [](const auto& each) { return each->opened(); };
  while (!std::all_of(connections_.begin(), connections_.end(), opened)) {
    if (now_ns() > deadline) {
      return base::fail(base::ErrorCode::kTimedOut,
                        "the server does not answer the hello");
    }
    const base::Status turned = turn(now_ns() + kTickNs);
    if (!turned) return turned;
  }
  return {};
}

base::Status Generator::load() {
  for (std::size_t round = 0; round < plan_.depth; ++round) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      free_slots_.push_back(i);
    }
  }
  issuing_ = true;
  start_ns_ = now_ns();
  begin_ns_ = start_ns_ + plan_.warm_up.count();
  end_ns_ = begin_ns_ + plan_.duration.count();
  bool measuring = false;
  for (std::int64_t now = start_ns_; now < end_ns_; now = now_ns()) {
    if (!measuring && now >= begin_ns_) {
      measuring = true;
      begin_measuring();
    }
    issue_due(now);
    for (const std::size_t index : std::exchange(touched_, {})) {
      const base::Status sent = flush(index);
      if (!sent) return sent;
    }
    if (measuring && plan_.stop != nullptr && *plan_.stop) break;
    std::int64_t wake =
        std::min(measuring ? end_ns_ : begin_ns_, now + kTickNs);
    if (open_loop() && !free_slots_.empty()) {
      wake = std::min(wake, due_ns(issued_));
    }
    const base::Status turned = turn(wake);
    if (!turned) return turned;
  }
  end_measuring();
  return {};
}

void Generator::begin_measuring() {
  if (plan_.on_measure_begin) plan_.on_measure_begin();
  cpu_at_begin_ = thread_cpu_time();
  // Sampling the server took a moment: the stretch begins after it.
  const std::int64_t now = now_ns();
  end_ns_ += now - begin_ns_;
  begin_ns_ = now;
}

void Generator::end_measuring() {
  issuing_ = false;
  const base::Duration cpu = thread_cpu_time() - cpu_at_begin_;
  end_ns_ = now_ns();
  if (plan_.on_measure_end) plan_.on_measure_end();
  result_.measured = base::Duration(end_ns_ - begin_ns_);
  result_.generator_cpu = static_cast<double>(cpu.count()) /
                          static_cast<double>(result_.measured.count());
  if (!open_loop()) return;
  // What was due and could not be sent has waited at least until now; leaving
  // it out would be the omission that the fixed rate is there to avoid.
  for (std::uint64_t i = issued_; due_ns(i) < end_ns_; ++i) {
    if (due_ns(i) < begin_ns_) continue;
    ++result_.overdue;
    result_.latency_ns.record(static_cast<std::uint64_t>(end_ns_ - due_ns(i)));
  }
}

// Answers to requests of the stretch count for latency also when they come
// after it.
base::Status Generator::drain() {
  const auto idle = [](const auto& each) { return each->in_flight() == 0; };
  while (!std::all_of(connections_.begin(), connections_.end(), idle)) {
    const base::Status turned = turn(now_ns() + kTickNs);
    if (!turned) return turned;
  }
  return {};
}

base::Status Generator::turn(std::int64_t wake_ns) {
  for (const epoll_event& event : poller_.wait(wake_ns - now_ns())) {
    const base::Status served = serve(event);
    if (!served) {
      return tl::unexpected(served.error().with_context(
          "connection " + std::to_string(event.data.u64)));
    }
  }
  return check_progress(now_ns());
}

base::Status Generator::serve(const epoll_event& event) {
  const auto index = static_cast<std::size_t>(event.data.u64);
  LoadConnection& connection = *connections_[index];
  if ((event.events & EPOLLOUT) != 0) {
    const base::Status sent = flush(index);
    if (!sent) return sent;
  }
  if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return {};
  finished_.clear();
  const base::Status read = connection.read(scratch_, finished_);
  if (!read) return read;
  const std::int64_t now = now_ns();
  progress_ns_[index] = now;
  if (finished_.empty()) return {};
  for (const FinishedAnswer& answer : finished_) note(answer, now);
  if (open_loop()) {
    free_slots_.insert(free_slots_.end(), finished_.size(), index);
    return {};
  }
  if (!issuing_) return {};
  for (std::size_t i = 0; i < finished_.size(); ++i) connection.enqueue(now);
  return flush(index);
}

void Generator::note(const FinishedAnswer& answer, std::int64_t arrived_ns) {
  if (begin_ns_ == 0) return;
  if (answer.intended_ns >= begin_ns_ && answer.intended_ns < end_ns_) {
    result_.latency_ns.record(
        static_cast<std::uint64_t>(arrived_ns - answer.intended_ns));
  }
  if (!issuing_ || arrived_ns < begin_ns_) return;
  ++result_.answers;
  result_.answer_bytes += answer.bytes;
  if (answer.error) ++result_.error_answers;
}

// Closed loop: fills the connections at the start; then serve() goes on.
void Generator::issue_due(std::int64_t now) {
  while (!free_slots_.empty() && (!open_loop() || due_ns(issued_) <= now)) {
    const std::size_t index = free_slots_.front();
    free_slots_.pop_front();
    connections_[index]->enqueue(open_loop() ? due_ns(issued_) : now);
    ++issued_;
    touched_.push_back(index);
  }
}

base::Status Generator::flush(std::size_t index) {
  LoadConnection& connection = *connections_[index];
  const base::Status sent = connection.flush();
  if (!sent) return sent;
  if (connection.wants_write() != watching_writes_[index]) {
    watching_writes_[index] = connection.wants_write();
    poller_.watch(EPOLL_CTL_MOD, connection.fd(), index,
                  connection.wants_write());
  }
  return {};
}

base::Status Generator::check_progress(std::int64_t now) {
  if (now < next_check_ns_) return {};
  next_check_ns_ = now + kTickNs;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (connections_[i]->in_flight() == 0) {
      progress_ns_[i] = now;
    } else if (now - progress_ns_[i] > plan_.answer_timeout.count()) {
      return base::fail(base::ErrorCode::kTimedOut,
                        "connection " + std::to_string(i) +
                            ": no answer within the answer timeout");
    }
  }
  return {};
}

}  // namespace

double LoadResult::answers_per_second() const {
  const auto seconds = std::chrono::duration<double>(measured).count();
  return seconds <= 0 ? 0 : static_cast<double>(answers) / seconds;
}

base::Result<LoadResult> generate_load(const LoadPlan& plan) {
  return Generator(plan).run();
}

}  // namespace waypost::bench
