#include "namesrv/handlers/native/route_frame_cache.h"

#include <utility>

#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::handlers {

RouteFrameCache::Entry* RouteFrameCache::find(const registry::RouteTable& table,
                                              std::string_view topic) {
  const std::uint64_t hash = model::hash_bytes(topic);
  const auto found = entries_.find(hash);
  if (found == entries_.end()) return renew(table, topic, hash, nullptr);
  Entry& entry = found->second;
  if (entry.table_version == table.version() && entry.topic == topic) {
    entry.used = true;
    return &entry;
  }
  return renew(table, topic, hash, &entry);
}

RouteFrameCache::Entry* RouteFrameCache::renew(
    const registry::RouteTable& table, std::string_view topic,
    std::uint64_t hash, Entry* stale) {
  const registry::TopicEntry* current = table.find_topic(topic, hash);
  if (current == nullptr) {
    if (stale != nullptr && stale->topic == topic) forget(hash);
    return nullptr;
  }
  const std::uint64_t stamp = table.stamp(*current);
  if (stale != nullptr && stale->stamp == stamp && stale->topic == topic) {
    stale->table_version = table.version();
    stale->used = true;
    return stale;
  }
  if (stale != nullptr) forget(hash);

  model::VersionedRoute route{table.route(*current), {}};
  route.digest = model::digest_route(route.route);
  Entry entry;
  entry.topic = topic;
  entry.frame = codec::make_frame(codec::FrameKind::kRoute,
                                  codec::kFlagReply | codec::kFlagMore, 0,
                                  codec::encode(route));
  entry.digest = route.digest;
  entry.stamp = stamp;
  entry.table_version = table.version();
  ++encodings_;

  bytes_ += cost(entry);
  line_up(hash);
  Entry& kept = entries_.emplace(hash, std::move(entry)).first->second;
  if (bytes_ > byte_budget_) make_room(hash);
  return &kept;
}

void RouteFrameCache::forget(std::uint64_t hash) {
  const auto found = entries_.find(hash);
  bytes_ -= cost(found->second);
  // Its place in sweep_ stays until the sweep or line_up meets it; an entry
  // that comes back may stand there twice, which only gives it one more look.
  entries_.erase(found);
}

void RouteFrameCache::line_up(std::uint64_t hash) {
  if (sweep_.size() > 2 * entries_.size() + 64) {
    sweep_.clear();
    for (const auto& each : entries_) sweep_.push_back(each.first);
  }
  sweep_.push_back(hash);
}

void RouteFrameCache::make_room(std::uint64_t keep) {
  std::size_t looks = 2 * sweep_.size();
  while (bytes_ > byte_budget_ && looks-- > 0) {
    const std::uint64_t hash = sweep_.front();
    sweep_.pop_front();
    const auto found = entries_.find(hash);
    if (found == entries_.end()) continue;
    if (hash == keep || std::exchange(found->second.used, false)) {
      sweep_.push_back(hash);
      continue;
    }
    forget(hash);
  }
}

std::size_t RouteFrameCache::cost(const Entry& entry) {
  constexpr std::size_t kPerEntry = sizeof(Entry) + 64;
  return kPerEntry + entry.topic.size() + entry.frame.size();
}

}  // namespace waypost::handlers
