#ifndef WAYPOST_NAMESRV_REGISTRY_PERSISTENT_MAP_H_
#define WAYPOST_NAMESRV_REGISTRY_PERSISTENT_MAP_H_

// A hash map whose versions share what they have in common, so that a reader
// may keep one while the writer makes the next.
//
// A hash array mapped trie in the layout of CHAMP (Steindorfer, Vinju:
// "Optimizing Hash-Array Mapped Tries for Fast and Lean Immutable JVM
// Collections", 2015): each node consumes five bits of the hash and holds, in
// one block, first the entries and then the child nodes of the positions that
// two bitmaps name. A million entries are four or five levels deep.
//
// Versions: a copy of the map is one more reference to the root. An edit copies
// the nodes on its path that are shared and edits those in place that only this
// map refers to. Hence the first edit after a copy costs a path, and a batch of
// edits between two copies copies each node at most once; there is no separate
// mode for batches that one could forget to end.
//
// Rejected: a sharded table with a copy of a shard per change (a shard of a
// thousand for each changed topic); a hash table behind a lock (readers wait).
//
// Counts are plain integers (see counted.h): copy, assign, edit and destroy on
// one thread; `find` and `for_each` of a version that somebody keeps alive on
// any thread.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "namesrv/registry/counted.h"

namespace waypost::registry {

// Traits: static std::string_view key(const Entry&);
//         static std::uint64_t hash(const Entry&);
// The hash must be a function of the key; equal hashes of different keys are
// handled, in time linear in their number.
template <typename Entry, typename Traits>
class PersistentMap {
 public:
  PersistentMap() = default;
  PersistentMap(const PersistentMap& other)
      : root_(other.root_), size_(other.size_) {
    if (root_ != nullptr) ++root_->references;
  }
  PersistentMap(PersistentMap&& other) noexcept
      : root_(std::exchange(other.root_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  PersistentMap& operator=(PersistentMap other) noexcept {
    std::swap(root_, other.root_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~PersistentMap() {
    if (root_ != nullptr) release(root_, 0);
  }

  std::size_t size() const { return size_; }

  class Remains;
  // Leaves an empty map, and what it had to be dropped piece by piece: a
  // million entries at once take long enough to be noticed.
  Remains dismantle() {
    Remains remains;
    if (root_ != nullptr) remains.waiting_.emplace_back(root_, 0);
    root_ = nullptr;
    size_ = 0;
    return remains;
  }

  // Null when absent. The entry lives as long as a version that has it.
  const Entry* find(std::string_view key, std::uint64_t hash) const {
    const Node* node = root_;
    unsigned shift = 0;
    for (; node != nullptr && shift < kBucketShift; shift += kBits) {
      const std::uint32_t bit = bit_of(hash, shift);
      if ((node->entry_map & bit) != 0) {
        const Leaf* leaf = node->leaf(rank(node->entry_map, bit));
        return matches(*leaf, key, hash) ? &leaf->value : nullptr;
      }
      if ((node->child_map & bit) == 0) return nullptr;
      node = node->child(node->child_index(bit));
    }
    return node == nullptr ? nullptr : find_in_bucket(*node, key, hash);
  }

  // The entry, for editing in this version alone, until the next copy of the
  // map; null when absent. Its key and hash must stay.
  Entry* edit(std::string_view key, std::uint64_t hash) {
    if (find(key, hash) == nullptr) return nullptr;
    Slot* slot = nullptr;
    Node** place = &root_;
    unsigned shift = 0;
    for (;; shift += kBits) {
      *place = own(*place, shift, 0);
      Node* node = *place;
      if (shift >= kBucketShift) {
        slot = &node->slots()[bucket_index(*node, key, hash)];
        break;
      }
      const std::uint32_t bit = bit_of(hash, shift);
      if ((node->entry_map & bit) != 0) {
        slot = &node->slots()[rank(node->entry_map, bit)];
        break;
      }
      place = node->child_place(node->child_index(bit));
    }
    if (slot->leaf->references > 1) {
      auto* copy = new Leaf(slot->leaf->value);
      --slot->leaf->references;
      slot->leaf = copy;
    }
    return &slot->leaf->value;
  }

  // REQUIRES: no entry with that key. Returns it for further editing.
  Entry* insert(Entry entry) {
    auto* leaf = new Leaf(std::move(entry));
    const std::uint64_t hash = Traits::hash(leaf->value);
    Node** place = &root_;
    unsigned shift = 0;
    ++size_;
    if (root_ == nullptr) root_ = make_node(kMinCapacity);
    for (;; shift += kBits) {
      *place = own(*place, shift, 1);
      if (shift >= kBucketShift) {
        append_to_bucket(place, leaf);
        return &leaf->value;
      }
      Node* node = *place;
      const std::uint32_t bit = bit_of(hash, shift);
      if ((node->child_map & bit) != 0) {
        place = node->child_place(node->child_index(bit));
      } else if ((node->entry_map & bit) != 0) {
        push_down(*node, bit, shift);
        place = node->child_place(node->child_index(bit));
      } else {
        insert_slot(place, rank(node->entry_map, bit), Slot{.leaf = leaf},
                    shift);
        (*place)->entry_map |= bit;
        return &leaf->value;
      }
    }
  }

  // False, and nothing copied, when absent.
  bool erase(std::string_view key, std::uint64_t hash) {
    if (find(key, hash) == nullptr) return false;
    --size_;
    erase_below(&root_, 0, key, hash);
    if (root_->slot_count(0) == 0) {
      release(root_, 0);
      root_ = nullptr;
    }
    return true;
  }

  // In no particular order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    if (root_ != nullptr) visit_below(*root_, 0, visit);
  }

 private:
  using Leaf = Counted<Entry>;
  static constexpr unsigned kBits = 5;
  // 13 levels use all 64 bits; what is equal in all of them lies below in a
  // bucket, a plain sequence. So no path is longer than 14 nodes, and recursion
  // is bounded by that.
  static constexpr unsigned kBucketShift = 65;
  static constexpr std::uint32_t kMinCapacity = 4;

  struct Node;
  union Slot {
    Leaf* leaf;
    Node* child;
  };
  struct alignas(Slot) Node {
    std::uint32_t references;
    std::uint32_t entry_map;  // a bucket's number of entries
    std::uint32_t child_map;
    std::uint32_t capacity;  // of the slots that follow the node in memory

    Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
    const Slot* slots() const {
      return reinterpret_cast<const Slot*>(this + 1);
    }
    std::uint32_t entry_count(unsigned shift) const {
      return shift >= kBucketShift ? entry_map : popcount(entry_map);
    }
    std::uint32_t slot_count(unsigned shift) const {
      return entry_count(shift) + popcount(child_map);
    }
    std::uint32_t child_index(std::uint32_t bit) const {
      return popcount(entry_map) + rank(child_map, bit);
    }
    const Leaf* leaf(std::uint32_t index) const { return slots()[index].leaf; }
    const Node* child(std::uint32_t index) const {
      return slots()[index].child;
    }
    Node** child_place(std::uint32_t index) { return &slots()[index].child; }
  };

  static std::uint32_t popcount(std::uint32_t bits) {
    return static_cast<std::uint32_t>(std::popcount(bits));
  }
  static std::uint32_t rank(std::uint32_t map, std::uint32_t bit) {
    return popcount(map & (bit - 1));
  }
  static std::uint32_t bit_of(std::uint64_t hash, unsigned shift) {
    return std::uint32_t{1} << ((hash >> shift) & 31U);
  }
  static bool matches(const Leaf& leaf, std::string_view key,
                      std::uint64_t hash) {
    return Traits::hash(leaf.value) == hash && Traits::key(leaf.value) == key;
  }

  static Node* make_node(std::uint32_t capacity) {
    void* memory = ::operator new(sizeof(Node) + capacity * sizeof(Slot));
    return new (memory) Node{1, 0, 0, capacity};
  }
  static void free_node(Node* node) { ::operator delete(node); }

  // Drops one reference to the node and all that only it referred to.
  static void release(Node* node, unsigned shift) {
    if (--node->references > 0) return;
    const std::uint32_t entries = node->entry_count(shift);
    const std::uint32_t slots = node->slot_count(shift);
    for (std::uint32_t i = 0; i < entries; ++i) {
      Leaf* leaf = node->slots()[i].leaf;
      if (--leaf->references == 0) delete leaf;
    }
    for (std::uint32_t i = entries; i < slots; ++i) {
      release(node->slots()[i].child, shift + kBits);
    }
    free_node(node);
  }

  // A node that only this map refers to, with room for `extra` more slots, in
  // the place of `node`.
  static Node* own(Node* node, unsigned shift, std::uint32_t extra) {
    if (node->references == 1) return node;
    const std::uint32_t entries = node->entry_count(shift);
    const std::uint32_t slots = node->slot_count(shift);
    Node* copy = make_node(round_up(slots + extra));
    copy->entry_map = node->entry_map;
    copy->child_map = node->child_map;
    std::memcpy(copy->slots(), node->slots(), slots * sizeof(Slot));
    for (std::uint32_t i = 0; i < entries; ++i) {
      ++node->slots()[i].leaf->references;
    }
    for (std::uint32_t i = entries; i < slots; ++i) {
      ++node->slots()[i].child->references;
    }
    --node->references;
    return copy;
  }

  static std::uint32_t round_up(std::uint32_t slots) {
    return (slots + (kMinCapacity - 1)) / kMinCapacity * kMinCapacity;
  }

  // Puts `what` before slot `index` of an owned node; the caller sets the map.
  static void insert_slot(Node** place, std::uint32_t index, Slot what,
                          unsigned shift) {
    const std::uint32_t count = (*place)->slot_count(shift);
    if (count == (*place)->capacity) {
      Node* grown = make_node(round_up(count + 1));
      grown->entry_map = (*place)->entry_map;
      grown->child_map = (*place)->child_map;
      std::memcpy(grown->slots(), (*place)->slots(), count * sizeof(Slot));
      free_node(*place);
      *place = grown;
    }
    Slot* slots = (*place)->slots();
    std::memmove(slots + index + 1, slots + index,
                 (count - index) * sizeof(Slot));
    slots[index] = what;
  }

  // Takes slot `index` out of an owned node; the caller sets the map.
  static void remove_slot(Node& node, std::uint32_t index, unsigned shift) {
    const std::uint32_t count = node.slot_count(shift);
    Slot* slots = node.slots();
    std::memmove(slots + index, slots + index + 1,
                 (count - index - 1) * sizeof(Slot));
  }

  // Makes a child node of the entry at `bit`: another one needs that position.
  static void push_down(Node& node, std::uint32_t bit, unsigned shift) {
    const std::uint32_t from = rank(node.entry_map, bit);
    Leaf* leaf = node.slots()[from].leaf;
    Node* child = make_node(kMinCapacity);
    child->slots()[0].leaf = leaf;
    const unsigned below = shift + kBits;
    child->entry_map =
        below >= kBucketShift ? 1 : bit_of(Traits::hash(leaf->value), below);
    // The entry's slot goes and the child's comes: the number stays.
    remove_slot(node, from, shift);
    const std::uint32_t count = node.slot_count(shift) - 1;
    node.entry_map &= ~bit;
    const std::uint32_t to = node.child_index(bit);
    Slot* slots = node.slots();
    std::memmove(slots + to + 1, slots + to, (count - to) * sizeof(Slot));
    slots[to].child = child;
    node.child_map |= bit;
  }

  // The inverse: the child at `bit` has one entry left and no child.
  static void pull_up(Node& node, std::uint32_t bit, unsigned shift) {
    const std::uint32_t from = node.child_index(bit);
    Node* child = node.slots()[from].child;
    Leaf* leaf = child->slots()[0].leaf;
    free_node(child);
    remove_slot(node, from, shift);
    const std::uint32_t count = node.slot_count(shift) - 1;
    node.child_map &= ~bit;
    const std::uint32_t to = rank(node.entry_map, bit);
    Slot* slots = node.slots();
    std::memmove(slots + to + 1, slots + to, (count - to) * sizeof(Slot));
    slots[to].leaf = leaf;
    node.entry_map |= bit;
  }

  static void erase_below(Node** place, unsigned shift, std::string_view key,
                          std::uint64_t hash) {
    *place = own(*place, shift, 0);
    Node& node = **place;
    if (shift >= kBucketShift) {
      const std::uint32_t index = bucket_index(node, key, hash);
      drop_leaf(node, index, shift);
      --node.entry_map;
      return;
    }
    const std::uint32_t bit = bit_of(hash, shift);
    if ((node.entry_map & bit) != 0) {
      drop_leaf(node, rank(node.entry_map, bit), shift);
      node.entry_map &= ~bit;
      return;
    }
    Node** child = node.child_place(node.child_index(bit));
    erase_below(child, shift + kBits, key, hash);
    const unsigned below = shift + kBits;
    if ((*child)->child_map == 0 && (*child)->entry_count(below) == 1) {
      pull_up(node, bit, shift);
    }
  }
  static void drop_leaf(Node& node, std::uint32_t index, unsigned shift) {
    Leaf* leaf = node.slots()[index].leaf;
    remove_slot(node, index, shift);
    if (--leaf->references == 0) delete leaf;
  }

  static void append_to_bucket(Node** place, Leaf* leaf) {
    insert_slot(place, (*place)->entry_map, Slot{.leaf = leaf}, kBucketShift);
    ++(*place)->entry_map;
  }
  static std::uint32_t bucket_index(const Node& node, std::string_view key,
                                    std::uint64_t hash) {
    std::uint32_t index = 0;
    while (!matches(*node.leaf(index), key, hash)) ++index;
    WAYPOST_ASSERT(index < node.entry_map);
    return index;
  }
  static const Entry* find_in_bucket(const Node& node, std::string_view key,
                                     std::uint64_t hash) {
    for (std::uint32_t i = 0; i < node.entry_map; ++i) {
      if (matches(*node.leaf(i), key, hash)) return &node.leaf(i)->value;
    }
    return nullptr;
  }

  template <typename Visit>
  static void visit_below(const Node& node, unsigned shift, Visit& visit) {
    const std::uint32_t entries = node.entry_count(shift);
    const std::uint32_t slots = node.slot_count(shift);
    for (std::uint32_t i = 0; i < entries; ++i) visit(node.leaf(i)->value);
    for (std::uint32_t i = entries; i < slots; ++i) {
      visit_below(*node.child(i), shift + kBits, visit);
    }
  }

  Node* root_ = nullptr;
  std::size_t size_ = 0;
};

// References of a map that is no more. Same thread as the map's.
template <typename Entry, typename Traits>
class PersistentMap<Entry, Traits>::Remains {
 public:
  Remains() = default;
  Remains(Remains&&) noexcept = default;
  Remains& operator=(Remains&& other) noexcept {
    std::swap(waiting_, other.waiting_);
    return *this;
  }
  ~Remains() {
    while (drop(kNodesAtOnce) == kNodesAtOnce) {
    }
  }

  bool empty() const { return waiting_.empty(); }

  // Drops that many nodes, or all that are left; their number.
  std::size_t drop(std::size_t nodes_max) {
    std::size_t dropped = 0;
    for (; dropped < nodes_max && !waiting_.empty(); ++dropped) {
      const auto [node, shift] = waiting_.back();
      waiting_.pop_back();
      if (--node->references > 0) continue;
      const std::uint32_t entries = node->entry_count(shift);
      const std::uint32_t slots = node->slot_count(shift);
      for (std::uint32_t i = 0; i < entries; ++i) {
        Leaf* leaf = node->slots()[i].leaf;
        if (--leaf->references == 0) delete leaf;
      }
      for (std::uint32_t i = entries; i < slots; ++i) {
        waiting_.emplace_back(node->slots()[i].child, shift + kBits);
      }
      free_node(node);
    }
    return dropped;
  }

 private:
  friend class PersistentMap;
  static constexpr std::size_t kNodesAtOnce = 1024;

  std::vector<std::pair<Node*, unsigned>> waiting_;  // with their depth
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_PERSISTENT_MAP_H_
