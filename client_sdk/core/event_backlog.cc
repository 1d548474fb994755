#include "client_sdk/core/event_backlog.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

namespace waypost::client {
namespace {

using Names = std::vector<std::string>;

std::string subject_of(const Broker& broker) {
  // '\n' is in none of the names.
  return broker.cluster + "\n" + broker.name + "\n" +
         std::to_string(broker.id) + "\n" + broker.address;
}

struct SubjectOf {
  std::string operator()(const NameserverConnected&) const {
    return "connected";
  }
  std::string operator()(const NameserverSwitched&) const { return "switched"; }
  std::string operator()(const RefreshFailed&) const { return "failed"; }
  std::string operator()(const RouteChanged& event) const {
    return "route " + event.route.topic;
  }
  std::string operator()(const BrokerAvoided& event) const {
    return "avoided " + subject_of(event.broker);
  }
  std::string operator()(const BrokerNoLongerAvoided& event) const {
    return "avoided " + subject_of(event.broker);
  }
  std::string operator()(const NameserversChanged&) const {
    return "nameservers";
  }
  std::string operator()(const BrokerJoined& event) const {
    return "there " + subject_of(event.broker);
  }
  std::string operator()(const BrokerLeft& event) const {
    return "there " + subject_of(event.broker);
  }
  std::string operator()(const BrokerHealthChanged& event) const {
    return "health " + subject_of(event.broker);
  }
  std::string operator()(const MasterChanged& event) const {
    return "master " + event.cluster + "\n" + event.group;
  }
  std::string operator()(const BrokerProbed& event) const {
    return "probed " + subject_of(event.broker);
  }
  std::string operator()(const ClientCreated&) const { return ""; }
  std::string operator()(const ClientClosing&) const { return ""; }
  std::string operator()(const ClientClosed&) const { return ""; }
  std::string operator()(const EventsLost&) const { return ""; }
};

// `first` without what `then` names, and the rest of the other way round: what
// came and then went again is no change.
Names net(const Names& first, const Names& undone, const Names& then,
          const Names& undone_before) {
  const auto has = [](const Names& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  Names result;
  for (const auto& each : first) {
    if (!has(undone, each)) result.push_back(each);
  }
  for (const auto& each : then) {
    if (!has(undone_before, each)) result.push_back(each);
  }
  std::sort(result.begin(), result.end());
  return result;
}

void merge_what(const RouteChanged& older, RouteChanged& newer) {
  Names added = net(older.added, newer.removed, newer.added, older.removed);
  newer.removed = net(older.removed, newer.added, newer.removed, older.added);
  newer.added = std::move(added);
}

void merge_what(const NameserverSwitched& older, NameserverSwitched& newer) {
  newer.from = older.from;
}

void merge_what(const MasterChanged& older, MasterChanged& newer) {
  newer.from = older.from;
}

void merge_what(const BrokerHealthChanged& older, BrokerHealthChanged& newer) {
  newer.from = older.from;
}

// The newest says it all.
template <typename Older, typename Newer>
void merge_what(const Older&, Newer&) {}

}  // namespace

std::string event_subject(const Event& event) {
  return std::visit(SubjectOf{}, event.what);
}

Event merge_events(Event older, Event newer) {
  std::visit([](const auto& was, auto& is) { merge_what(was, is); }, older.what,
             newer.what);
  return newer;
}

void EventBacklog::push(Event event) {
  std::string subject = event_subject(event);
  if (events_.size() >= max_) {
    if (merge(subject, event)) return;
    lose_oldest();
  }
  if (!subject.empty()) newest_[std::move(subject)] = first_ + events_.size();
  events_.push_back(std::move(event));
}

bool EventBacklog::merge(const std::string& subject, Event& event) {
  const auto waiting = newest_.find(subject);
  if (waiting == newest_.end()) return false;
  Event& older = events_[waiting->second - first_];
  older = merge_events(std::move(older), std::move(event));
  ++merged_;
  return true;
}

void EventBacklog::lose_oldest() {
  const Event oldest = take_front();
  if (!lost_now_) {
    lost_now_ = Event{oldest.time, oldest.wall_time, EventsLost{}};
  }
  ++std::get<EventsLost>(lost_now_->what).count;
  ++lost_;
}

Event EventBacklog::take_front() {
  const auto newest = newest_.find(event_subject(events_.front()));
  if (newest != newest_.end() && newest->second == first_) {
    newest_.erase(newest);
  }
  Event event = std::move(events_.front());
  events_.pop_front();
  ++first_;
  return event;
}

std::optional<Event> EventBacklog::pop() {
  if (lost_now_) return std::exchange(lost_now_, std::nullopt);
  if (events_.empty()) return std::nullopt;
  return take_front();
}

void EventBacklog::clear() {
  events_.clear();
  newest_.clear();
  lost_now_.reset();
}

}  // namespace waypost::client
