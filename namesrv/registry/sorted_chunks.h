#ifndef WAYPOST_NAMESRV_REGISTRY_SORTED_CHUNKS_H_
#define WAYPOST_NAMESRV_REGISTRY_SORTED_CHUNKS_H_

// A sorted sequence in chunks of a few hundred: the walk of a sorted vector,
// and an insert or erase that moves one chunk's elements, not all of them. A
// broker's topics and the index of topic names are kept in it: a broker of a
// million topics adds one for the price of a broker of a thousand, and an
// element costs its own bytes alone (a tree node would triple them).

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace waypost::registry {

// Key: static std::string_view key(const T&). Keys are unique.
template <typename T, typename Key>
class SortedChunks {
 public:
  // A place in the sequence; edits invalidate it.
  class Cursor {
   public:
    bool at_end() const { return chunk_ == chunks_->size(); }
    const T& operator*() const { return (*chunks_)[chunk_][index_]; }
    const T* operator->() const { return &**this; }
    Cursor& operator++() {
      if (++index_ == (*chunks_)[chunk_].size()) {
        ++chunk_;
        index_ = 0;
      }
      return *this;
    }

   private:
    friend class SortedChunks;
    Cursor(const std::vector<std::vector<T>>& chunks, std::size_t chunk,
           std::size_t index)
        : chunks_(&chunks), chunk_(chunk), index_(index) {}
    const std::vector<std::vector<T>>* chunks_;
    std::size_t chunk_;
    std::size_t index_;
  };

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  Cursor begin() const { return Cursor(chunks_, 0, 0); }
  // The first element whose key is not less.
  Cursor lower_bound(std::string_view key) const {
    if (empty()) return begin();
    const std::size_t chunk = chunk_for(key);
    const std::size_t index = index_in(chunk, key);
    return index == chunks_[chunk].size() ? Cursor(chunks_, chunk + 1, 0)
                                          : Cursor(chunks_, chunk, index);
  }

  const T* find(std::string_view key) const {
    const Cursor at = lower_bound(key);
    return !at.at_end() && Key::key(*at) == key ? &*at : nullptr;
  }

  // Adds the element, or puts it in the place of the one with its key.
  void set(T element) {
    const std::string_view key = Key::key(element);
    if (empty() || Key::key(chunks_.back().back()) < key) {
      append(std::move(element));
      return;
    }
    const std::size_t chunk = chunk_for(key);
    const std::size_t index = index_in(chunk, key);
    std::vector<T>& into = chunks_[chunk];
    if (index < into.size() && Key::key(into[index]) == key) {
      into[index] = std::move(element);
      return;
    }
    into.insert(into.begin() + offset(index), std::move(element));
    ++size_;
    if (into.size() > kChunkMax) split(chunk);
  }

  // REQUIRES: not empty.
  T pop_back() {
    T last = std::move(chunks_.back().back());
    chunks_.back().pop_back();
    if (chunks_.back().empty()) chunks_.pop_back();
    --size_;
    return last;
  }

  bool erase(std::string_view key) {
    if (empty()) return false;
    const std::size_t chunk = chunk_for(key);
    const std::size_t index = index_in(chunk, key);
    std::vector<T>& from = chunks_[chunk];
    if (index == from.size() || Key::key(from[index]) != key) return false;
    from.erase(from.begin() + offset(index));
    --size_;
    if (from.size() < kChunkMax / 8) merge(chunk);
    return true;
  }

 private:
  static constexpr std::size_t kChunkMax = 256;

  static std::ptrdiff_t offset(std::size_t index) {
    return static_cast<std::ptrdiff_t>(index);
  }

  // The last chunk that starts at or before the key, or the first.
  std::size_t chunk_for(std::string_view key) const {
    const auto after = std::upper_bound(
        chunks_.begin(), chunks_.end(), key,
        [](std::string_view wanted, const std::vector<T>& chunk) {
          return wanted < Key::key(chunk.front());
        });
    const auto before = static_cast<std::size_t>(after - chunks_.begin());
    return before == 0 ? 0 : before - 1;
  }
  std::size_t index_in(std::size_t chunk, std::string_view key) const {
    const std::vector<T>& in = chunks_[chunk];
    const auto at = std::lower_bound(in.begin(), in.end(), key,
                                     [](const T& element, std::string_view k) {
                                       return Key::key(element) < k;
                                     });
    return static_cast<std::size_t>(at - in.begin());
  }

  void append(T element) {
    // What arrives in order fills chunks instead of splitting them.
    if (chunks_.empty() || chunks_.back().size() >= kChunkMax) {
      chunks_.emplace_back();
    }
    chunks_.back().push_back(std::move(element));
    ++size_;
  }
  void split(std::size_t chunk) {
    std::vector<T>& full = chunks_[chunk];
    const auto middle = full.begin() + offset(full.size() / 2);
    std::vector<T> upper(std::make_move_iterator(middle),
                         std::make_move_iterator(full.end()));
    full.erase(middle, full.end());
    chunks_.insert(chunks_.begin() + offset(chunk + 1), std::move(upper));
  }
  // Joins a chunk that became small with its neighbour where both fit.
  void merge(std::size_t chunk) {
    if (chunk + 1 == chunks_.size() && chunk > 0) --chunk;
    if (chunk + 1 < chunks_.size()) {
      std::vector<T>& left = chunks_[chunk];
      std::vector<T>& right = chunks_[chunk + 1];
      if (left.size() + right.size() <= kChunkMax / 2) {
        left.insert(left.end(), std::make_move_iterator(right.begin()),
                    std::make_move_iterator(right.end()));
        right.clear();
      }
    }
    std::erase_if(chunks_, [](const std::vector<T>& c) { return c.empty(); });
  }

  std::vector<std::vector<T>> chunks_;  // none is empty
  std::size_t size_ = 0;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_SORTED_CHUNKS_H_
