#ifndef WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_FRAME_CACHE_H_
#define WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_FRAME_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "namesrv/registry/route_table.h"
#include "wire/model/ids.h"

namespace waypost::handlers {

// Routes as encoded ROUTE frames, one cache for each I/O loop, so that a query
// for a route that has not changed copies bytes and computes nothing.
//
// Nothing ever invalidates it from outside: an entry remembers the table
// version it was last right for and the stamp of its topic; a newer table makes
// it compare stamps, a newer stamp makes it encode again. Held within a byte
// budget: entries that were not asked for since the last sweep go first (second
// chance). One thread.
class RouteFrameCache {
 public:
  explicit RouteFrameCache(std::size_t byte_budget)
      : byte_budget_(byte_budget) {}

  struct Entry {
    std::string topic;
    std::string frame;  // kRoute, reply, more; correlation id to be patched
    model::Digest digest;
    std::uint64_t stamp = 0;
    std::uint64_t table_version = 0;
    bool used = false;
  };

  // The topic's entry, right for `table`; null when no broker serves the topic.
  // Valid until the next call.
  Entry* find(const registry::RouteTable& table, std::string_view topic);

  std::size_t bytes() const { return bytes_; }
  std::size_t entries() const { return entries_.size(); }
  std::uint64_t encodings() const { return encodings_; }
  std::size_t lined_up() const { return sweep_.size(); }

 private:
  struct KeepHash {
    std::size_t operator()(std::uint64_t hash) const { return hash; }
  };

  Entry* renew(const registry::RouteTable& table, std::string_view topic,
               std::uint64_t hash, Entry* stale);
  void forget(std::uint64_t hash);
  void line_up(std::uint64_t hash);
  void make_room(std::uint64_t keep);
  static std::size_t cost(const Entry& entry);

  const std::size_t byte_budget_;
  std::size_t bytes_ = 0;
  std::uint64_t encodings_ = 0;
  std::unordered_map<std::uint64_t, Entry, KeepHash> entries_;
  std::deque<std::uint64_t> sweep_;  // in the order of the next look
};

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_NATIVE_ROUTE_FRAME_CACHE_H_
