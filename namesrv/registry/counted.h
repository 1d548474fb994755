#ifndef WAYPOST_NAMESRV_REGISTRY_COUNTED_H_
#define WAYPOST_NAMESRV_REGISTRY_COUNTED_H_

// Intrusive counts for the nodes that versions of a table share. The counts are
// plain integers: one thread (the registry's) copies and drops versions, and
// readers on other threads never touch a count. An atomic count would cost that
// thread a locked instruction for each of some hundred nodes per change, and
// std::shared_ptr a second allocation.

#include <cstdint>
#include <utility>

namespace waypost::registry {

// A T with a count of the places that refer to it.
template <typename T>
struct Counted {
  explicit Counted(T initial) : value(std::move(initial)) {}

  T value;
  std::uint32_t references = 1;
};

// One reference to a Counted<T>, or none. The count says whether somebody else
// shares the value; when nobody does it may be edited in place.
template <typename T>
class CountedPtr {
 public:
  CountedPtr() = default;
  // Takes over the reference that the caller holds.
  explicit CountedPtr(Counted<T>* held) : held_(held) {}
  CountedPtr(const CountedPtr& other) : held_(other.held_) {
    if (held_ != nullptr) ++held_->references;
  }
  CountedPtr(CountedPtr&& other) noexcept
      : held_(std::exchange(other.held_, nullptr)) {}
  CountedPtr& operator=(CountedPtr other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~CountedPtr() {
    if (held_ != nullptr && --held_->references == 0) delete held_;
  }

  const T* get() const { return held_ == nullptr ? nullptr : &held_->value; }
  const T& operator*() const { return held_->value; }
  const T* operator->() const { return &held_->value; }
  explicit operator bool() const { return held_ != nullptr; }

  // The value, for editing: a copy of its own when it was shared.
  T& edit() {
    if (held_->references > 1) *this = make(held_->value);
    return held_->value;
  }

  static CountedPtr make(T value) {
    return CountedPtr(new Counted<T>(std::move(value)));
  }

 private:
  Counted<T>* held_ = nullptr;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_COUNTED_H_
