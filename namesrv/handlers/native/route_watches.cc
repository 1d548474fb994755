#include "namesrv/handlers/native/route_watches.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "wire/codec/frame.h"

namespace waypost::handlers {

RouteWatches::RouteWatches(WatchSettings settings, Shell shell)
    : settings_(settings),
      shell_(std::move(shell)),
      self_(std::make_shared<RouteWatches*>(this)) {}

RouteWatches::~RouteWatches() {
  *self_ = nullptr;
  if (subscriber_ != 0) shell_.feed->unsubscribe(subscriber_);
}

// --- Who watches ---

bool RouteWatches::watch(std::uint64_t session, std::string_view topic,
                         const model::Digest& told) {
  auto& its = sessions_[session];
  if (!its) {
    its = std::make_unique<Session>();
    its->id = session;
  }
  const auto found = topics_.find(topic);
  const bool known = found != topics_.end();
  if (known) note_told(topic, told);
  if (known && its->places.contains(found->second.get())) return true;
  if (count_ >= settings_.of_loop_max ||
      its->places.size() >= settings_.of_session_max) {
    return false;
  }
  subscribe();
  Topic* watched = known ? found->second.get() : nullptr;
  if (watched == nullptr) {
    auto made = std::make_unique<Topic>();
    watched = made.get();
    watched->name = std::string(topic);
    watched->hash = model::hash_bytes(topic);
    watched->told = told;
    topics_.emplace(watched->name, std::move(made));
    by_hash_.emplace(watched->hash, watched);
    note_groups(*watched, shell_.table());
  }
  its->places.emplace(watched, watched->watchers.size());
  watched->watchers.push_back(its.get());
  ++count_;
  return true;
}

// The change that makes the difference is in the feed, and perhaps another one
// that takes it back.
void RouteWatches::note_told(std::string_view topic,
                             const model::Digest& told) {
  const auto found = topics_.find(topic);
  if (found != topics_.end() && found->second->told != told) {
    found->second->mixed = true;
  }
}

void RouteWatches::forget(std::uint64_t session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  const auto its = std::move(found->second);
  sessions_.erase(found);
  for (const auto& [topic, place] : its->places) {
    // The key is ours to change: it is the topic's own place in topics_.
    Topic& watched = *topics_.find(topic->name)->second;
    remove_watcher(watched, place);
    drop_if_unwatched(watched);
  }
  if (count_ > 0 || subscriber_ == 0) return;
  shell_.feed->unsubscribe(std::exchange(subscriber_, 0));
}

// Takes the last ones' places so that those before `next` stay the told ones.
void RouteWatches::remove_watcher(Topic& topic, std::size_t place) {
  const auto move = [&topic](std::size_t from, std::size_t to) {
    if (from == to) return;
    topic.watchers[to] = topic.watchers[from];
    topic.watchers[to]->places[&topic] = to;
  };
  if (place < topic.next) {
    --topic.next;
    move(topic.next, place);
    place = topic.next;
  }
  move(topic.watchers.size() - 1, place);
  topic.watchers.pop_back();
  --count_;
}

void RouteWatches::drop_if_unwatched(Topic& topic) {
  if (!topic.watchers.empty()) return;
  drop_groups(topic);
  const auto [first, last] = by_hash_.equal_range(topic.hash);
  for (auto each = first; each != last; ++each) {
    if (each->second == &topic) {
      by_hash_.erase(each);
      break;
    }
  }
  unqueue(topic);
  const auto found = topics_.find(topic.name);
  WAYPOST_ASSERT(found != topics_.end());
  const TopicPtr dropped = std::move(found->second);  // its name is the key
  topics_.erase(found);
}

void RouteWatches::drop_groups(Topic& topic) {
  for (const auto slot : topic.groups) {
    const auto found = by_group_.find(slot);
    if (found == by_group_.end()) continue;
    found->second.erase(&topic);
    if (found->second.empty()) by_group_.erase(found);
  }
  topic.groups.clear();
}

void RouteWatches::note_groups(Topic& topic,
                               const registry::RouteTable& table) {
  std::vector<registry::GroupSlot> groups;
  if (const auto* entry = table.find_topic(topic.name, topic.hash)) {
    for (const auto& member : entry->members) groups.push_back(member.group);
  }
  if (groups == topic.groups) return;
  drop_groups(topic);
  for (const auto slot : groups) by_group_[slot].insert(&topic);
  topic.groups = std::move(groups);
}

// --- What changes ---

void RouteWatches::subscribe() {
  if (subscriber_ != 0) return;
  subscriber_ = shell_.feed->subscribe([self = self_, loop = shell_.loop] {
    loop->post([self] {
      if (*self != nullptr) (*self)->on_changes();
    });
  });
  // What changes between the table that the first watcher was told from and
  // this call is not in the feed.
  shell_.loop->post([self = self_] {
    if (*self != nullptr) (*self)->look_at_everything();
  });
}

// A wake may be late: of a subscription that was given up.
void RouteWatches::on_changes() {
  gather();
  look_at(std::exchange(gathered_, {}));
}

// Departures go to the topics that have the group now: the table may have
// forgotten it.
void RouteWatches::gather() {
  registry::RouteChanges changes = shell_.feed->take(subscriber_);
  for (auto& each : changes.take_departures()) {
    const Departed departed{++last_departed_, shell_.loop->now(),
                            std::move(each.departure)};
    const auto found = by_group_.find(each.slot);
    if (found != by_group_.end()) {
      for (Topic* topic : found->second) {
        topic->departed.push_back(departed);
        if (topic->departed.size() > settings_.departures_max) {
          topic->departed.pop_front();
        }
      }
    }
    departed_.push_back(departed);
    if (departed_.size() > settings_.departures_max) departed_.pop_front();
  }
  gathered_.add(std::move(changes));
}

void RouteWatches::forget_old_departures() {
  const base::Instant oldest = shell_.loop->now() - settings_.departures_kept;
  while (!departed_.empty() && departed_.front().at < oldest) {
    departed_.pop_front();
  }
}

std::vector<model::Departure> RouteWatches::take_departures(
    std::uint64_t session) {
  std::vector<model::Departure> told;
  if (subscriber_ == 0) return told;
  const auto found = sessions_.find(session);
  const std::uint64_t until =
      found == sessions_.end() ? 0 : found->second->departed_until;
  // What the table of this turn shows may not have been looked at.
  gather();
  forget_old_departures();
  for (const Departed& each : departed_) {
    if (each.number > until) told.push_back(each.departure);
  }
  if (found != sessions_.end()) {
    found->second->departed_until = last_departed_;
  }
  return told;
}

void RouteWatches::look_at_everything() {
  registry::RouteChanges everything;
  everything.add_everything();
  look_at(everything);
}

void RouteWatches::look_at(const registry::RouteChanges& changes) {
  // Everything is told when answering begins.
  if (!shell_.answers_routes()) return;
  const registry::RouteTable& table = shell_.newest_table();
  if (changes.everything || changes.topics.size() > topics_.size()) {
    for (auto& [name, topic] : topics_) renew(*topic, table);
    return;
  }
  std::unordered_set<Topic*> touched;
  for (const std::uint64_t hash : changes.topics) {
    const auto [first, last] = by_hash_.equal_range(hash);
    for (auto each = first; each != last; ++each) touched.insert(each->second);
  }
  for (const auto slot : changes.groups) {
    const auto found = by_group_.find(slot);
    if (found == by_group_.end()) continue;
    touched.insert(found->second.begin(), found->second.end());
  }
  for (Topic* topic : touched) renew(*topic, table);
}

// Makes the frame that is to be told, unless the route is what was told.
void RouteWatches::renew(Topic& topic, const registry::RouteTable& table) {
  note_groups(topic, table);
  const RouteCache::Entry* entry = shell_.frames->find(table, topic.name);
  const model::Digest now = entry == nullptr ? model::Digest{} : entry->digest;
  if (now == topic.told && !topic.mixed) {
    if (!topic.queued) topic.departed.clear();
    return;
  }
  topic.told = now;
  topic.mixed = false;
  topic.frame = frame_of(topic.name, entry);
  make_notice(topic);
  topic.next = 0;
  queue(topic);
}

void RouteWatches::make_notice(Topic& topic) {
  topic.notice.clear();
  if (topic.departed.empty()) return;
  std::vector<model::Departure> departures;
  std::string numbers;
  for (const Departed& each : topic.departed) {
    departures.push_back(each.departure);
    numbers += std::to_string(each.number) + ' ';
  }
  topic.notice_id = model::hash_bytes(numbers);
  topic.notice =
      codec::make_frame(codec::FrameKind::kWatchRoutes, codec::kFlagReply, 0,
                        shell_.notice(std::move(departures)));
}

// --- Telling ---

std::string RouteWatches::frame_of(const std::string& name,
                                   const RouteCache::Entry* entry) const {
  if (entry == nullptr) {
    return codec::make_frame(codec::FrameKind::kWatchRoutes, codec::kFlagReply,
                             0, shell_.denial(name));
  }
  std::string frame = entry->bytes;
  codec::patch_flags(frame.data(), codec::kFlagReply);
  codec::patch_correlation_id(frame.data(), 0);
  return frame;
}

void RouteWatches::queue(Topic& topic) {
  if (!topic.queued) topic.queued = queue_.insert(queue_.end(), &topic);
  tell_soon();
}

void RouteWatches::unqueue(Topic& topic) {
  if (!topic.queued) return;
  queue_.erase(*topic.queued);
  topic.queued.reset();
  topic.frame = {};
  topic.notice = {};
  topic.departed.clear();
}

void RouteWatches::tell_soon() {
  if (slice_timer_) return;
  slice_timer_ = shell_.loop->run_after(base::Duration::zero(), [this] {
    slice_timer_.reset();
    tell_slice();
  });
}

void RouteWatches::tell_slice() {
  if (!shell_.answers_routes()) return hold_back();
  std::size_t left = settings_.slice;
  while (!queue_.empty() && left > 0) {
    Topic& topic = *queue_.front();
    if (tell_next(topic)) {
      --left;
    } else {
      unqueue(topic);
    }
  }
  if (!queue_.empty()) tell_soon();
}

// What is not answered any more is not told either. When answering begins again
// all are looked at, and these are told whatever they are then.
void RouteWatches::hold_back() {
  while (!queue_.empty()) {
    queue_.front()->mixed = true;
    unqueue(*queue_.front());
  }
}

// False when all have been told.
bool RouteWatches::tell_next(Topic& topic) {
  if (topic.next >= topic.watchers.size()) return false;
  Session& its = *topic.watchers[topic.next++];
  rpc::ServerSession* session = shell_.find_session(its.id);
  if (session == nullptr) return true;
  if (!its.missed.empty() ||
      session->unsent_bytes() > settings_.unread_max_bytes) {
    miss(its, topic);
    return true;
  }
  if (!topic.notice.empty() && its.notice_id != topic.notice_id) {
    its.notice_id = topic.notice_id;
    session->write_frames(topic.notice);
  }
  session->write_frames(topic.frame);
  ++pushes_;
  return true;
}

// --- Slow readers ---

void RouteWatches::miss(Session& its, Topic& topic) {
  if (its.missed.empty()) {
    behind_.push_back(its.id);
    if (!behind_timer_) catch_up_after(settings_.behind_interval);
  }
  its.missed.insert(&topic);
}

void RouteWatches::catch_up_after(base::Duration delay) {
  behind_timer_ = shell_.loop->run_after(delay, [this] {
    behind_timer_.reset();
    catch_up();
  });
}

// A slice at a time, as everything.
void RouteWatches::catch_up() {
  std::size_t left = settings_.slice;
  for (const std::uint64_t id : std::exchange(behind_, {})) {
    const auto found = sessions_.find(id);
    rpc::ServerSession* session = shell_.find_session(id);
    if (found == sessions_.end() || session == nullptr) continue;
    if (shell_.answers_routes() &&
        session->unsent_bytes() <= settings_.unread_max_bytes / 2) {
      left -= catch_up(*found->second, *session, left);
    }
    if (!found->second->missed.empty()) behind_.push_back(id);
  }
  if (behind_.empty()) return;
  catch_up_after(left == 0 ? base::Duration::zero()
                           : settings_.behind_interval);
}

// Tells the newest of what was missed, as much as may wait to be read. How many
// that are.
std::size_t RouteWatches::catch_up(Session& its, rpc::ServerSession& session,
                                   std::size_t most) {
  std::size_t told = 0;
  if (auto departures = take_departures(its.id); !departures.empty()) {
    session.write_frames(
        codec::make_frame(codec::FrameKind::kWatchRoutes, codec::kFlagReply, 0,
                          shell_.notice(std::move(departures))));
  }
  while (told < most && !its.missed.empty() &&
         session.unsent_bytes() <= settings_.unread_max_bytes) {
    Topic& topic = **its.missed.begin();
    its.missed.erase(its.missed.begin());
    const auto* entry = shell_.frames->find(shell_.table(), topic.name);
    note_told(topic.name, entry == nullptr ? model::Digest{} : entry->digest);
    session.write_frames(frame_of(topic.name, entry));
    ++pushes_;
    ++told;
  }
  return told;
}

}  // namespace waypost::handlers
