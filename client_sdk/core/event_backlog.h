#ifndef WAYPOST_CLIENT_SDK_CORE_EVENT_BACKLOG_H_
#define WAYPOST_CLIENT_SDK_CORE_EVENT_BACKLOG_H_

// Events that wait for an application that may never take them. The intuition:
// most events tell a state (a topic's route, whether a broker is avoided), and
// whoever is late wants the newest. So a full backlog merges a new event into
// the waiting one of the same subject, in its place. Rejected: merging always,
// which would hide from a quick application what happened in between; and
// dropping the new event, after which nobody would ever learn the state.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "waypost/events.hpp"

namespace waypost::client {

// What an event tells the state of: two of equal subjects can be merged. Empty:
// of nothing, it stands for itself.
std::string event_subject(const Event& event);

// One event that tells what `older` and `newer`, of one subject, told together:
// the state of the newer one, and changes since before the older one.
Event merge_events(Event older, Event newer);

// A value; at most `max` events, and one more that says how many were lost.
class EventBacklog {
 public:
  explicit EventBacklog(std::size_t max) : max_(max) {}

  void push(Event event);
  // The oldest.
  std::optional<Event> pop();
  void clear();

  bool empty() const { return events_.empty() && !lost_now_; }
  std::size_t size() const { return events_.size() + (lost_now_ ? 1 : 0); }

  // Since the beginning.
  std::uint64_t merged() const { return merged_; }
  std::uint64_t lost() const { return lost_; }

 private:
  bool merge(const std::string& subject, Event& event);
  void lose_oldest();
  Event take_front();

  const std::size_t max_;
  std::deque<Event> events_;
  std::uint64_t first_ =
      0;  // number of events_.front(), counted from the start
  // The newest waiting event of each subject, by number.
  std::unordered_map<std::string, std::uint64_t> newest_;
  std::optional<Event> lost_now_;  // an EventsLost, in front of all
  std::uint64_t merged_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_EVENT_BACKLOG_H_
