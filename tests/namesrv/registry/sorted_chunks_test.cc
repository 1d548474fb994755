#include "namesrv/registry/sorted_chunks.h"

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "namesrv/registry/topic_list.h"
#include "namesrv/registry/topic_names.h"

namespace waypost::registry {
namespace {

struct Pair {
  std::string key;
  int value = 0;
};
struct PairKey {
  static std::string_view key(const Pair& pair) { return pair.key; }
};
using Chunks = SortedChunks<Pair, PairKey>;
using Model = std::map<std::string, int>;

std::string key_of(std::uint64_t number) { return std::to_string(number); }

bool same(const Chunks& chunks, const Model& model) {
  auto at = chunks.begin();
  for (const auto& [key, value] : model) {
    if (at.at_end() || at->key != key || at->value != value) return false;
    ++at;
  }
  return at.at_end() && chunks.size() == model.size();
}

TEST_CASE("chunks agree with a sorted map under random edits") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    Chunks chunks;
    Model model;
    // Grows, then shrinks to nothing: chunks split and merge.
    for (const double erase_share : {0.2, 0.8}) {
      for (int i = 0; i < 15'000; ++i) {
        const std::string key = key_of(random.below(5000));
        if (random.chance(erase_share)) {
          REQUIRE(chunks.erase(key) == (model.erase(key) == 1));
        } else {
          chunks.set({key, i});
          model[key] = i;
        }
      }
      CHECK(same(chunks, model));
      for (int i = 0; i < 1000; ++i) {
        const std::string key = key_of(random.below(6000));
        const auto wanted = model.lower_bound(key);
        const auto found = chunks.lower_bound(key);
        REQUIRE(found.at_end() == (wanted == model.end()));
        if (!found.at_end()) REQUIRE(found->key == wanted->first);
        REQUIRE((chunks.find(key) != nullptr) == model.contains(key));
      }
    }
  }
}

TEST_CASE("chunks can be filled in order, emptied and filled again") {
  Chunks chunks;
  for (int round = 0; round < 2; ++round) {
    Model model;
    for (std::uint64_t i = 10'000; i < 12'000; ++i) {
      chunks.set({key_of(i), 1});
      model[key_of(i)] = 1;
    }
    CHECK(same(chunks, model));
    for (std::uint64_t i = 10'000; i < 12'000; ++i) {
      CHECK(chunks.erase(key_of(i)));
    }
    CHECK(chunks.empty());
    CHECK(chunks.begin().at_end());
    CHECK(chunks.lower_bound("1").at_end());
  }
}

model::TopicConfig topic(const std::string& name, std::uint32_t queues) {
  return {model::TopicName(name), {queues, queues, {}, 0}};
}

struct Listed {
  TopicNames names;
  TopicList list;
  void add(const std::string& name, std::uint32_t queues) {
    list.set({names.acquire(name), {queues, queues, {}, 0}});
  }
};

std::string text(const std::vector<TopicChange>& changes) {
  std::string out;
  for (const TopicChange& change : changes) {
    if (!out.empty()) out += ' ';
    out += change.held == nullptr ? '+' : (change.queues ? '~' : '-');
    out += change.name;
  }
  return out;
}

TEST_CASE("a full registration differs in what is new, changed or gone") {
  Listed held;
  for (const char* name : {"b", "d", "f", "h"}) held.add(name, 4);
  CHECK(text(changes_to_replace(held.list, {})) == "-b -d -f -h");
  CHECK(text(changes_to_replace(held.list, {topic("b", 4), topic("d", 4),
                                            topic("f", 4), topic("h", 4)})) ==
        "");
  CHECK(text(changes_to_replace(held.list, {topic("a", 4), topic("d", 8),
                                            topic("f", 4), topic("z", 1)})) ==
        "+a -b ~d -h +z");
  const TopicList none;
  CHECK(text(changes_to_replace(none, {topic("a", 1)})) == "+a");
}

TEST_CASE("an incremental registration touches only what it names") {
  Listed held;
  for (const char* name : {"b", "d", "f"}) held.add(name, 4);
  const std::vector<model::TopicConfig> topics = {topic("a", 4), topic("b", 4),
                                                  topic("d", 8)};
  const auto changes = changes_to_merge(
      held.list, topics, {model::TopicName("f"), model::TopicName("unknown")});
  CHECK(text(changes) == "+a ~d -f");
  CHECK(growth(changes) == 0);
}

TEST_CASE("a name is kept once while somebody refers to it") {
  TopicNames names;
  const InternedName* first = names.acquire("orders");
  CHECK(names.acquire("orders") == first);
  CHECK(first->hash == model::hash_bytes("orders"));
  CHECK(names.size() == 1);
  names.release(first);
  CHECK(names.size() == 1);
  names.release(first);
  CHECK(names.size() == 0);
}

}  // namespace
}  // namespace waypost::registry
