#include "client_sdk/runtime/broker_prober.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

#include "base/assert.h"
#include "base/options.h"

namespace waypost {
namespace client {

// Outlives the prober for as long as a check may answer.
class BrokerProber::Desk {
 public:
  Desk(base::Executor& executor, BrokerProber& prober)
      : executor_(&executor), prober_(&prober) {}

  // The prober ends; on its thread.
  void close() {
    const std::lock_guard lock(mutex_);
    executor_ = nullptr;
    prober_ = nullptr;
  }

  // Any thread. Under the lock, so that the executor lives.
  static void answer(const std::shared_ptr<Desk>& desk,
                     const BrokerRecord* broker, std::uint64_t id,
                     std::string why) {
    const std::lock_guard lock(desk->mutex_);
    if (desk->executor_ == nullptr) return;
    desk->executor_->post([desk, broker, id, why = std::move(why)] {
      // Written on this thread alone.
      if (desk->prober_ != nullptr) desk->prober_->finish(broker, id, why);
    });
  }

 private:
  std::mutex mutex_;
  base::Executor* executor_;  // guarded by mutex_
  BrokerProber* prober_;      // the loop's thread's
};

// What copies of a ProbeReply share.
class ProbeAnswer {
 public:
  using Tell = std::function<void(std::string why)>;
  explicit ProbeAnswer(Tell tell) : tell_(std::move(tell)) {}
  ~ProbeAnswer() { say("the check gave no answer"); }
  ProbeAnswer(const ProbeAnswer&) = delete;
  ProbeAnswer& operator=(const ProbeAnswer&) = delete;

  void say(std::string why) {
    if (!said_.exchange(true)) tell_(std::move(why));
  }

 private:
  const Tell tell_;
  std::atomic<bool> said_{false};
};

struct ProbeReplyMaker {
  static ProbeReply make(ProbeAnswer::Tell tell) {
    ProbeReply reply;
    reply.answer_ = std::make_shared<ProbeAnswer>(std::move(tell));
    return reply;
  }
};

BrokerProber::BrokerProber(base::Executor& executor,
                           transport::Network& network,
                           const BrokerProbing& settings, EventOutlet& outlet,
                           base::Random random, OnResult on_result)
    : executor_(executor),
      network_(network),
      settings_(settings),
      outlet_(outlet),
      on_result_(std::move(on_result)),
      schedule_(settings, random),
      desk_(std::make_shared<Desk>(executor, *this)) {}

BrokerProber::~BrokerProber() { desk_->close(); }

void BrokerProber::avoid(const BrokerRecord& broker, base::Instant from) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  if (settings_.kind == ProbeKind::kOff) return;
  schedule_.avoid(&broker, from, executor_.now());
  arm();
}

void BrokerProber::forget(const BrokerRecord& broker) {
  WAYPOST_ASSERT(executor_.in_executor_thread());
  if (settings_.kind == ProbeKind::kOff) return;
  schedule_.forget(&broker);
  running_.erase(&broker);
  arm();
}

void BrokerProber::arm() {
  const base::Instant next = schedule_.next_due();
  if (next == base::Instant::max()) {
    timer_.reset();
    return;
  }
  timer_ = executor_.run_after(next - executor_.now(), [this] { start_due(); });
}

void BrokerProber::start_due() {
  timer_.reset();
  const base::Instant now = executor_.now();
  for (const Broker* due : schedule_.start(now)) {
    const auto& broker = static_cast<const BrokerRecord&>(*due);
    Running& running = running_[&broker];
    running.id = ++last_id_;
    running.started = now;
    if (settings_.kind == ProbeKind::kTcp) {
      connect(broker, running);
    } else {
      check(broker, running);
    }
  }
  arm();
}

void BrokerProber::connect(const BrokerRecord& broker, Running& running) {
  running.connecting = network_.connect(
      {broker.host, broker.port}, settings_.timeout, {},
      [this, &broker, id = running.id](
          const base::Result<std::unique_ptr<transport::Connection>>&
              connected) {
        finish(&broker, id, connected ? "" : connected.error().message);
      });
}

void BrokerProber::check(const BrokerRecord& broker, Running& running) {
  running.timeout =
      executor_.run_after(settings_.timeout, [this, &broker, id = running.id] {
        finish(&broker, id,
               "no answer within " + base::format_duration(settings_.timeout));
      });
  ProbeReply reply = ProbeReplyMaker::make(
      [desk = desk_, &broker, id = running.id](std::string why) {
        Desk::answer(desk, &broker, id, std::move(why));
      });
  // The record ends with the client, the application's copy need not.
  auto task = [check = settings_.check, copy = Broker(broker),
               timeout = settings_.timeout, reply] {
    try {
      check(copy, timeout, reply);
    } catch (const std::exception& error) {
      reply.fails(std::string("the check threw: ") + error.what());
    } catch (...) {
      reply.fails("the check threw");
    }
  };
  if (const auto status = outlet_.run(std::move(task)); !status) {
    reply.fails(status.error().message);
  }
}

void BrokerProber::finish(const BrokerRecord* broker, std::uint64_t id,
                          const std::string& why) {
  const auto found = running_.find(broker);
  if (found == running_.end() || found->second.id != id) return;
  const Running running = std::move(found->second);
  running_.erase(found);
  const base::Instant now = executor_.now();
  schedule_.finished(broker, now);
  on_result_(*broker, {running.started, now - running.started, why});
  arm();
}

}  // namespace client

void ProbeReply::works() const {
  if (answer_) answer_->say("");
}

void ProbeReply::fails(std::string why) const {
  if (answer_) answer_->say(why.empty() ? "the check failed" : std::move(why));
}

}  // namespace waypost
