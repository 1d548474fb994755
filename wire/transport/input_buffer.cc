#include "wire/transport/input_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace waypost::transport {
namespace {

// Blocks are multiples of this, so that a message that comes byte by byte is
// not one allocation for each byte.
constexpr std::size_t kGranule = 64;

std::size_t rounded(std::size_t size) {
  return (size + kGranule - 1) / kGranule * kGranule;
}

}  // namespace

InputBuffer::InputBuffer(InputBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      limit_(other.limit_),
      budget_(other.budget_) {}

InputBuffer& InputBuffer::operator=(InputBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  std::swap(limit_, other.limit_);
  std::swap(budget_, other.budget_);
  return *this;
}

bool InputBuffer::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) return true;
  const std::size_t needed = size_ + bytes.size();
  if (needed > capacity_) {
    const std::size_t doubled =
        std::min(2 * capacity_, std::max(limit_, needed));
    if (!set_capacity(rounded(std::max(needed, doubled)))) return false;
  }
  std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ = needed;
  return true;
}

bool InputBuffer::assign(std::span<const std::byte> bytes) {
  const std::size_t wanted = rounded(bytes.size());
  if (wanted > capacity_ || wanted < capacity_ / 4) {
    // Nothing of the old content is worth a realloc's copy.
    clear();
    if (!set_capacity(wanted)) return false;
  }
  if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
  size_ = bytes.size();
  return true;
}

bool InputBuffer::make_room() {
  if (capacity_ - size_ >= kRoomMin) return true;
  const std::size_t doubled = std::min(2 * capacity_, limit_);
  return set_capacity(rounded(std::max(size_ + kRoomMin, doubled)));
}

void InputBuffer::consume(std::size_t count) {
  WAYPOST_ASSERT(count <= size_);
  if (count == 0) return;
  if (count == size_) {
    clear();
    return;
  }
  size_ -= count;
  std::memmove(data_, data_ + count, size_);
  // A small rest does not keep a large message's memory. Shrinking needs
  // nothing of the budget; where realloc refuses, the larger block is as good.
  if (size_ < capacity_ / 4) static_cast<void>(set_capacity(rounded(size_)));
}

void InputBuffer::clear() {
  std::free(data_);
  if (budget_ != nullptr && capacity_ != 0) budget_->give_back(capacity_);
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

bool InputBuffer::set_capacity(std::size_t capacity) {
  const bool growing = capacity > capacity_;
  if (growing && budget_ != nullptr && !budget_->take(capacity - capacity_)) {
    return false;
  }
  void* const data = std::realloc(data_, capacity);
  if (data == nullptr) {
    if (growing && budget_ != nullptr) {
      budget_->give_back(capacity - capacity_);
    }
    return false;
  }
  if (!growing && budget_ != nullptr) budget_->give_back(capacity_ - capacity);
  data_ = static_cast<std::byte*>(data);
  capacity_ = capacity;
  return true;
}

}  // namespace waypost::transport
