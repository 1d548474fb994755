#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_WATCHES_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_WATCHES_H_

// Who wants to be told of which routes, on one I/O loop.
//
// A change of the table names topics and broker groups (RouteFeed). Here the
// topics that somebody watches are found by name and by group, so that a change
// costs its watchers and not all there are. A route that turns out to be the
// same (by digest) is told to nobody. What is to be told is told a slice at a
// time, so that a topic with a hundred thousand watchers does not keep the loop
// from its other work; who changes again meanwhile is told the newest only.
//
// All watchers of a topic have been told the same, so nothing is kept for each
// of them but that it watches. (One that asks while a change was on its way may
// know more than the others; then all are told.)
//
// With a changed route goes why brokers have left it, as far as the table tells
// and within bounds: a notice before the route, in which whoever watches a
// hundred topics of one broker finds it once.
//
// Who does not read what it is told is told no more until it has. Meanwhile
// only the names of what it misses are kept, so it costs the server no more
// than it watches; afterwards it is told the newest of each.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/executor.h"
#include "namesrv/handlers/native/route_frame_cache.h"
#include "namesrv/registry/route_changes.h"
#include "namesrv/registry/route_table.h"
#include "namesrv/service/route_feed.h"
#include "wire/model/ids.h"
#include "wire/rpc/session.h"

namespace waypost::handlers {

struct WatchSettings {
  std::size_t of_session_max = 100'000;
  std::size_t of_loop_max = 8'000'000;
  // Pushes of one slice.
  std::size_t slice = 500;
  // A session that has more than this to read is told later.
  std::size_t unread_max_bytes = 1024UL * 1024;
  base::Duration behind_interval = std::chrono::milliseconds(200);
  // Departures of brokers that one notice tells, and that are kept for who asks
  // next; the newest ones. None is told later than that.
  std::size_t departures_max = 64;
  base::Duration departures_kept = std::chrono::minutes(2);
};

// On its loop's thread.
class RouteWatches {
 public:
  // What it works with; all must outlive it.
  struct Shell {
    base::Executor* loop = nullptr;
    service::RouteFeed* feed = nullptr;
    RouteFrameCache* frames = nullptr;
    // The table that this turn sees, and the newest there is. A change that
    // the feed has told may be in the newest alone.
    std::function<const registry::RouteTable&()> table;
    std::function<const registry::RouteTable&()> newest_table;
    // Whether routes may be told.
    std::function<bool()> answers_routes;
    std::function<rpc::ServerSession*(std::uint64_t)> find_session;
    // The payload of a push that says that nobody serves a topic.
    std::function<std::string(const std::string& topic)> denial;
    // The payload of a push that says why brokers have left.
    std::function<std::string(std::vector<model::Departure>)> notice;
  };

  RouteWatches(WatchSettings settings, Shell shell);
  ~RouteWatches();
  RouteWatches(const RouteWatches&) = delete;
  RouteWatches& operator=(const RouteWatches&) = delete;

  // The session has just been told the topic's route (`told`; none: that nobody
  // serves it) and is to be told of changes. False: too many are watched.
  bool watch(std::uint64_t session, std::string_view topic,
             const model::Digest& told);
  // Some session that watches was told this by an answer of another kind.
  void note_told(std::string_view topic, const model::Digest& told);
  // It has ended.
  void forget(std::uint64_t session);

  // For an answer that tells this session a route other than what it knew: the
  // brokers that left lately and that no answer has told it, if it watches.
  // Empty while nobody watches on this loop. In their order.
  std::vector<model::Departure> take_departures(std::uint64_t session);

  std::size_t count() const { return count_; }
  std::size_t topics() const { return topics_.size(); }
  std::uint64_t pushes() const { return pushes_; }

 private:
  struct Session;
  struct Departed {
    std::uint64_t number = 0;  // of all on this loop
    base::Instant at{};
    model::Departure departure;
  };
  struct Topic {
    std::string name;
    std::uint64_t hash = 0;
    model::Digest told;  // none: that nobody serves it
    bool mixed = false;  // some were told something newer
    std::vector<registry::GroupSlot> groups;
    // Those before `next` have been told the newest.
    std::vector<Session*> watchers;
    std::size_t next = 0;
    std::optional<std::list<Topic*>::iterator> queued;
    std::string frame;  // that is being told
    // Since all were told last, of its groups; and the frame that says it.
    std::deque<Departed> departed;
    std::string notice;
    std::uint64_t notice_id = 0;
  };
  struct Session {
    std::uint64_t id = 0;
    std::unordered_map<const Topic*, std::size_t> places;  // at its topics
    std::unordered_set<Topic*> missed;                     // some: it is behind
    std::uint64_t notice_id = 0;       // of the last one it was told
    std::uint64_t departed_until = 0;  // what answers have told it
  };
  using TopicPtr = std::unique_ptr<Topic>;

  void subscribe();
  void on_changes();
  void gather();
  void forget_old_departures();
  void look_at_everything();
  void look_at(const registry::RouteChanges& changes);
  void renew(Topic& topic, const registry::RouteTable& table);
  void make_notice(Topic& topic);
  void note_groups(Topic& topic, const registry::RouteTable& table);
  void queue(Topic& topic);
  void unqueue(Topic& topic);
  void tell_soon();
  void tell_slice();
  void hold_back();
  bool tell_next(Topic& topic);
  std::string frame_of(const std::string& name,
                       const RouteCache::Entry* entry) const;
  void miss(Session& its, Topic& topic);
  void catch_up_after(base::Duration delay);
  void catch_up();
  std::size_t catch_up(Session& its, rpc::ServerSession& session,
                       std::size_t most);
  void remove_watcher(Topic& topic, std::size_t place);
  void drop_if_unwatched(Topic& topic);
  void drop_groups(Topic& topic);

  const WatchSettings settings_;
  const Shell shell_;
  std::unordered_map<std::string_view, TopicPtr> topics_;
  std::unordered_multimap<std::uint64_t, Topic*> by_hash_;
  std::unordered_map<registry::GroupSlot, std::unordered_set<Topic*>> by_group_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  registry::RouteChanges gathered_;  // taken from the feed, not looked at
  std::deque<Departed> departed_;    // lately
  std::uint64_t last_departed_ = 0;
  std::list<Topic*> queue_;  // to be told
  std::vector<std::uint64_t> behind_;
  std::size_t count_ = 0;
  std::uint64_t pushes_ = 0;
  service::RouteFeed::SubscriberId subscriber_ = 0;
  std::unique_ptr<base::Timer> slice_timer_;
  std::unique_ptr<base::Timer> behind_timer_;
  // Wakes that are on their way to the loop find out whether this still lives.
  std::shared_ptr<RouteWatches*> self_;
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_WATCHES_H_
