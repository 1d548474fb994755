#ifndef WAYPOST_NAMESRV_HANDLERS_ROUTE_CACHE_H_
#define WAYPOST_NAMESRV_HANDLERS_ROUTE_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "namesrv/registry/route_table.h"
#include "wire/model/ids.h"

namespace waypost::handlers {

// Routes as encoded bytes, one cache for each I/O loop and all its protocols,
// so that a query for a route that has not changed copies bytes and computes
// nothing.
//
// Nothing ever invalidates it from outside: an entry remembers the table's and
// the settings' version it was last right for and the stamp of its topic; a
// newer table makes it compare stamps, a newer stamp or other settings make it
// encode again. Held within a byte budget: entries that were not asked for
// since the last sweep go first (second chance). One thread.
class RouteCache {
 public:
  explicit RouteCache(std::size_t byte_budget) : byte_budget_(byte_budget) {}

  struct Entry {
    std::string topic;
    std::string variant;
    std::string bytes;
    model::Digest digest;  // of the route, where the protocol has one
    std::uint64_t stamp = 0;
    std::uint64_t settings_version = 0;
    std::uint64_t table_version = 0;
    bool used = false;
  };

  // Which of the forms of a topic's route: of protocols, dialects, zones.
  struct Key {
    std::string_view topic;
    std::string_view variant;
  };

  // Makes what is missing.
  class Encoder {
   public:
    virtual ~Encoder() = default;
    // Fills bytes and digest.
    virtual void encode(const registry::RouteTable& table,
                        const registry::TopicEntry& topic, Entry& entry) = 0;
  };

  // The entry of that key, right for `table` and the settings (0 for a form
  // that does not depend on any); null when no broker serves the topic. Valid
  // until the next call.
  Entry* find(const registry::RouteTable& table, std::uint64_t settings_version,
              Key key, Encoder& encoder);

  std::size_t bytes() const { return bytes_; }
  std::size_t entries() const { return entries_.size(); }
  std::uint64_t encodings() const { return encodings_; }
  std::size_t lined_up() const { return sweep_.size(); }

 private:
  struct Hashes {
    std::uint64_t topic;
    std::uint64_t entry;
  };
  struct KeepHash {
    std::size_t operator()(std::uint64_t hash) const { return hash; }
  };

  Entry* renew(const registry::RouteTable& table,
               std::uint64_t settings_version, Key key, Hashes hashes,
               Entry* stale, Encoder& encoder);
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

#endif  // WAYPOST_NAMESRV_HANDLERS_ROUTE_CACHE_H_
