#ifndef WAYPOST_CLIENT_SDK_RUNTIME_ASYNC_SEND_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_ASYNC_SEND_H_

// A send whose attempts answer later. The course of it belongs to the loop's
// thread; attempts run where the application's handlers run, and may end on any
// thread.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/executor.h"
#include "client_sdk/runtime/send_course.h"
#include "waypost/send.hpp"

namespace waypost::client {

// What the copies of a PendingAttempt share. Any thread.
class AttemptState {
 public:
  using Ended =
      std::function<void(AttemptResult result, base::Duration latency)>;

  // `ended` is called once, on whatever thread, unless give_up() was first.
  AttemptState(const base::Clock& clock, Ended ended)
      : clock_(clock), ended_(std::move(ended)) {}
  ~AttemptState() {
    complete(AttemptResult::failed("the transport dropped the attempt"));
  }
  AttemptState(const AttemptState&) = delete;
  AttemptState& operator=(const AttemptState&) = delete;

  static PendingAttempt handle(std::shared_ptr<AttemptState> state) {
    return PendingAttempt(std::move(state));
  }

  // The attempt begins. False: too late, it is over.
  bool begin();
  bool begun() const { return begun_.load() != 0; }
  base::Instant begun_at() const {
    return base::Instant(base::Duration(begun_.load()));
  }

  void complete(AttemptResult result);
  // Nobody waits for it any more.
  void give_up() { over_.store(true); }
  bool over() const { return over_.load(); }

 private:
  const base::Clock& clock_;
  std::atomic<base::Duration::rep> begun_{0};
  std::atomic<bool> over_{false};
  const Ended ended_;
};

// Where an asynchronous send takes place.
class AsyncSendHost {
 public:
  // Takes tasks from any thread, at any time, to be run on the loop's thread;
  // drops them when there is nothing left to be done there.
  using Post = std::function<void(std::function<void()>)>;

  virtual ~AsyncSendHost() = default;
  virtual base::Executor& executor() = 0;
  // Must outlive whatever the application keeps.
  virtual const base::Clock& steady_clock() const = 0;
  virtual Post poster() = 0;
  // Calls `done` on the loop's thread when the topic's route is known, or when
  // it is known why it is not. Not inside this call.
  virtual void when_route_known(const std::string& topic,
                                std::function<void(Status)> done) = 0;
  // Runs what the application brought, where it wants it to run.
  virtual void run_for_application(std::function<void()> task) = 0;
};

// Loop thread only; kept by whoever may end it, and by what it waits for.
class AsyncSend : public std::enable_shared_from_this<AsyncSend> {
 public:
  // Told once, unless end() came first.
  using Over = std::function<void(Status)>;

  // `options` without zeros; its key is copied.
  AsyncSend(SendEnvironment& environment, AsyncSendHost& host,
            std::string topic, std::shared_ptr<const AsyncAttempt> attempt,
            SendOptions options);

  void start(Over over);
  // Ends it: nothing is tried any more, and what is under way is given up.
  SendResult end(Status status);

 private:
  void next();
  void try_pick(const Pick& pick);
  void on_ended(std::uint64_t number, AttemptResult result,
                base::Duration latency);
  void end_attempt(const std::string& why, bool late);
  void tell(Status status);

  AsyncSendHost& host_;
  const std::string key_;
  const std::shared_ptr<const AsyncAttempt> attempt_;
  SendCourse course_;
  Over over_;
  bool waited_ = false;       // for the route
  std::uint64_t number_ = 0;  // of the last attempt
  // Of the attempt under way; no timer when there is none.
  std::weak_ptr<AttemptState> under_way_;
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_ASYNC_SEND_H_
