#ifndef WAYPOST_NAMESRV_REGISTRY_PERSISTENT_VECTOR_H_
#define WAYPOST_NAMESRV_REGISTRY_PERSISTENT_VECTOR_H_

// A sparse array whose versions share what they have in common: a radix tree of
// 32-way nodes over the index. Versions, batches and threads are as with
// PersistentMap. It grows to the largest index ever set and does not shrink;
// who uses it hands out low indexes first.

#include <array>
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "namesrv/registry/counted.h"

namespace waypost::registry {

template <typename T>
class PersistentVector {
 public:
  // Null when nothing is there.
  const T* find(std::uint32_t index) const {
    if (!root_ || !covers(index)) return nullptr;
    const Node* node = root_.get();
    for (unsigned shift = top_shift_; shift > 0; shift -= kBits) {
      node = node->children[position(index, shift)].get();
      if (node == nullptr) return nullptr;
    }
    return node->values[position(index, 0)].get();
  }

  void set(std::uint32_t index, T value) {
    own(index).values[position(index, 0)] =
        CountedPtr<T>::make(std::move(value));
  }

  // The value at `index`, which must be there, for editing in this version
  // alone, until the next copy.
  T& edit(std::uint32_t index) {
    WAYPOST_ASSERT(find(index) != nullptr);
    return own(index).values[position(index, 0)].edit();
  }

  void erase(std::uint32_t index) {
    if (find(index) == nullptr) return;
    own(index).values[position(index, 0)] = CountedPtr<T>();
  }

 private:
  static constexpr unsigned kBits = 5;
  static constexpr unsigned kWidth = 1U << kBits;

  // Inner nodes use `children`, those of the lowest level `values`.
  struct Node {
    std::array<CountedPtr<Node>, kWidth> children;
    std::array<CountedPtr<T>, kWidth> values;
  };

  static std::uint32_t position(std::uint32_t index, unsigned shift) {
    return (index >> shift) & (kWidth - 1);
  }
  bool covers(std::uint32_t index) const {
    return (std::uint64_t{index} >> (top_shift_ + kBits)) == 0;
  }

  // The lowest node above `index`, made and owned with its path.
  Node& own(std::uint32_t index) {
    if (!root_) root_ = CountedPtr<Node>::make(Node{});
    while (!covers(index)) {
      Node above;
      above.children[0] = std::move(root_);
      root_ = CountedPtr<Node>::make(std::move(above));
      top_shift_ += kBits;
    }
    Node* node = &root_.edit();
    for (unsigned shift = top_shift_; shift > 0; shift -= kBits) {
      CountedPtr<Node>& child = node->children[position(index, shift)];
      if (!child) child = CountedPtr<Node>::make(Node{});
      node = &child.edit();
    }
    return *node;
  }

  CountedPtr<Node> root_;
  unsigned top_shift_ = 0;  // of the root's position in an index
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_PERSISTENT_VECTOR_H_
