#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>

#include "namesrv/registry/registry_impl.h"

namespace waypost::registry {
namespace {

// The page token of brokers is "name/id"; a text without an id is after all of
// that name.
model::BrokerKey key_of_token(std::string_view token) {
  model::BrokerKey key{
      model::BrokerName(std::string(token)),
      model::BrokerId(std::numeric_limits<std::int64_t>::max())};
  const auto slash = token.rfind('/');
  if (slash == std::string_view::npos) return key;
  std::int64_t id = 0;
  const char* end = token.data() + token.size();
  const auto read = std::from_chars(token.data() + slash + 1, end, id);
  if (read.ec != std::errc{} || read.ptr != end) return key;
  return {model::BrokerName(std::string(token.substr(0, slash))),
          model::BrokerId(id)};
}

}  // namespace

std::uint32_t Registry::Impl::page_limit(std::uint32_t asked) const {
  return asked == 0 ? settings_.page_default
                    : std::min(asked, settings_.page_max);
}

model::BrokerListing Registry::Impl::listing_of(const Broker& broker,
                                                base::Instant now) const {
  model::BrokerListing listing;
  listing.cluster = broker.group->cluster;
  listing.broker = broker.key;
  listing.address = broker.address;
  listing.zone = broker.zone;
  if (broker.unhealthy()) {
    listing.health = model::BrokerHealth::kUnhealthy;
    listing.health_reason = broker.unhealthy_reason();
  } else if (liveness_.is_suspect(broker.liveness)) {
    listing.health = model::BrokerHealth::kSuspect;
  }
  listing.epoch = broker.epoch;
  const TopicList& topics =
      broker.remoting != nullptr ? broker.group->topics : broker.topics;
  listing.topic_count = static_cast<std::uint32_t>(topics.size());
  listing.silent_for = std::max(base::Duration::zero(),
                                now - liveness_.last_heard(broker.liveness));
  listing.expiry = liveness_.expiry(broker.liveness);
  listing.indirect = broker.indirect;
  return listing;
}

model::BrokerPage Registry::Impl::list_brokers(const model::PageRequest& page,
                                               base::Instant now) const {
  const auto& brokers = directory_.brokers();
  const base::Instant awake = clock_.peek(now);
  auto at = brokers.lower_bound(
      {model::BrokerName(page.prefix),
       model::BrokerId(std::numeric_limits<std::int64_t>::min())});
  if (!page.after.empty()) {
    const auto after = brokers.upper_bound(key_of_token(page.after));
    if (at != brokers.end() &&
        (after == brokers.end() || at->first < after->first)) {
      at = after;
    }
  }
  const std::uint32_t limit = page_limit(page.limit);
  model::BrokerPage result;
  for (; at != brokers.end(); ++at) {
    if (!at->first.broker_name.value().starts_with(page.prefix)) break;
    if (result.brokers.size() == limit) {
      result.next = result.brokers.back().broker.to_string();
      break;
    }
    result.brokers.push_back(listing_of(at->second, awake));
  }
  return result;
}

model::TopicPage Registry::Impl::list_topics(
    const model::PageRequest& page) const {
  const bool resumes = page.after >= page.prefix && !page.after.empty();
  auto at = editor_.index().lower_bound(resumes ? page.after : page.prefix);
  if (resumes && !at.at_end() && (*at)->text() == page.after) ++at;
  const std::uint32_t limit = page_limit(page.limit);
  model::TopicPage result;
  for (; !at.at_end() && (*at)->text().starts_with(page.prefix); ++at) {
    if (result.topics.size() == limit) {
      result.next = result.topics.back().topic.value();
      break;
    }
    const TopicEntry* entry = table().find_topic((*at)->text(), (*at)->hash);
    if (entry == nullptr) continue;  // is being swept out
    model::TopicListing listing;
    listing.topic = entry->name;
    for (const TopicMember& member : entry->members) {
      if (table().group(member.group)->is_gone()) continue;
      ++listing.group_count;
      listing.read_queues += member.queues.read_queues;
      listing.write_queues += member.queues.write_queues;
    }
    result.topics.push_back(std::move(listing));
  }
  return result;
}

void Registry::Impl::fill(model::ClusterView& view, base::Instant now) const {
  view.clusters = static_cast<std::uint32_t>(directory_.cluster_count());
  view.brokers = static_cast<std::uint32_t>(directory_.brokers().size());
  view.topics = static_cast<std::uint32_t>(table().topic_count());
  view.suspects = static_cast<std::uint32_t>(liveness_.suspect_count());
  view.unhealthy = unhealthy_count_;
  view.table_version = table().version();
  view.brake_releases_in = liveness_.brake_releases_in(clock_.peek(now));
}

model::Epoch Registry::Impl::largest_epoch(const model::BrokerKey& key) const {
  const Broker* broker = directory_.find(key);
  return broker == nullptr ? epochs_.find(key) : broker->largest_epoch;
}

std::vector<Registry::Known> Registry::Impl::known_brokers() const {
  std::vector<Known> known;
  known.reserve(directory_.brokers().size());
  for (const auto& [key, broker] : directory_.brokers()) {
    known.push_back({broker.group->cluster, key,
                     clock_.outside(liveness_.last_heard(broker.liveness)),
                     liveness_.expiry(broker.liveness)});
  }
  return known;
}

base::Duration Registry::Impl::smallest_expiry() const {
  return liveness_.smallest_expiry().value_or(
      std::min(settings_.broker_expiry, settings_.agent_expiry));
}

}  // namespace waypost::registry
