#include "namesrv/handlers/route_cache.h"

#include <utility>

namespace waypost::handlers {
namespace {

bool is_of(const RouteCache::Entry& entry, const RouteCache::Key& key) {
  return entry.topic == key.topic && entry.variant == key.variant;
}

}  // namespace

RouteCache::Entry* RouteCache::find(const registry::RouteTable& table,
                                    std::uint64_t settings_version, Key key,
                                    Encoder& encoder) {
  const std::uint64_t topic_hash = model::hash_bytes(key.topic);
  // Two variants of a topic must not share a place.
  constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15ULL;
  const Hashes hashes{
      topic_hash,
      key.variant.empty()
          ? topic_hash
          : topic_hash ^ (model::hash_bytes(key.variant) * kSpread)};
  const auto found = entries_.find(hashes.entry);
  if (found == entries_.end()) {
    return renew(table, settings_version, key, hashes, nullptr, encoder);
  }
  Entry& entry = found->second;
  if (entry.table_version == table.version() &&
      entry.settings_version == settings_version && is_of(entry, key)) {
    entry.used = true;
    return &entry;
  }
  return renew(table, settings_version, key, hashes, &entry, encoder);
}

RouteCache::Entry* RouteCache::renew(const registry::RouteTable& table,
                                     std::uint64_t settings_version, Key key,
                                     Hashes hashes, Entry* stale,
                                     Encoder& encoder) {
  const registry::TopicEntry* current =
      table.find_topic(key.topic, hashes.topic);
  if (current == nullptr) {
    if (stale != nullptr && is_of(*stale, key)) forget(hashes.entry);
    return nullptr;
  }
  const std::uint64_t stamp = table.stamp(*current);
  if (stale != nullptr && stale->stamp == stamp &&
      stale->settings_version == settings_version && is_of(*stale, key)) {
    stale->table_version = table.version();
    stale->used = true;
    return stale;
  }
  if (stale != nullptr) forget(hashes.entry);

  Entry entry;
  entry.topic = key.topic;
  entry.variant = key.variant;
  entry.stamp = stamp;
  entry.settings_version = settings_version;
  entry.table_version = table.version();
  encoder.encode(table, *current, entry);
  ++encodings_;

  bytes_ += cost(entry);
  line_up(hashes.entry);
  Entry& kept = entries_.emplace(hashes.entry, std::move(entry)).first->second;
  if (bytes_ > byte_budget_) make_room(hashes.entry);
  return &kept;
}

void RouteCache::forget(std::uint64_t hash) {
  const auto found = entries_.find(hash);
  bytes_ -= cost(found->second);
  // Its place in sweep_ stays until the sweep or line_up meets it; an entry
  // that comes back may stand there twice, which only gives it one more look.
  entries_.erase(found);
}

void RouteCache::line_up(std::uint64_t hash) {
  if (sweep_.size() > 2 * entries_.size() + 64) {
    sweep_.clear();
    for (const auto& each : entries_) sweep_.push_back(each.first);
  }
  sweep_.push_back(hash);
}

void RouteCache::make_room(std::uint64_t keep) {
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

std::size_t RouteCache::cost(const Entry& entry) {
  constexpr std::size_t kPerEntry = sizeof(Entry) + 64;
  return kPerEntry + entry.topic.size() + entry.variant.size() +
         entry.bytes.size();
}

}  // namespace waypost::handlers
