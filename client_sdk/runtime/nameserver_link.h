#ifndef WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINK_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINK_H_

// Questions to nameservers: for each call as many attempts as there are
// nameservers, each with a deadline such that every one of them gets its turn
// within the call's budget. Only the first one, if it is connected over a slow
// link, may take up to half of it. All questions change nothing, so one whose
// connection ended while it was under way may be asked again (SecondChance).
//
// Hedging. When the first attempt takes unusually long the same question goes
// to another nameserver. Whoever answers first in full answers; what the second
// one brings is held back until it has, or until the first one has failed. Then
// the first is not believed to be well merely because its question was
// cancelled: it is pinged.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client_sdk/core/hedge_policy.h"
#include "client_sdk/runtime/nameserver_lines.h"

namespace waypost::client {

// Takes the answer to a call. Must not destroy the link.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  // What follows comes from this nameserver; parts that an earlier one brought
  // may come again.
  virtual void on_attempt(const std::string& nameserver) = 0;
  // One frame. An error ends the attempt, and the next nameserver is asked.
  virtual base::Status on_part(const rpc::AnswerPart& part) = 0;
  // The call is over: the nameserver that answered, or what each of them did.
  // Always the last event, never inside the link's call().
  virtual void on_done(const base::Result<std::string>& nameserver) = 0;
};

// Loop thread only. Destroying it ends everything without callbacks.
class NameserverLink {
 public:
  using CallId = std::uint64_t;

  // `observer` may be null. All references must outlive the link.
  NameserverLink(base::Executor& executor, transport::Network& network,
                 NameserverLinkOptions options, base::Random random,
                 NameserverLinkObserver* observer, base::Logger logger);
  ~NameserverLink();
  NameserverLink(const NameserverLink&) = delete;
  NameserverLink& operator=(const NameserverLink&) = delete;

  // Asks until one nameserver answers, all have failed, or `budget` is over. As
  // long as no nameserver is known it waits for the list. `sink` must outlive
  // the call.
  CallId call(codec::FrameKind kind, std::string payload, base::Duration budget,
              AnswerSink& sink);
  // Asks the current nameserver and nobody else, if it is connected; else the
  // call fails, not inside this.
  CallId call_here(codec::FrameKind kind, std::string payload,
                   base::Duration budget, AnswerSink& sink);
  // No more events for its sink. Unknown ids are ignored.
  void cancel(CallId call);
  // The same; whoever is being asked is pinged, because it may hang, and the
  // answer that would show it is not waited for any more.
  void withdraw(CallId call);

  // How a call stands, for errors of who gives it up: "10.0.0.1:9876: ...;
  // 10.0.0.2:9876: no answer yet". Of unknown ids "".
  std::string progress(CallId call) const;

  // The list from now on; one that is not in it any more is left at once. `why`
  // says why there is none, if so: for the errors of calls.
  void set_nameservers(const std::vector<Nameserver>& nameservers,
                       std::string why_empty = {});

  // The current nameserver sent nonsense: it is left.
  void distrust(const std::string& why);

  // The current nameserver; "" while none is known.
  const std::string& current() const { return lines_.current_name(); }
  bool connected() const { return lines_.connected(); }
  std::uint64_t switches() const { return lines_.switches(); }
  // Questions asked, and asked twice.
  std::uint64_t calls() const { return asked_; }
  std::uint64_t hedges() const { return hedges_; }

 private:
  struct Attempt;
  struct Call;
  using CallPtr = std::shared_ptr<Call>;

  CallPtr add_call(codec::FrameKind kind, std::string payload,
                   base::Duration budget, AnswerSink& sink);
  void fail_later(const CallPtr& call);

  // Attempts.
  void attempt(const CallPtr& call);
  void start(const CallPtr& call, Attempt& attempt, NameserverLine& line,
             base::Duration deadline);
  void on_answer(const CallPtr& call, Attempt& attempt,
                 base::Result<rpc::AnswerPart> result);
  void on_attempt_failed(const CallPtr& call, Attempt& attempt,
                         const base::Error& error);
  void judge_line(NameserverLine& line, bool stood, const base::Error& error);
  base::Status tell(Call& call, Attempt& attempt, const rpc::AnswerPart& part);
  void succeed(const CallPtr& call, Attempt& attempt);
  void finish(const CallPtr& call, const base::Result<std::string>& result);
  base::Error give_up(const Call& call) const;

  // Hedges.
  void arm_hedge(const CallPtr& call, base::Duration deadline);
  void hedge(const CallPtr& call);
  base::Status replay(Call& call);
  void drop(Attempt& attempt);

  base::Executor& executor_;
  const NameserverLinkOptions options_;
  const base::Logger logger_;
  NameserverLines lines_;
  HedgePolicy hedging_;
  std::string why_empty_ = "no nameserver is known";
  CallId last_call_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t hedges_ = 0;
  std::map<CallId, CallPtr> calls_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_NAMESERVER_LINK_H_
