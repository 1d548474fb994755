#include "namesrv/registry/topic_names.h"

#include <cmath>
#include <string>

#include "base/assert.h"

namespace waypost::registry {

// A set doubles when it is full; so one half to one of its buckets, all sizes
// of that range alike, make them full at different times.
TopicNames::TopicNames() {
  constexpr auto kShards = static_cast<float>(std::size_t{1} << kShardBits);
  float next = 0;
  for (Shard& shard : shards_) {
    shard.max_load_factor(std::exp2(next / kShards - 1));
    ++next;
  }
}

std::size_t TopicNames::size() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) count += shard.size();
  return count;
}

const InternedName* TopicNames::acquire(std::string_view name) {
  const Lookup lookup{name, model::hash_bytes(name)};
  Shard& names = shard_of(lookup.hash);
  auto found = names.find(lookup);
  if (found == names.end()) {
    found = names
                .insert(InternedName{model::TopicName(std::string(name)),
                                     lookup.hash, 0})
                .first;
  }
  ++found->references;
  return &*found;
}

void TopicNames::release(const InternedName* name) {
  WAYPOST_ASSERT(name->references > 0);
  if (--name->references > 0) return;
  Shard& names = shard_of(name->hash);
  names.erase(names.find(Lookup{name->text(), name->hash}));
}

}  // namespace waypost::registry
