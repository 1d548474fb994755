// The persistent map and vector against std containers, with random edits while
// old versions must stay as they were.

#include <atomic>
#include <deque>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "namesrv/registry/persistent_map.h"
#include "namesrv/registry/persistent_vector.h"
#include "wire/model/ids.h"

namespace waypost::registry {
namespace {

struct Item {
  std::string key;
  std::uint64_t hash = 0;
  int value = 0;
};
struct ItemTraits {
  static std::string_view key(const Item& item) { return item.key; }
  static std::uint64_t hash(const Item& item) { return item.hash; }
};
using Map = PersistentMap<Item, ItemTraits>;
using Model = std::unordered_map<std::string, int>;
using HashFunction = std::uint64_t (*)(std::string_view);

std::uint64_t good_hash(std::string_view key) { return model::hash_bytes(key); }
// Two bits: every key collides in full with a quarter of the others.
std::uint64_t bad_hash(std::string_view key) {
  return model::hash_bytes(key) & 0x8000000000000001ULL;
}
// Differs only in the bits that the lowest levels use.
std::uint64_t deep_hash(std::string_view key) {
  return model::hash_bytes(key) << 56U;
}

std::string key_of(std::uint64_t number) {
  return "key-" + std::to_string(number);
}

bool same(const Map& map, const Model& model, HashFunction hash) {
  if (map.size() != model.size()) return false;
  std::size_t visited = 0;
  bool equal = true;
  map.for_each([&](const Item& item) {
    ++visited;
    const auto found = model.find(item.key);
    equal = equal && found != model.end() && found->second == item.value;
  });
  for (const auto& [key, value] : model) {
    const Item* found = map.find(key, hash(key));
    equal = equal && found != nullptr && found->value == value;
  }
  return equal && visited == model.size();
}

// Sets or erases; the map must agree with the model about what was there.
bool edit(Map& map, Model& model, base::Random& random, HashFunction hash,
          std::uint64_t keys) {
  const std::string key = key_of(random.below(keys));
  const auto found = model.find(key);
  if (random.chance(0.4)) {
    return map.erase(key, hash(key)) == (model.erase(key) == 1);
  }
  const int value = static_cast<int>(random.below(1'000'000));
  Item* item = map.edit(key, hash(key));
  if ((item != nullptr) != (found != model.end())) return false;
  if (item == nullptr) {
    map.insert(Item{key, hash(key), value});
  } else {
    item->value = value;
  }
  model[key] = value;
  return true;
}

void check_random_edits(HashFunction hash, std::uint64_t keys, int edits,
                        std::uint64_t seed) {
  base::Random random(seed);
  Map map;
  Model model;
  std::vector<std::pair<Map, Model>> versions;
  bool agreed = true;
  for (int i = 0; i < edits; ++i) {
    agreed = agreed && edit(map, model, random, hash, keys);
    // Batches of different lengths between the copies.
    if (!random.chance(0.02)) continue;
    versions.emplace_back(map, model);
    if (versions.size() > 20) {
      versions.erase(versions.begin() +
                     static_cast<std::ptrdiff_t>(random.below(20)));
    }
    // Going on from an old version is an edit like any other.
    if (random.chance(0.1)) {
      std::tie(map, model) = versions[random.below(versions.size())];
    }
  }
  CHECK(agreed);
  CHECK(same(map, model, hash));
  for (const auto& [old_map, old_model] : versions) {
    CHECK(same(old_map, old_model, hash));
  }
}

TEST_CASE("a map agrees with its model and its old versions stay intact") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    SUBCASE("many keys") { check_random_edits(good_hash, 3000, 20'000, seed); }
    SUBCASE("few keys") { check_random_edits(good_hash, 20, 5'000, seed); }
    SUBCASE("full collisions") {
      check_random_edits(bad_hash, 60, 5'000, seed);
    }
    SUBCASE("long paths") { check_random_edits(deep_hash, 300, 5'000, seed); }
  }
}

TEST_CASE("edits in place do not reach a copy made before them") {
  Map map;
  map.insert(Item{"a", good_hash("a"), 1});
  const Map before = map;
  map.edit("a", good_hash("a"))->value = 2;
  CHECK(before.find("a", good_hash("a"))->value == 1);
  CHECK(map.find("a", good_hash("a"))->value == 2);
}

TEST_CASE("between two copies an entry is copied once at most") {
  Map map;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    map.insert(Item{key_of(i), good_hash(key_of(i)), 0});
  }
  const Map before = map;
  const std::string key = key_of(7);
  Item* first = map.edit(key, good_hash(key));
  CHECK(first != before.find(key, good_hash(key)));
  CHECK(map.edit(key, good_hash(key)) == first);
  CHECK(map.find(key, good_hash(key)) == first);
}

TEST_CASE("an entry that nobody edits is shared by all versions") {
  Map map;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    map.insert(Item{key_of(i), good_hash(key_of(i)), 0});
  }
  const Map before = map;
  map.erase(key_of(1), good_hash(key_of(1)));
  map.insert(Item{"new", good_hash("new"), 0});
  std::size_t shared = 0;
  before.for_each([&](const Item& item) {
    if (map.find(item.key, item.hash) == &item) ++shared;
  });
  CHECK(shared == 999);
}

TEST_CASE("an empty map finds nothing and can be emptied again") {
  Map map;
  CHECK(map.find("a", good_hash("a")) == nullptr);
  CHECK(map.edit("a", good_hash("a")) == nullptr);
  CHECK_FALSE(map.erase("a", good_hash("a")));
  map.insert(Item{"a", good_hash("a"), 1});
  const Map full = map;
  CHECK(map.erase("a", good_hash("a")));
  CHECK(map.size() == 0);
  CHECK(map.find("a", good_hash("a")) == nullptr);
  CHECK(full.find("a", good_hash("a")) != nullptr);
}

// What thread sanitizers look at: readers touch no count, and edits in place
// reach no node that a kept version has.
TEST_CASE("readers of kept versions go on while the writer edits") {
  constexpr std::uint64_t kKeys = 2000;
  Map map;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    map.insert(Item{key_of(i), good_hash(key_of(i)), 0});
  }
  std::deque<Map> kept;
  kept.push_back(map);
  std::atomic<const Map*> published{&kept.back()};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> torn{0};
  std::vector<std::thread> readers;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    readers.emplace_back([&, seed] {
      base::Random random(seed);
      while (!done.load()) {
        const Map& version = *published.load();
        // All entries of one version have the same value.
        const std::string key = key_of(random.below(kKeys));
        const std::string other = key_of(random.below(kKeys));
        const Item* one = version.find(key, good_hash(key));
        const Item* two = version.find(other, good_hash(other));
        if (one == nullptr || two == nullptr || one->value != two->value) {
          ++torn;
        }
      }
    });
  }
  for (int round = 1; round <= 20; ++round) {
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      map.edit(key_of(i), good_hash(key_of(i)))->value = round;
    }
    kept.push_back(map);
    published.store(&kept.back());
  }
  done.store(true);
  for (std::thread& reader : readers) reader.join();
  CHECK(torn.load() == 0);
}

TEST_CASE("a vector agrees with its model and its old versions stay intact") {
  using Vector = PersistentVector<int>;
  using Values = std::map<std::uint32_t, int>;
  base::Random random(3);
  Vector vector;
  Values values;
  std::vector<std::pair<Vector, Values>> versions;
  const auto agrees = [](const Vector& v, const Values& model,
                         std::uint32_t index) {
    const auto wanted = model.find(index);
    const int* found = v.find(index);
    return wanted == model.end() ? found == nullptr
                                 : found != nullptr && *found == wanted->second;
  };
  for (int i = 0; i < 20'000; ++i) {
    // The reach grows, so the tree gets higher on the way.
    const auto reach = static_cast<std::uint64_t>(10 + i * 5);
    const auto index = static_cast<std::uint32_t>(random.below(reach));
    const int value = static_cast<int>(random.below(1000));
    if (random.chance(0.3)) {
      vector.erase(index);
      values.erase(index);
    } else if (values.contains(index)) {
      vector.edit(index) = value;
      values[index] = value;
    } else {
      vector.set(index, value);
      values[index] = value;
    }
    if (random.chance(0.005)) versions.emplace_back(vector, values);
  }
  versions.emplace_back(vector, values);
  CHECK(versions.size() > 50);
  for (const auto& [old_vector, old_values] : versions) {
    bool all = true;
    for (std::uint32_t index = 0; index < 110'000; ++index) {
      all = all && agrees(old_vector, old_values, index);
    }
    CHECK(all);
  }
}

TEST_CASE("a vector takes the largest index and finds nothing beyond") {
  PersistentVector<int> vector;
  CHECK(vector.find(0) == nullptr);
  vector.set(0, 1);
  CHECK(vector.find(32) == nullptr);
  vector.set(0xffffffffU, 2);
  CHECK(*vector.find(0) == 1);
  CHECK(*vector.find(0xffffffffU) == 2);
  CHECK(vector.find(0xfffffffeU) == nullptr);
}

}  // namespace
}  // namespace waypost::registry
