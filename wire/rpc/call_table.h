#ifndef WAYPOST_WIRE_RPC_CALL_TABLE_H_
#define WAYPOST_WIRE_RPC_CALL_TABLE_H_

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "wire/rpc/channel.h"

namespace waypost::rpc {

// A call that has not had its last answer.
struct PendingCall {
  codec::FrameKind kind = codec::FrameKind::kError;
  std::string unsent;  // the payload, until it is sent
  base::Duration budget{0};
  base::Instant deadline;
  AnswerCallback on_answer;
  // Set when the call is to fail as soon as its callback may be called.
  std::optional<base::Error> failure;
};

// A channel's pending calls: by id, which is the order of calling, and by
// deadline. A plain value that calls nobody. Ids are never used twice, so that
// an answer which comes late, even over a later connection, finds no call.
class CallTable {
 public:
  // An id that no call has; for requests of the channel itself.
  CallId reserve_id() { return ++last_id_; }

  CallId add(PendingCall call);

  // Null when there is no such call (any more).
  PendingCall* find(CallId id);

  std::optional<PendingCall> take(CallId id);

  std::optional<base::Instant> next_deadline() const;

  // Removes the call whose deadline passed first, if one has.
  std::optional<PendingCall> take_expired(base::Instant now);

  // Marks one call or all calls for take_failing. The first error stays.
  void fail(CallId id, const base::Error& error);
  void fail_all(const base::Error& error);
  std::optional<PendingCall> take_failing();

  template <typename Visit>
  void for_each(const Visit& visit) {
    for (auto& [id, call] : calls_) visit(id, call);
  }

  std::size_t size() const { return calls_.size(); }
  void clear();

 private:
  CallId last_id_ = 0;
  std::map<CallId, PendingCall> calls_;
  std::set<std::pair<base::Instant, CallId>> deadlines_;
  std::deque<CallId> failing_;  // may name calls that are gone
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_CALL_TABLE_H_
