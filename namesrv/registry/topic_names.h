#ifndef WAYPOST_NAMESRV_REGISTRY_TOPIC_NAMES_H_
#define WAYPOST_NAMESRV_REGISTRY_TOPIC_NAMES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>

#include "wire/model/ids.h"

namespace waypost::registry {

// A topic's name, kept once however many brokers have the topic: three hundred
// brokers with the same ten thousand topics hold ten thousand names.
struct InternedName {
  model::TopicName name;
  std::uint64_t hash = 0;  // model::hash_bytes(name)
  mutable std::uint32_t references = 0;

  std::string_view text() const { return name.value(); }
};

// The names in use, counted. A name's address stays while it has references.
// Registry thread only.
//
// They are in many sets that grow at different sizes: a set of a million that
// grows moves all of them, which takes the thread more than 100 ms.
class TopicNames {
 public:
  TopicNames();

  // One more reference to the name, which is made when it is new.
  const InternedName* acquire(std::string_view name);
  void retain(const InternedName* name) { ++name->references; }
  void release(const InternedName* name);

  std::size_t size() const;

 private:
  struct Lookup {
    std::string_view text;
    std::uint64_t hash;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const InternedName& n) const { return n.hash; }
    std::size_t operator()(const Lookup& l) const { return l.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const InternedName& a, const InternedName& b) const {
      return a.name == b.name;
    }
    bool operator()(const Lookup& a, const InternedName& b) const {
      return a.hash == b.hash && a.text == b.text();
    }
    bool operator()(const InternedName& a, const Lookup& b) const {
      return operator()(b, a);
    }
  };
  using Shard = std::unordered_set<InternedName, Hash, Equal>;
  static constexpr std::size_t kShardBits = 6;

  // By the upper bits; a set places by the whole.
  Shard& shard_of(std::uint64_t hash) {
    return shards_[hash >> (64 - kShardBits)];
  }

  std::array<Shard, std::size_t{1} << kShardBits> shards_;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_TOPIC_NAMES_H_
